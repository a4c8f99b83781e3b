"""What cannot be read, one story each: it is set aside with a reason and its bytes, and counted.

    any door, any service's commands, the clock, the log itself ─► <topic>.dead

After each story a good report becomes a case and gets its department, and no service has been
started again. What can be read and still cannot be: `test_bad_reports`, `test_bad_updates`.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas import ids
from tests.e2e.outside import Outside, a_rating, a_report, fresh
from tests.e2e.set_aside import (
    CLOCK,
    LOG,
    NESTED,
    RATINGS,
    REPORTS,
    TRIAGE,
    UPDATES,
    opened,
    set_aside,
)
from tests.story import START

pytestmark = pytest.mark.usefixtures("nothing_else_is_disturbed")


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
