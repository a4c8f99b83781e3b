"""The rules of the desk, each told as the interleaving that broke without it.

The deciders are the real ones; the log is in memory (`tests.log`), so that every order of reading,
publishing and dying can be played.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas import ids
from schemas.commands import SubmitUpdate
from schemas.envelope import Message
from schemas.events import Assigned, Opened, Resolved, Returned
from schemas.inputs import Action, Update
from schemas.lifecycle import Status
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.decider import Decider, Decision
from services.router.domain import DECIDER as ROUTER
from services.shell.desk import COMMANDS, LOG, Entry
from services.sla.domain import DECIDER as SLA
from tests.log import Log, Owner
from tests.story import CASE, START, moment
from tests.unit.router_words import VC, opened


def update(action: Action, name: str, *, department: str = VC, **fields: Any) -> SubmitUpdate:
    said = Update(update_id=name, case_id=CASE, action=action, at=START, by="clerk", **fields)
    return SubmitUpdate(
        origin=f"updates.{department}", received_at=START, department=department, update=said
    )


def a_log_with_a_case() -> Log:
    log = Log()
    log.happened(opened(), name="opened")
    return log


# ── one cause, at most one event ─────────────────────────────────────────────────────────────


def test_a_cause_is_answered_once_however_often_it_is_read() -> None:
    log = a_log_with_a_case()
    log.owner(ROUTER).runs()
    log.owner(ROUTER).runs()  # began anew from the first offset
    assert log.types() == ["opened", "assigned"]


def test_two_owners_at_once_give_the_same_answer_and_the_first_copy_counts() -> None:
    log = a_log_with_a_case()
    one, other = log.owner(ROUTER).reads(), log.owner(ROUTER).reads()
    one.publishes(), other.publishes()
    assert log.types() == ["opened", "assigned", "assigned"]
    one.runs(), other.runs()
    assert one.state == other.state
    assert log.types() == ["opened", "assigned", "assigned"]


def test_while_an_event_is_in_flight_the_next_cause_of_the_case_waits() -> None:
    log = a_log_with_a_case()
    router = log.owner(ROUTER).runs()
    log.commanded(update(Action.SIGN, "u1"), name="sign")
    log.commanded(update(Action.RESOLVE, "u2", result="done"), name="resolve")
    router.reads()
    assert router.deciding == ["signed"]
    router.publishes().reads()
    assert router.deciding == ["resolved"], "resolve was decided on the state that sign had made"


def test_other_cases_go_on_while_one_waits() -> None:
    log = a_log_with_a_case()
    other = ids.case_id("test", "r2")
    event = log.messages()[0]
    log.append(replace(event, id=ids.derive("test", "other"), subject=other))
    router = log.owner(ROUTER).reads()
    assert [item.message.subject for item in router.outbox if item.partition == 0] == [CASE, other]


# ── first id wins, the lifecycle voids ───────────────────────────────────────────────────────


def test_a_second_record_with_an_id_changes_nothing() -> None:
    log = a_log_with_a_case()
    router = log.owner(ROUTER).runs()
    before = router.state
    log.append(log.messages()[0])
    assert router.runs().state == before
    assert router.desk.tally[LOG, "copy"] == 1


def test_an_owner_that_begins_anew_tells_nobody_what_a_copy_says() -> None:
    """Another owner, who knew less, gave the case to another department under the same id."""
    log = a_log_with_a_case()
    router = log.owner(ROUTER).runs()
    assigned = log.messages()[1]
    other = assigned.data.model_copy(update={"lead": "county-bureau"})
    log.append(replace(assigned, data=other))
    router.runs()
    again = log.owner(ROUTER).runs()
    later = log.owner(ROUTER, committed={LOG: 2, COMMANDS: 0}, snapshots=[kept(router)]).runs()
    told = {item.topic for owner in (router, again, later) for item in owner.told}
    assert "assignments.county-bureau" not in told


def kept(owner: Owner) -> Entry[Any]:
    entry = owner.desk.entries[CASE]
    return Entry(CASE, entry.state, entry.seen, entry.void, entry.offset, entry.copies)


def test_an_event_that_the_lifecycle_does_not_allow_is_void_for_everybody() -> None:
    log = a_log_with_a_case()
    router, sla = log.owner(ROUTER).runs(), log.owner(SLA).runs()
    log.happened(opened(), name="opened again")
    router.runs(), sla.runs()
    assert router.state.standing == sla.state.standing
    assert router.desk.tally["void", "case.opened.v1"] == 1


def test_an_event_about_a_holding_that_has_ended_is_void() -> None:
    log = a_log_with_a_case()
    router = log.owner(ROUTER).runs()
    stale = log.messages()[0].id
    log.happened(
        Resolved(holding=stale, department=VC, update_id="u", by="clerk", at=START, result="done"),
        name="stale",
    )
    router.runs()
    assert router.state.standing.status is Status.ASSIGNED
    assert router.desk.tally["void", "case.resolved.v1"] == 1


# ── a void answer is no answer ───────────────────────────────────────────────────────────────


def test_a_void_answer_is_decided_again_on_the_new_state_as_the_next_attempt() -> None:
    """sla escalates while the department returns: the return lands first, the escalation is void;
    its cause is decided again, and finds nothing left to lift."""
    log = a_log_with_a_case()
    router, sla = log.owner(ROUTER).runs(), log.owner(SLA).runs()
    router.runs(), sla.runs()
    for _ in range(9):
        sla.ticks(moment(24 * 30))
        if sla.deciding == ["escalated"]:
            break
        sla.publishes().reads()
    assert sla.deciding == ["escalated"]
    log.commanded(update(Action.RETURN, "u1", reason="not-ours"), name="return")
    router.reads().publishes()  # the return lands before the escalation
    assert log.types()[-1] == "returned"
    sla.publishes().runs()
    router.runs()
    sla.runs()
    assert sla.desk.tally["void", "case.escalated.v1"] == 1
    assert router.state.standing == sla.state.standing
    assert router.desk.unanswered() == sla.desk.unanswered() == 0


def test_a_void_answer_is_not_taken_for_an_answer_after_a_crash() -> None:
    """The answer to `opened` lands void (an officer's assignment came first, by another hand); an
    owner that begins anew must ask again, not believe that the cause was answered."""
    log = a_log_with_a_case()
    first = log.messages()[0].id
    log.owner(SLA).reads().publishes()
    attempt0 = ids.event_id(first, "sla", 0)
    log.records[-1:] = []
    log.happened(opened(), name="x")  # void: something else took its place
    sla = log.owner(SLA)
    entry = sla.desk.entries[CASE]
    entry.seen += bytes.fromhex(attempt0.replace("-", ""))
    entry.void += bytes.fromhex(attempt0.replace("-", ""))
    sla.reads()
    assert [i.message.id for i in sla.outbox] == [ids.event_id(first, "sla", 1)]


# ── refusals ─────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_waits_until_the_log_has_been_read_to_its_end() -> None:
    """A command overtakes the events that let its sender speak: they are read from another topic."""
    log = Log()
    slow = log.owner(ROUTER)
    log.happened(opened(), name="opened")
    log.owner(ROUTER).runs()
    log.commanded(update(Action.SIGN, "u1"), name="sign")
    slow.reads(until=0)
    assert slow.outbox == [], "neither refused nor answered yet"
    assert slow.desk.committable()[COMMANDS] == 0
    slow.runs()
    assert log.types() == ["opened", "assigned", "signed"]


def test_an_update_for_an_unknown_case_is_told_to_its_sender_alone() -> None:
    log = Log()
    log.commanded(update(Action.SIGN, "u1"), name="sign")
    router = log.owner(ROUTER).runs()
    assert log.types() == []
    assert [item.topic for item in router.told] == [f"assignments.{VC}"]
    assert CASE not in router.desk.entries, "nothing is kept of it"
    assert router.desk.committable() == {LOG: 0, COMMANDS: 1}


# ── crashes ──────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_committed_beyond_the_lowest_unanswered_cause() -> None:
    log = a_log_with_a_case()
    router = log.owner(ROUTER).reads()
    assert router.desk.committable()[LOG] == 0, "the answer has not come back"
    router.publishes().runs()
    assert router.desk.committable()[LOG] == len(log.records)


def test_an_owner_that_dies_before_publishing_is_followed_by_one_that_decides_the_same() -> None:
    log = a_log_with_a_case()
    lost = log.owner(ROUTER).reads()
    again = log.owner(ROUTER).reads()
    assert [i.message.id for i in lost.outbox] == [i.message.id for i in again.outbox]


def test_an_owner_that_dies_after_publishing_does_not_publish_twice() -> None:
    log = a_log_with_a_case()
    log.owner(ROUTER).reads().publishes()
    again = log.owner(ROUTER)
    again.runs()
    assert log.types() == ["opened", "assigned"]


def test_outsiders_are_told_again_under_the_same_ids_after_a_crash() -> None:
    log = a_log_with_a_case()
    first = log.owner(ROUTER).runs()
    again = log.owner(ROUTER).runs()
    assert {i.message.id for i in first.told} == {i.message.id for i in again.told}


def test_outsiders_hear_only_what_the_log_accepted() -> None:
    log = a_log_with_a_case()
    router = log.owner(ROUTER).reads()
    assert {i.message.type for i in router.outbox if i.partition is None} == {"report.answered.v1"}
    router.publishes().runs()
    assert "assignment.created.v1" in {item.message.type for item in router.told}


def test_a_snapshot_ahead_of_the_committed_offset_is_not_folded_twice() -> None:
    log = a_log_with_a_case()
    ahead = log.owner(ROUTER).runs()
    again = log.owner(ROUTER, snapshots=[kept(ahead)]).runs()
    assert again.state == ahead.state
    assert log.types() == ["opened", "assigned"]


# ── timers ───────────────────────────────────────────────────────────────────────────────────


def test_a_timer_that_fires_twice_is_one_event() -> None:
    log = a_log_with_a_case()
    log.owner(ROUTER).runs()
    sla = log.owner(SLA).runs()
    other = log.owner(SLA).runs()
    sla.ticks(moment(2)), other.ticks(moment(2))
    assert sla.deciding == other.deciding == ["warned"]
    sla.publishes(), other.publishes()
    sla.runs(), other.runs()
    warned = [m for m in log.messages() if m.type == "case.warned.v1"]
    assert len({m.id for m in warned}) == len(warned) - 1
    assert sla.state == other.state


def test_a_timers_event_carries_the_moment_at_which_it_was_due_not_the_ticks() -> None:
    log = a_log_with_a_case()
    log.owner(ROUTER).runs()
    sla = log.owner(SLA).runs()
    due = sla.desk.next_due()
    sla.ticks(moment(24 * 365))
    assert sla.outbox[0].message.time == due


def test_the_time_of_one_case_may_run_ahead_of_the_others() -> None:
    log = a_log_with_a_case()
    other = ids.case_id("test", "r2")
    log.append(replace(log.messages()[0], id=ids.derive("test", "other"), subject=other))
    log.owner(ROUTER).runs()
    sla = log.owner(SLA).runs()
    sla.desk.tick_case(CASE, moment(2))
    sla.decides()
    assert [item.message.subject for item in sla.outbox] == [CASE]
    sla.publishes().runs().ticks(moment(2))
    assert {item.message.subject for item in sla.outbox} == {other}


def test_a_cases_own_time_brings_about_all_that_follows_up_to_it() -> None:
    log = a_log_with_a_case()
    router, sla = log.owner(ROUTER).runs(), log.owner(SLA).runs()
    sla.desk.tick_case(CASE, moment(24 * 20))
    sla.decides()
    for _ in range(9):
        sla.publishes().runs()
        router.runs()
    assert {"overdue", "escalated"} <= set(log.types())
    assert sla.desk.next_due() is None or sla.desk.next_due() > moment(24 * 20)  # type: ignore[operator]


def test_a_clock_that_goes_back_fires_nothing_twice() -> None:
    log = a_log_with_a_case()
    log.owner(ROUTER).runs()
    sla = log.owner(SLA).runs().ticks(moment(2)).publishes().runs()
    count = len(log.records)
    sla.ticks(moment(1)).publishes().runs()
    assert len(log.records) == count


# ── what breaks on one case disturbs no other ────────────────────────────────────────────────


def test_a_cause_on_which_the_domain_breaks_is_set_aside() -> None:
    def broken(_state: Any, cause: Message[Any], _rules: Rulebook) -> Decision:
        if isinstance(cause.data, Opened):
            raise ZeroDivisionError("a bug")
        return None

    log = a_log_with_a_case()
    decider: Decider[Any] = replace(ROUTER, decide=broken)
    owner = log.owner(decider).runs()
    failures = owner.desk.take_failures()
    assert [failure.reason for failure in failures] == ["ZeroDivisionError: a bug"]
    assert owner.desk.committable()[LOG] == 1, "it goes on"


def test_a_decision_that_would_be_void_is_set_aside_and_never_published() -> None:
    def stubborn(_state: Any, cause: Message[Any], _rules: Rulebook) -> Decision:
        return opened() if isinstance(cause.data, Opened) else None

    log = a_log_with_a_case()
    owner = log.owner(replace(ROUTER, decide=stubborn)).runs()
    assert log.types() == ["opened"]
    assert len(owner.desk.take_failures()) == 1


@pytest.mark.parametrize("cut", range(1, 12))
def test_wherever_an_owner_dies_the_log_ends_alike(cut: int) -> None:
    """One department signs, returns and resolves; the owner dies after `cut` publishes."""

    def play(dies_after: int | None) -> list[tuple[str, str]]:
        log = a_log_with_a_case()
        for number, (action, fields) in enumerate(
            [
                (Action.SIGN, {}),
                (Action.PAUSE, {"reason": "weather"}),
                (Action.RESUME, {}),
                (Action.PROGRESS, {"result": "gravel ordered"}),
                (Action.RESOLVE, {"result": "filled in"}),
            ]
        ):
            log.commanded(update(action, f"u{number}", **fields), name=f"u{number}")
        owner = log.owner(ROUTER)
        turns = 0
        while owner.reads().outbox:
            turns += 1
            if turns == dies_after:
                owner = log.owner(ROUTER)
                continue
            owner.publishes()
        return [(m.id, m.type) for m in log.messages()]

    assert play(dies_after=cut) == play(dies_after=None)
    assert play(None)[-1][1] == "case.resolved.v1"


def test_the_first_assignment_names_what_it_replaces() -> None:
    log = a_log_with_a_case()
    log.owner(ROUTER).runs()
    assigned = log.messages()[1].data
    assert isinstance(assigned, Assigned)
    assert (assigned.holding, assigned.level) == (log.messages()[0].id, Level.VILLAGE)


def test_a_return_is_followed_by_the_next_assignment_and_both_owners_see_one_lead() -> None:
    log = a_log_with_a_case()
    router = log.owner(ROUTER).runs()
    log.commanded(update(Action.RETURN, "u1", reason="not-ours"), name="return")
    router.runs()
    assert isinstance(log.messages()[2].data, Returned)
    assert log.types()[2:] in (["returned", "assigned"], ["returned", "triage-requested"])
