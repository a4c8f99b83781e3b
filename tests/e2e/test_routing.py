"""Routing over the real topics: merges between partitions, whistles, heirs, and rules that change
while cases come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from lab.department_desk import board_now
from lab.officer import decide, waiting
from lab.supervisor import Platform
from schemas import ids, topics
from schemas.events import Assigned
from schemas.inputs import TriageDecision
from schemas.reference import Department, Level, Reference
from services.shell.provision import publish
from services.shell.topic_admin import TopicSpec, create_topics
from tests.county import small_county
from tests.e2e.conftest import Options_of
from tests.e2e.outside import Outside, a_report, an_update, case_of, fresh, until
from tests.story import START

TEAM = "enforcement-t1"
NEXT_MONTH = START + timedelta(days=30)


@pytest.fixture(scope="module")
async def county(options: Options_of) -> AsyncIterator[Outside]:
    """A small county of its own, whose rules may change under way."""
    async with Platform(options("routing", small_county())) as platform, Outside(platform) as found:
        yield found


def a_decision(case: str, action: str, at: datetime, **more: Any) -> TriageDecision:
    return TriageDecision.model_validate(
        {
            "case_id": case, "decision_id": fresh("decision"), "at": at, "by": "officer",
            "action": action, **more,
        }
    )  # fmt: skip


async def decides(outside: Outside, case: str, action: str, **more: Any) -> Any:
    """By HTTP, as `gridcase triage` does; the event that answers."""
    decision = a_decision(case, action, outside.now, **more)
    event = await decide(outside.settings, outside.platform.http["router"], decision)
    await outside.quiet()
    assert event is not None
    return event.data


async def ledger(outside: Outside, case: str) -> Any:
    return await outside.asks("router", f"/ledger?case={case}")


async def test_a_later_case_is_merged_into_an_earlier_one_and_parted_again(
    county: Outside,
) -> None:
    early = await county.reports(county.now)
    late = await county.reports(county.now + timedelta(minutes=5))
    merging = await decides(county, late, "merge", into=early, reason="the same hole")
    assert merging.TYPE == "case.merging.v1"
    await until(lambda: _status_is(county, late, "merged"))
    assert county.happened(late)[-2:] == ["merging", "merged"]
    assert "adopted" in county.happened(early)
    assert (await ledger(county, early))["adopted"] == [late]
    await decides(county, late, "unmerge", reason="another hole")
    assert (await ledger(county, late))["status"] == "assigned"
    assert county.happened(late)[-3:] != ["merging", "merged"]


async def _status_is(outside: Outside, case: str, status: str) -> bool:
    return bool((await ledger(outside, case))["status"] == status)


async def test_what_cannot_be_merged_is_refused_and_the_case_goes_on(county: Outside) -> None:
    case = await county.reports(county.now)
    await decides(county, case, "merge", into=ids.case_id("no", "where"))
    await until(lambda: _happened(county, case, "merge-refused"))
    assert (await ledger(county, case))["status"] == "assigned"


async def _happened(outside: Outside, case: str, what: str) -> bool:
    await outside.quiet()
    return what in outside.happened(case)


async def test_a_team_that_is_called_hears_it_and_is_missed_when_it_does_not_report(
    county: Outside,
) -> None:
    start = await county.another_monday()
    case = await county.reports(start)
    call = an_update(case, "whistle", start, reason="help", teams=["town-enforcement-team"])
    await county.sends("updates.vc-v11", call)
    [called] = await county.told(f"assignments.{TEAM}", case_id=case)
    assert called.data.part and called.data.report_by == start + timedelta(hours=2)
    await county.time_comes(start + timedelta(hours=3))
    assert "whistle-missed" in county.happened(case)
    done = an_update(case, "part-done", start + timedelta(hours=3), result="there now")
    await county.sends(f"updates.{TEAM}", done)
    resolve = an_update(case, "resolve", start + timedelta(hours=4), result="mended")
    await county.sends("updates.vc-v11", resolve)
    assert county.happened(case)[-1] in ("resolved", "deadline-set")


async def test_a_board_shows_what_a_department_has_and_what_was_refused(county: Outside) -> None:
    start = await county.another_monday()
    case = await county.reports(start)
    await county.sends("updates.vc-v11", an_update(case, "return", start))
    board = await board_now(county.settings, "vc-v11")
    assert case in board.lines
    assert "`return` needs a `reason`" in board.refused[-1]
    assert board.lines[case].due is not None


async def test_departments_that_return_everything_end_on_the_queue(county: Outside) -> None:
    case = await county.reports(county.now)
    for _ in range(5):
        lead = (await ledger(county, case))["holdings"][-1]["lead"]
        if lead is None:
            break
        back = an_update(case, "return", county.now, reason="not-ours")
        await county.sends(f"updates.{lead}", back)
    queue = await waiting(county.platform.http["router"])
    [entry] = [entry for entry in queue if entry["case_id"] == case]
    assert entry["asks"] == ["assign"] and entry["returns"] >= 1
    given = await decides(county, case, "assign", department="vc-v11", reason="it is yours")
    assert given.wrong_return


def later_rules() -> Reference:
    """From next month on vc-v21 is abolished and its village has a station; roads are the town's."""
    county = small_county()
    heir = Department(
        code="station-v21", name="v21站", kind="station", level=Level.VILLAGE, area="v21"
    )
    units = [
        unit.model_copy(update={"heir": "station-v21"}) if unit.code == "vc-v21" else unit
        for unit in county.departments
    ]
    rules = [
        rule.model_copy(update={"level": Level.TOWN}) if rule.id == "roads" else rule
        for rule in county.rules
    ]
    return small_county("county-2", NEXT_MONTH, departments=(*units, heir), rules=tuple(rules))


async def test_rules_change_while_cases_come_in_and_none_is_routed_by_half_a_set(
    county: Outside,
) -> None:
    """200 reports around the moment of change, while the new version is being published."""
    await county.time_comes(NEXT_MONTH - timedelta(hours=2))
    held = await county.reports(county.now, location={"grid": "g211"})
    client = county.settings.kafka_client()
    inbox = TopicSpec(county.settings.topic("assignments.station-v21"), 1)
    await create_topics(client.pop("bootstrap_servers"), [inbox], **client)
    reports = [
        a_report(NEXT_MONTH + timedelta(minutes=minute - 100), location={"grid": "g111"})
        for minute in range(200)
    ]
    await asyncio.gather(publish(county.settings, later_rules()), _send(county, reports))
    await county.quiet()
    await until(lambda: _all_assigned(county, [case_of(report) for report in reports]))

    cases = {case_of(report): report for report in reports}
    placed = {
        event.subject: event
        for event in county.events
        if event.subject in cases and isinstance(event.data, Assigned)
    }
    assert placed.keys() == cases.keys()  # no case is lost
    for event in placed.values():
        expected = {"county-1": "vc-v11", "county-2": "governance-t1"}
        assert event.data.lead == expected[event.policyversion or ""]
    await county.time_comes(NEXT_MONTH + timedelta(hours=1))
    await until(lambda: _led_by(county, held, "station-v21"))
    [told] = await county.told("assignments.station-v21", case_id=held, role="lead")
    assert "its heir" in told.data.why


async def _send(outside: Outside, reports: list[dict[str, Any]]) -> None:
    topic = outside.settings.topic(topics.REPORTS_SUBMITTED.name)
    async with AIOKafkaProducer(**outside.settings.kafka_client()) as producer:
        for report in reports:
            await producer.send_and_wait(topic, orjson.dumps(report), key=b"any")


async def _all_assigned(outside: Outside, cases: list[str]) -> bool:
    await outside.quiet()
    return all("assigned" in outside.happened(case) for case in cases)


async def _led_by(outside: Outside, case: str, department: str) -> bool:
    await outside.quiet()
    return bool((await ledger(outside, case))["holdings"][-1]["lead"] == department)


def test_a_message_between_cases_is_on_the_contract() -> None:
    types = {message.TYPE for message in topics.ROUTER_COMMANDS.messages}
    assert {"router.adopt-case.v1", "router.answer-merge.v1"} <= types
