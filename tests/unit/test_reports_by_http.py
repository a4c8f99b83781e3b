"""Reports by HTTP: bare, as CloudEvents, in batches; with keys and limits where there are some."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from schemas import ids
from services.intake.http import ReportsByHttp
from services.intake.open311.calls import RateLimit
from services.shell.access import Access, Refused, read_keys
from services.shell.pages import as_refusal
from services.shell.settings import Settings
from tests.story import START

REPORT = {
    "report_id": "1",
    "source": "my-app",
    "submitted_at": START.isoformat(),
    "text": "路灯坏了",
    "reporter": {"kind": "resident", "id": "u"},
}
CASE = ids.case_id("my-app", "1")
KEY = "k" * 16


class Producer:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:
        self.sent.append((topic, value))


class Runtime:
    def __init__(self, keys: str) -> None:
        self.settings = Settings()
        self.producer = Producer()
        self.access = Access(read_keys(keys))


class Request:
    def __init__(self, body: Any, **headers: str) -> None:
        self._body = body if isinstance(body, bytes) else orjson.dumps(body)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    async def body(self) -> bytes:
        return self._body


def answer(
    request: Request, keys: str = "", per_minute: int = 600
) -> tuple[int, Any, list[tuple[str, bytes]]]:
    runtime: Any = Runtime(keys)
    door = ReportsByHttp(runtime, RateLimit(per_minute))
    given: Any = request
    response = asyncio.run(answered(door.submit, given))
    return response.status_code, orjson.loads(response.body), runtime.producer.sent


async def answered(answer: Any, request: Any) -> Any:
    """What goes out: a refusal is an answer too."""
    try:
        return await answer(request)
    except Refused as refused:
        return as_refusal(refused)


def event(data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "x", "source": "/s", "type": "t", "data": data}


@pytest.mark.parametrize(
    "request_",
    [
        Request(REPORT),
        Request(event(REPORT), content_type="application/cloudevents+json"),
        Request(REPORT, ce_specversion="1.0", ce_id="x", ce_type="report.submitted.v1"),
    ],
)
def test_a_report_is_taken_bare_and_as_a_cloudevent(request_: Request) -> None:
    status, told, sent = answer(request_)
    assert (status, told) == (202, {"case_id": CASE, "report_id": "1"})
    assert [topic for topic, _ in sent] == ["reports.submitted"]


def test_a_batch_is_taken_whole_or_not_at_all() -> None:
    batch = "application/cloudevents-batch+json"
    both = [event(REPORT), event(REPORT | {"report_id": "2"})]
    status, told, sent = answer(Request(both, content_type=batch))
    assert (status, [item["report_id"] for item in told], len(sent)) == (202, ["1", "2"], 2)
    half = [event(REPORT), event({"text": "?"})]
    status, _, sent = answer(Request(half, content_type=batch))
    assert (status, sent) == (422, [])
    many: list[Any] = [[], {}, [event(REPORT)] * 101]
    for wrong in many:
        assert answer(Request(wrong, content_type=batch))[0] == 400


def test_what_is_no_report_is_refused_without_repeating_what_was_in_it() -> None:
    assert answer(Request(b"{"))[0] == 400
    status, told, _ = answer(Request(REPORT | {"urgency": "13800001111"}))
    assert status == 422
    assert "13800001111" not in told["error"]


def test_where_there_are_keys_one_is_needed_and_speaks_for_its_source() -> None:
    keys = f"{KEY}=my-app, {'z' * 16}=hotline"
    assert answer(Request(REPORT), keys)[0] == 401
    guessed = Request(REPORT, x_api_key="g" * 20)
    assert answer(guessed, keys)[0] == 401
    assert answer(Request(REPORT, x_api_key=KEY), keys)[0] == 202
    assert answer(Request(REPORT, authorization=f"Bearer {KEY}"), keys)[0] == 202
    assert answer(Request(REPORT, x_api_key="z" * 16), keys)[0] == 403
