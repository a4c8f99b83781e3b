"""Bad input, one story each: it ends with a reason, where its sender or an operator finds it, its
bytes can be had again, it is counted; and nothing else is disturbed.

    not readable          ─► <topic>.dead        the record's bytes, sealed
    JSON, but no report   ─► reports.rejected    with the original, sealed
    JSON, but no update   ─► assignments.<department>, update.refused

After each story a good report becomes a case and gets its department, and no service has been
started again.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from schemas import ids
from schemas.commands import Sealed
from schemas.envelope import Message
from schemas.outputs import ReportRejected, UpdateRefusal
from services.shell.seal import unseal_bytes
from tests.e2e.outside import Outside, a_rating, a_report, an_update, case_of, fresh
from tests.story import START

REPORTS, UPDATES, RATINGS = "reports.submitted", "updates.vc-v11", "ratings.submitted"
TRIAGE, LOG, CLOCK = "triage.decisions", "case.events", "clock"
HELD_BY = "assignments.vc-v11"
NESTED = orjson.loads(b'{"a":' * 200 + b"1" + b"}" * 200)


@pytest.fixture(autouse=True)
async def nothing_else_is_disturbed(outside: Outside) -> AsyncIterator[None]:
    restarts = outside.platform.restarts
    yield
    case = await outside.reports()
    assert outside.happened(case)[0] == "opened"
    assert "assigned" in outside.happened(case)
    assert [word.type for word in await outside.told(HELD_BY, case_id=case, role="lead")] == [
        "assignment.created.v1"
    ]
    assert outside.platform.restarts == restarts


# ── what cannot be read is set aside ─────────────────────────────────────────────────────────


async def set_aside(
    outside: Outside, topic: str, value: bytes | None, by: str, key: bytes = b"any"
) -> str:
    """Send it; the reason with which it was set aside, once it was found there and counted."""
    before = await outside.counted(by, topic, "dead")
    await outside.sends(topic, value, key)
    assert await outside.counted(by, topic, "dead") == before + 1
    record = (await outside.hears(f"{topic}.dead"))[-1]
    assert opened(outside, record.value) == value
    assert record.key == key
    headers = dict(record.headers)
    assert headers["service"].decode() == by
    return str(headers["reason"].decode())


def opened(outside: Outside, sealed: bytes | None) -> bytes | None:
    return None if sealed is None else unseal_bytes(outside.secret, sealed)


def cloud_event(type: str, data: Any, **changes: Any) -> bytes:
    """A record as the services write them, complete unless changed."""
    envelope = {
        "specversion": "1.0",
        "id": ids.derive("forged", fresh("event")),
        "source": "/services/forged",
        "type": type,
        "subject": ids.derive("forged", fresh("case")),
        "time": START.isoformat(),
        "data": data,
    }
    return orjson.dumps({k: v for k, v in (envelope | changes).items() if v is not None})


UNREADABLE = {
    "text": (b"hello", "not JSON"),
    "latin-1": ('{"text":"caf\u00e9"}'.encode("latin-1"), "not JSON in UTF-8"),
    "half a character": (orjson.dumps({"text": "路灯"})[:-3], "not JSON in UTF-8"),
    "half of it": (orjson.dumps(a_report())[:-1], "not JSON"),
    "a lone surrogate": (b'{"text":"\\ud800"}', "not JSON"),
    "a list": (b"[1, 2]", "a JSON object was expected, not list"),
    "nothing at all": (b"", "not JSON"),
    "a tombstone": (None, "a tombstone"),
    "a million brackets": (b"[" * 1_000_000, "not JSON"),
    "things within things": (orjson.dumps(a_report(extra=NESTED)), "nested more than 64 deep"),
    "a CloudEvent without data": (b'{"specversion":"1.0","id":"1"}', "no `data` object"),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_a_report_that_cannot_be_read_is_set_aside(outside: Outside, what: str) -> None:
    value, reason = UNREADABLE[what]
    assert reason in await set_aside(outside, REPORTS, value, "intake")


@pytest.mark.parametrize("what", ["text", "a tombstone", "things within things"])
async def test_an_update_that_cannot_be_read_is_set_aside(outside: Outside, what: str) -> None:
    value, reason = UNREADABLE[what]
    assert reason in await set_aside(outside, UPDATES, value, "router")


@pytest.mark.parametrize("stars", [0, 6, -1, "many", None, 4.5])
async def test_a_rating_out_of_range_is_set_aside(outside: Outside, stars: Any) -> None:
    value = orjson.dumps(a_rating(ids.case_id("hotline", "any"), stars))
    assert (await set_aside(outside, RATINGS, value, "rating")).startswith("stars: ")


async def test_a_decision_that_triage_cannot_make_is_set_aside_by_both_who_read_it(
    outside: Outside,
) -> None:
    decision = {"case_id": "x", "decision_id": "d", "by": "officer", "action": "celebrate"}
    value = orjson.dumps(decision | {"at": START.isoformat()})
    before = await outside.counted("intake", TRIAGE, "dead")
    await outside.sends(TRIAGE, value)
    assert await outside.counted("intake", TRIAGE, "dead") == before + 1
    records = (await outside.hears(f"{TRIAGE}.dead"))[-2:]
    assert {dict(record.headers)["service"] for record in records} == {b"intake", b"router"}
    assert {opened(outside, record.value) for record in records} == {value}


@pytest.mark.parametrize("value", [b"hello", None, b'{"now":"tomorrow"}', b'{"now":"2022-07-04"}'])
async def test_garbage_on_the_clock_moves_no_time(outside: Outside, value: bytes | None) -> None:
    await outside.time_comes(outside.now)
    before = (await outside.asks("sla", "/quiet"))["clock"]
    await set_aside(outside, CLOCK, value, "intake", key=b"clock")
    assert (await outside.asks("sla", "/quiet"))["clock"] == before


COMMANDS = {
    "text": (b"hello", "not JSON"),
    "a tombstone": (None, "a tombstone"),
    "an unknown type": (cloud_event("intake.celebrate.v1", {}), "unknown type"),
}


@pytest.mark.parametrize("service", ["intake", "router", "rating"])
@pytest.mark.parametrize("what", COMMANDS)
async def test_garbage_on_a_services_commands_is_set_aside(
    outside: Outside, service: str, what: str
) -> None:
    value, reason = COMMANDS[what]
    assert reason in await set_aside(outside, f"{service}.commands", value, service)


SIGNED = {
    "holding": "h",
    "department": "vc-v11",
    "update_id": "u",
    "by": "clerk",
    "at": START.isoformat(),
}
EVENTS = {
    "text": (b"hello", "not JSON"),
    "a tombstone": (None, "a tombstone"),
    "an unknown type": (cloud_event("case.celebrated.v1", {}), "unknown type"),
    "data that lacks fields": (cloud_event("case.signed.v1", {}), "department: Field required"),
    "no data": (cloud_event("case.signed.v1", None), "the envelope lacks 'data'"),
    "an id that is no UUID": (cloud_event("case.signed.v1", SIGNED, id="x"), "UUID"),
    "a number as subject": (cloud_event("case.signed.v1", SIGNED, subject=1), "subject"),
    "no time": (cloud_event("case.signed.v1", SIGNED, time=None), "the envelope lacks 'time'"),
    "a time before all time": (
        cloud_event("case.signed.v1", SIGNED, time="0001-01-01T00:00:00+08:00"),
        "the year should be",
    ),
    "a version that is an object": (
        cloud_event("case.signed.v1", SIGNED, policyversion={"a": 1}),
        "policyversion",
    ),
}


@pytest.mark.parametrize("what", EVENTS)
async def test_garbage_on_the_log_is_set_aside_once(outside: Outside, what: str) -> None:
    value, reason = EVENTS[what]
    before = len(await outside.hears(f"{LOG}.dead")) if what != "text" else 0
    assert reason in await set_aside(outside, LOG, value, "intake")
    assert len(await outside.hears(f"{LOG}.dead")) == before + 1
    for service in ("intake", "router", "sla", "rating"):
        assert await outside.counted(service, LOG, "unreadable") >= 1


async def test_an_event_that_may_not_follow_is_void_for_all(outside: Outside) -> None:
    case = await outside.reports()
    before = [await outside.voids(service, "case.signed.v1") for service in outside.platform.http]
    forged = cloud_event("case.signed.v1", SIGNED, subject=case)
    await outside.sends(LOG, forged, key=case.encode())
    after = [await outside.voids(service, "case.signed.v1") for service in outside.platform.http]
    assert after == [number + 1 for number in before]
    assert "signed" not in outside.happened(case)


# ── reports that are no reports are rejected, with the original ──────────────────────────────


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


def original(outside: Outside, sealed: Sealed) -> bytes:
    joined = b64decode(sealed.nonce) + b64decode(sealed.ciphertext)
    return unseal_bytes(outside.secret, joined)


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


async def test_what_grows_too_large_when_it_is_masked_is_set_aside(outside: Outside) -> None:
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
    before = await outside.counted("intake", "report.rejected.v1", "published")
    word = await rejected(outside, a_report(**changes))
    assert reason in word.data.reason
    assert await outside.counted("intake", "report.rejected.v1", "published") == before + 1


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


# ── updates and ratings that cannot be ───────────────────────────────────────────────────────


async def refused(outside: Outside, department: str, update: Any) -> UpdateRefusal:
    """Send it; the refusal that this department is told."""
    before = len(await outside.told(f"assignments.{department}"))
    await outside.sends(f"updates.{department}", update)
    (word,) = (await outside.told(f"assignments.{department}"))[before:]
    assert isinstance(word.data, UpdateRefusal)
    assert word.data.update_id == update.get("update_id")
    return word.data


async def test_an_update_with_an_unknown_action_is_refused_to_its_department(
    outside: Outside,
) -> None:
    before = await outside.counted("router", "updates", "refused")
    word = await refused(outside, "vc-v11", an_update("any", "celebrate"))
    assert word.reason.startswith("action: Input should be 'sign'")
    assert await outside.counted("router", "updates", "refused") == before + 1


async def test_a_stranger_learns_nothing_whether_the_case_exists_or_not(outside: Outside) -> None:
    case = await outside.reports()
    before = outside.happened(case)
    theirs = await refused(outside, "vc-v21", an_update(case, "sign"))
    nobodys = await refused(outside, "vc-v21", an_update(ids.case_id("hotline", "no"), "sign"))
    assert theirs.reason == nobodys.reason == "this department holds no such case and never did"
    assert outside.happened(case) == before


async def test_an_update_on_the_topic_of_a_unit_that_the_rules_do_not_know_is_set_aside(
    outside: Outside,
) -> None:
    await outside.makes("updates.nobody")
    case = await outside.reports()
    before = outside.happened(case)
    update = an_update(case, "sign")
    await outside.sends("updates.nobody", update)
    assert outside.happened(case) == before
    reason, record = await last_dead_command(outside, "router")
    assert "updates.nobody" in reason
    assert record["data"]["update"]["update_id"] == update["update_id"]


async def test_an_update_that_the_status_does_not_allow_is_refused_on_the_log(
    outside: Outside,
) -> None:
    case = await outside.reports()
    word = await refused(outside, "vc-v11", an_update(case, "resume"))
    assert word.reason == "`resume` is not possible while the case is assigned"
    assert outside.happened(case)[-1] == "update-refused"


async def test_a_rating_of_an_unknown_case_is_set_aside_with_its_reason(outside: Outside) -> None:
    before = await outside.counted("rating", "rating.commands", "dead")
    rating = a_rating(ids.case_id("hotline", "no such report"), 5)
    await outside.sends(RATINGS, rating)
    assert await outside.counted("rating", "rating.commands", "dead") == before + 1
    reason, record = await last_dead_command(outside, "rating")
    assert reason == "there is no such case"
    assert record["data"]["rating"]["rating_id"] == rating["rating_id"]


async def test_a_decision_about_an_unknown_case_is_set_aside_with_its_reason(
    outside: Outside,
) -> None:
    case = ids.case_id("hotline", "no such report")
    decision = {"case_id": case, "decision_id": fresh("decision"), "by": "officer"}
    decision |= {"at": START.isoformat(), "action": "assign", "department": "vc-v11"}
    await outside.sends(TRIAGE, decision)
    reason, record = await last_dead_command(outside, "router")
    assert reason == "there is no such case"
    assert record["data"]["decision"]["decision_id"] == decision["decision_id"]


async def last_dead_command(outside: Outside, service: str) -> tuple[str, dict[str, Any]]:
    record = (await outside.hears(f"{service}.commands.dead"))[-1]
    value = opened(outside, record.value)
    assert value is not None
    return dict(record.headers)["reason"].decode(), orjson.loads(value)


async def test_a_rating_before_there_is_a_result_is_refused_on_the_log(outside: Outside) -> None:
    case = await outside.reports()
    await outside.sends(RATINGS, a_rating(case, 1))
    assert outside.happened(case)[-1] == "rating-refused"


async def test_a_resolution_in_the_far_future_is_refused(outside: Outside) -> None:
    """Its moment would set deadlines that no calendar can reach."""
    case = await outside.reports()
    late = datetime(9999, 12, 30, tzinfo=UTC)
    word = await refused(outside, "vc-v11", an_update(case, "resolve", late, result="好了"))
    assert word.reason.startswith("at: ")
    early = START + timedelta(hours=1)
    await outside.sends(UPDATES, an_update(case, "resolve", early, result="好了"))
    assert outside.happened(case)[-1] == "resolved"
