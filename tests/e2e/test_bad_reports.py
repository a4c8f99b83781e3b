"""Reports that are JSON and still can be no case: their source is told why on `reports.rejected`,
with the original as ciphertext. After each, a good report becomes a case (see `conftest`)."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from schemas import ids
from schemas.envelope import Message
from schemas.outputs import ReportRejected
from services.shell.embedded import Embedded
from tests.e2e.outside import Outside, a_report, case_of
from tests.e2e.set_aside import HELD_BY, REPORTS, original, set_aside

pytestmark = pytest.mark.usefixtures("nothing_else_is_disturbed")


async def rejected(outside: Outside, report: dict[str, Any]) -> Message[ReportRejected]:
    """Send it; the rejection, once it was found, with the bytes that were sent, and no case."""
    sent = orjson.dumps(report)
    await outside.sends(REPORTS, sent)
    found = (await outside.hears("reports.rejected"))[-1]
    word = (await outside.told("reports.rejected"))[-1]
    assert word.data.report_id == report.get("report_id")
    assert found.key.decode() == report.get("report_id", found.key.decode())
    assert word.data.original is not None
    assert original(outside, word.data.original) == sent
    assert outside.happened(ids.case_id("hotline", str(report.get("report_id")))) == []
    return word


NO_REPORTS: dict[str, tuple[dict[str, Any], str]] = {
    "a number as text": ({"text": 7}, "text: Input should be a valid string"),
    "a word as location": ({"location": "here"}, "location: Input should be"),
    "an unknown channel": ({"channel": "smoke"}, "channel: Input should be 'text'"),
    "an unknown urgency": ({"urgency": "very"}, "urgency: Input should be 'normal'"),
    "an unknown kind of reporter": (
        {"reporter": {"kind": "ghost", "id": "r"}},
        "reporter.kind: Input should be 'resident'",
    ),
    "a megabyte of text": ({"text": "路" * 350_000}, "text: String should have at most 20000"),
    "nobody": ({"reporter": None}, "reporter: Input should be"),
    "a date without a zone": ({"submitted_at": "2022-07-04T09:00:00"}, "submitted_at: "),
    "no date": ({"submitted_at": "yesterday"}, "submitted_at: "),
    "before all time": ({"submitted_at": "0001-01-01T00:00:00+08:00"}, "submitted_at: "),
    "after all time": ({"submitted_at": "9999-12-31T23:59:59-08:00"}, "submitted_at: "),
    "a point off the earth": ({"location": {"lat": 95.0, "lon": 1.0}}, "location.lat: "),
}


@pytest.mark.parametrize("what", NO_REPORTS)
async def test_what_is_no_report_is_rejected_with_the_original(outside: Outside, what: str) -> None:
    changes, reason = NO_REPORTS[what]
    before = await outside.counted("intake", REPORTS, "refused")
    word = await rejected(outside, a_report(**changes))
    assert reason in word.data.reason
    assert await outside.counted("intake", REPORTS, "refused") == before + 1


async def test_two_megabytes_are_rejected_like_one(outside: Outside) -> None:
    word = await rejected(outside, a_report(text="x" * 1_990_000))
    assert "at most 20000" in word.data.reason


async def test_two_megabytes_of_extras_are_no_harm(outside: Outside) -> None:
    case = await outside.reports(extra="x" * 1_990_000)
    assert outside.happened(case)[0] == "opened"


async def test_what_grows_too_large_when_it_is_masked_is_set_aside(
    outside: Outside, kafka: Embedded
) -> None:
    if kafka.kind == "mock":
        pytest.skip("masking it may take longer than the mock cluster lets its members be silent")
    words = {"uri": "demo://1", "media_type": "audio/amr", "transcript": "ab " * 6_600}
    reporter = {"kind": "resident", "id": "r", "name": "ab"}
    report = a_report(attachments=[words] * 50, reporter=reporter, extra="x" * 900_000)
    reason = await set_aside(outside, REPORTS, orjson.dumps(report), "intake")
    assert reason.startswith("with its marks and seals it has ")


async def test_a_report_without_an_id_is_rejected_under_its_place_on_the_topic(
    outside: Outside,
) -> None:
    report = a_report()
    del report["report_id"]
    word = await rejected(outside, report)
    assert "report_id: Field required" in word.data.reason
    place = (await outside.hears("reports.rejected"))[-1].key.decode()
    assert re.fullmatch(r"\d+/\d+", place), place


NO_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown grid": ({"location": {"grid": "g999"}}, "grid g999 is not in the reference data"),
    "a foreign grid": ({"location": {"grid": "610722001"}}, "grid 610722001 is not in"),
    "an unknown category": ({"category": "dragons"}, "unknown category 'dragons'"),
    "1970": ({"submitted_at": "1970-01-01T00:00:00Z"}, "submitted_at 1970-01-01 is before 2000"),
    "2099": ({"submitted_at": "2099-01-01T00:00:00Z"}, "submitted_at 2099-01-01 lies in the"),
}


@pytest.mark.parametrize("what", NO_CASES)
async def test_a_report_that_can_be_no_case_is_rejected(outside: Outside, what: str) -> None:
    changes, reason = NO_CASES[what]
    before = await outside.counted("intake", "reports.rejected", "published")
    word = await rejected(outside, a_report(**changes))
    assert reason in word.data.reason
    assert await outside.counted("intake", "reports.rejected", "published") == before + 1


async def test_the_same_report_twice_is_one_case_and_no_news(outside: Outside) -> None:
    report = a_report()
    rejections = len(await outside.told("reports.rejected"))
    await outside.sends(REPORTS, report)
    events = outside.happened(case_of(report))
    copies = await outside.counted("intake", "intake.commands", "accepted")
    await outside.sends(REPORTS, dict(reversed(report.items())), key=b"another key")
    assert await outside.counted("intake", "intake.commands", "accepted") == copies + 1
    assert outside.happened(case_of(report)) == events
    assert len(await outside.told(HELD_BY, case_id=case_of(report), role="lead")) == 1
    assert len(await outside.told("reports.rejected")) == rejections


async def test_another_content_under_the_same_id_is_rejected(outside: Outside) -> None:
    report = a_report()
    await outside.sends(REPORTS, report)
    events = outside.happened(case_of(report))
    other = report | {"text": "路灯不亮"}
    await outside.sends(REPORTS, other)
    word = (await outside.told("reports.rejected", report_id=report["report_id"]))[-1]
    assert "used before, with another content" in word.data.reason
    assert original(outside, word.data.original) == orjson.dumps(other)
    assert outside.happened(case_of(report)) == events
