"""A case that is not in memory makes no difference, but for the time of a question.

What must not leave is told at the desk; who is asked for what, at the step.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from schemas import ids
from schemas.envelope import Message
from services.router.domain import DECIDER as ROUTER
from services.shell.cases import Cases, NotAsked
from services.shell.desk import Desk, Entry
from services.shell.timers import Timers
from services.sla.domain import DECIDER as SLA
from tests.log import RULEBOOKS, Log
from tests.story import CASE, moment
from tests.unit.imagined_step import World, types
from tests.unit.router_words import opened

OTHER = ids.case_id("test", "r2")
THIRD = ids.case_id("test", "r3")


def about(case: str, event: Message[Any]) -> Message[Any]:
    return replace(event, id=ids.derive("test", case, event.id), subject=case)


def a_log(*others: str) -> Log:
    log = Log()
    log.happened(opened(), name="opened")
    for case in others:
        log.append(about(case, log.messages()[0]))
    return log


def owner(log: Log, *stored: Entry[Any], room: int = 0) -> Any:
    """Of sla's: it has read and answered all, and keeps so many cases in memory."""
    sla = log.owner(SLA)
    sla.desk.cases.room = room
    return sla.runs()


def is_saved(desk: Desk[Any]) -> dict[str, Entry[Any]]:
    """All that changed is written, and the turn ends: what was written, by case."""
    stored = {case: entry.as_it_stands() for case, entry in desk.take_dirty().items()}
    for case, entry in stored.items():
        entry.stored = entry.offset
        desk.cases.confirm(case, entry.offset)
    desk.end_turn()
    return stored


# ── what leaves, and what stays ──────────────────────────────────────────────────────────────


def test_a_case_leaves_when_it_is_stored_and_comes_back_as_it_was() -> None:
    sla = owner(a_log())
    state = sla.state
    sla.desk.end_turn()
    assert CASE in sla.desk.entries, "the database has not confirmed it"
    stored = is_saved(sla.desk)
    assert CASE not in sla.desk.entries
    assert sla.desk.missing([CASE]) == {CASE}
    sla.desk.adopt(stored.values(), {CASE})
    assert sla.state == state


def test_a_case_whose_last_event_is_not_stored_stays() -> None:
    sla = owner(a_log())
    before = sla.desk.entries[CASE].offset - 1
    sla.desk.cases.confirm(CASE, before)
    sla.desk.end_turn()
    assert CASE in sla.desk.entries


def test_a_case_whose_answer_is_on_its_way_stays() -> None:
    log = a_log()
    sla = log.owner(SLA)
    sla.desk.cases.room = 0
    sla.reads()
    assert sla.deciding == ["deadline-set"]
    is_saved(sla.desk)
    assert CASE in sla.desk.entries
    sla.publishes().runs()
    is_saved(sla.desk)
    assert CASE not in sla.desk.entries


def test_what_was_asked_for_lately_stays_before_the_others() -> None:
    cases = Cases([Entry(case, SLA.initial(), offset=1, stored=1) for case in "abc"], room=2)
    cases.entries["b"].used = cases.entries["c"].used = False
    cases.confirm("a", 1)
    cases.end_turn()
    assert list(cases.entries) == ["c", "a"]


def test_a_case_is_never_taken_for_a_new_one_unless_the_database_was_asked() -> None:
    log = a_log()
    desk = Desk(SLA, RULEBOOKS, 0, timers=Timers())
    event = log.messages()[0]
    with pytest.raises(NotAsked):
        desk.read(0, event)
    desk.adopt([], {CASE})
    desk.read(0, event)
    assert desk.entries[CASE].state.standing.status != SLA.initial().standing.status


def test_what_the_database_did_not_have_is_asked_again_in_a_later_turn() -> None:
    desk = Desk(SLA, RULEBOOKS, 0, timers=Timers())
    desk.adopt([], {CASE})
    assert desk.missing([CASE]) == set()
    desk.end_turn()
    assert desk.missing([CASE]) == {CASE}


# ── timers ───────────────────────────────────────────────────────────────────────────────────


def test_a_timer_fires_though_its_case_is_not_in_memory() -> None:
    sla = owner(a_log())
    due, stored = sla.desk.next_due(), is_saved(sla.desk)
    assert sla.desk.entries == {}
    assert sla.desk.missing_for_timers() == set(), "nothing is due"
    sla.ticks(due)
    assert (sla.deciding, sla.desk.unanswered()) == ([], 1), "it waits for its case"
    assert sla.desk.next_due() == due
    assert sla.desk.missing_for_timers() == {CASE}
    sla.desk.adopt(stored.values(), {CASE})
    assert sla.decides().deciding == ["warned"]
    assert sla.outbox[0].message.time == due


def test_a_timer_that_was_answered_with_nothing_is_not_lost_when_its_case_leaves() -> None:
    """It ran out, nothing followed, and the case went: when it comes back, the timer that its state
    still has is set again."""
    sla = owner(a_log())
    due, decide = sla.desk.next_due(), sla.desk.decider
    sla.desk.decider = replace(decide, decide=lambda *_: None)
    sla.ticks(due)
    stored = is_saved(sla.desk)
    sla.desk.decider = decide
    sla.desk.adopt(stored.values(), {CASE})
    assert sla.decides().deciding == ["warned"]


def test_a_timer_that_another_owner_stored_meanwhile_counts() -> None:
    """Our timers were read before it wrote: the state that we fetch knows better."""
    sla = owner(a_log())
    due, stored = sla.desk.next_due(), is_saved(sla.desk)
    later = Timers([(CASE, moment(24 * 300))])
    desk = Desk(SLA, RULEBOOKS, 0, timers=later, positions=dict(sla.desk.positions))
    desk.adopt(stored.values(), {CASE})
    assert desk.next_due() == due


def test_a_timer_of_a_case_that_the_database_has_lost_is_given_up() -> None:
    desk = Desk(SLA, RULEBOOKS, 0, timers=Timers([(CASE, moment(1))]))
    desk.tick(moment(2))
    desk.adopt([], desk.missing_for_timers())
    assert (desk.missing_for_timers(), desk.unanswered()) == (set(), 0)


def test_the_time_of_a_case_that_is_not_in_memory_may_run_ahead() -> None:
    sla = owner(a_log())
    due, stored = sla.desk.next_due(), is_saved(sla.desk)
    sla.desk.tick_case(CASE, due)
    assert sla.desk.missing_for_timers() == {CASE}
    assert sla.desk.unanswered() == 1, "nobody may take this for quiet"
    sla.desk.adopt(stored.values(), {CASE})
    assert sla.decides().deciding == ["warned"]
    sla.desk.tick_case(CASE, due)  # it is in memory now
    sla.desk.tick_case(OTHER, due)  # it is nowhere
    sla.desk.adopt([], sla.desk.missing_for_timers())
    sla.publishes().runs()
    assert sla.desk.unanswered() == 0


def test_a_case_that_comes_and_goes_all_the_time_ends_as_one_that_stays() -> None:
    log, plain = a_log(), a_log()
    both = [
        (log, log.owner(SLA), log.owner(ROUTER)),
        (plain, plain.owner(SLA), plain.owner(ROUTER)),
    ]
    both[0][1].desk.cases.room = 0
    stored: dict[str, Entry[Any]] = {}
    for hour in range(0, 24 * 40, 5):
        for _, sla, router in both:
            sla.desk.tick(moment(hour))
            wanted = sla.desk.missing_for_timers() | sla.desk.missing([CASE])
            sla.desk.adopt([replace(stored[case]) for case in wanted if case in stored], wanted)
            sla.runs().publishes()
            router.runs()
        stored |= is_saved(both[0][1].desk)
    assert log.types() == plain.types()
    assert {"overdue", "escalated"} <= set(log.types())


# ── who is asked for what ────────────────────────────────────────────────────────────────────


@pytest.fixture
def world() -> World:
    world = World()
    world.log = a_log(OTHER, THIRD)
    return world


async def test_one_question_brings_all_cases_of_a_batch_the_new_ones_included(
    world: World,
) -> None:
    owner = await (await world.owner(cases_in_memory=0)).turns(4)
    await owner.step.save()
    await owner.turns()
    assert owner.step.desks[0].entries == {}
    fourth = ids.case_id("test", "r4")
    for case in (CASE, OTHER, fourth):
        world.log.append(about(case, replace(world.log.messages()[0], id=ids.derive("again"))))
    world.store.asked.clear()
    await owner.turns()
    assert world.store.asked == [sorted([CASE, OTHER, fourth])]
    assert owner.step.desks[0].entries.keys() >= {fourth}


async def test_while_all_cases_are_in_memory_nobody_is_asked(world: World) -> None:
    owner = await world.owner(cases_in_memory=10)
    world.store.asked.clear()
    await owner.turns(4)
    await owner.step.save()
    await owner.turns()
    assert world.store.asked == []
    assert len(owner.step.desks[0].entries) == 3


async def test_a_restart_with_more_cases_than_there_is_room_for_reads_no_state(
    world: World,
) -> None:
    owner = await (await world.owner(cases_in_memory=2)).turns(4)
    await owner.step.save()
    world.store.asked.clear()
    successor = await world.owner(cases_in_memory=2)
    assert world.store.asked == []
    assert successor.step.desks[0].missing([CASE, OTHER]) == {CASE, OTHER}
    before = types(world.log)
    await successor.turns(4)
    assert types(world.log) == before, "it answers nothing a second time"


async def test_a_database_that_is_away_holds_up_only_what_is_not_in_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for it is read again, and nothing is committed beyond."""
    seconds = [0.0]
    monkeypatch.setattr("services.shell.fetching.monotonic", lambda: seconds[0])
    owner = await (await world.owner(cases_in_memory=0)).turns(4)
    await owner.step.save()
    await owner.turns()
    desk, end = owner.step.desks[0], len(world.log.records)
    world.log.append(about(CASE, replace(world.log.messages()[0], id=ids.derive("again"))))
    world.store.away = True
    await owner.turns(2)
    assert (desk.positions["log"], desk.entries) == (end, {})
    world.store.away = False
    await owner.turns()
    assert desk.positions["log"] == end, "it is left in peace for a second"
    seconds[0] += 1.0
    await owner.turns()
    assert desk.positions["log"] == end + 1
    assert CASE in desk.entries


async def test_what_could_not_be_written_stays_in_memory(world: World) -> None:
    owner = await (await world.owner(cases_in_memory=0)).turns(4)
    world.store.away = True
    await owner.step.save()
    await owner.turns()
    assert len(owner.step.desks[0].entries) == 3
    with pytest.raises(AutoReconnect):
        await world.store.entries([CASE])
