"""Lines for machines: which case, which message, and never what a person wrote."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import orjson
import pytest

from schemas.envelope import Message
from schemas.events import Progressed
from schemas.inputs import Report
from services.shell.logs import JsonLines, about

PHONE = "13812345678"


def said(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    line: dict[str, object] = orjson.loads(JsonLines("router").format(caplog.records[-1]))
    return line


def progressed() -> Message[Progressed]:
    at = datetime(2022, 7, 4, tzinfo=UTC)
    data = Progressed(
        holding="h", department="d", update_id="u", by="clerk", at=at, result=f"called {PHONE}"
    )
    return Message("e2", "/services/router", "c1", at, data, causationid="e1")


def test_a_line_about_a_message_names_its_case_its_id_and_its_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    message = progressed()
    logging.getLogger("services.shell.x").debug("%s", message.type, extra=about(message))
    line = said(caplog)
    assert (line["service"], line["message"]) == ("router", "case.progressed.v1")
    assert (line["case"], line["event"], line["cause"]) == ("c1", "e2", "e1")
    assert PHONE not in str(line)


def test_a_line_about_nothing_in_particular_has_no_empty_ids(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logging.getLogger("services.shell.x").warning("snapshots wait")
    assert said(caplog).keys() == {"time", "level", "service", "logger", "message"}


def test_an_exception_tells_where_a_message_was_wrong_and_not_what_it_said() -> None:
    with pytest.raises(ValueError, match="submitted_at") as caught:
        Report.model_validate({"text": f"call me: {PHONE}", "submitted_at": PHONE})
    record = logging.LogRecord(
        "x", logging.ERROR, "", 0, "set aside", (), (ValueError, caught.value, None)
    )
    assert PHONE not in JsonLines("intake").format(record)
    assert PHONE not in str(caught.value)
