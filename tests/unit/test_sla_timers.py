"""When time is up: who is warned, what climbs, and what is silent."""

from __future__ import annotations

import pytest

from schemas import events
from schemas.events import AssignedBecause, CaseEvent, Escalated, Overdue, Supervised, Warned
from schemas.lifecycle import Status
from schemas.reference import DeadlineKind, Level
from services.decider import Tick
from services.sla.domain import DECIDER
from tests.story import message
from tests.unit.router_words import ruled
from tests.unit.sla_life import (
    COUNTY,
    RESOLVE,
    SIGN,
    TOWN,
    VC,
    WHOLE,
    Life,
    a_case,
    a_held_case,
    folded,
    july,
    limits,
)

# ── warnings and overdue ─────────────────────────────────────────────────────────────────────


def test_a_holder_is_warned_twice_and_then_overdue() -> None:
    life = a_held_case().passes(july(7, 9))
    assert [each for each in life.told if "resolve" in each[0]] == [
        ("warned resolve", july(6, 9, 48)),
        ("warned resolve", july(7, 8)),
        ("overdue resolve", july(7, 9)),
        ("escalated resolve", july(7, 9)),
    ]
    warned = [record.data for record in life.of(Warned) if record.data.kind is RESOLVE]
    assert [each.nth for each in warned] == [1, 2]
    assert {(each.department, each.level, each.due) for each in warned} == {
        (VC, Level.VILLAGE, july(7, 9))
    }


def test_an_event_of_time_carries_the_moment_when_it_was_due_and_not_the_tick() -> None:
    life = a_held_case().passes(july(31, 0))
    assert all(record.time == record.data.due for record in life.of(Overdue))


def test_an_unassigned_case_runs_too() -> None:
    life = a_case().passes(july(19, 9))
    supervised = life.last.data
    assert isinstance(supervised, Supervised)
    assert (supervised.kind, supervised.department, supervised.holding) == (WHOLE, None, None)


def test_an_unsigned_case_runs_too() -> None:
    life = a_case(limits(sign="2h", climbs=(SIGN,))).assigned(july(4, 9)).passes(july(4, 11))
    assert isinstance(life.last.data, Escalated)


def test_a_case_in_triage_runs_too() -> None:
    life = a_case()
    life.tell(events.TriageRequested(holding=life.holding, reason="no rule"), july(4, 9))
    assert life.passes(july(19, 9)).told[-1] == ("supervised case", july(19, 9))


def test_timers_of_one_moment_have_a_fixed_order() -> None:
    same = limits(sign="24h", respond="24h", resolve="24h", case="24h")
    life = a_case(same).assigned(july(4, 9)).passes(july(5, 9))
    kinds = [DeadlineKind.SIGN, DeadlineKind.RESPOND, DeadlineKind.RESOLVE, DeadlineKind.CASE]
    assert [record.data.kind for record in life.of(Warned)] == kinds * 2
    assert [record.data.kind for record in life.of(Overdue)] == kinds


def test_a_tick_whose_timer_no_longer_runs_says_nothing() -> None:
    life = a_case().assigned(july(4, 9))
    timer = DECIDER.due(life.state)
    assert timer is not None
    tick = message(Tick(), id=timer.id, at=timer.at, because=timer.because)
    assert isinstance(life.decides(tick), Warned)
    assert life.signed(july(4, 10)).decides(tick) is None


def test_a_timer_fires_once() -> None:
    life = a_held_case().passes(july(6, 10))
    tick = message(Tick(), id=life.fired[-1].id, at=life.fired[-1].at)
    assert life.decides(tick) is None


def test_an_earlier_warning_that_lands_late_calls_nothing_back() -> None:
    """Two owners at once: the slower one's first warning lands after the second."""
    life = a_held_case().passes(july(7, 8))
    late = next(record for record in life.of(Warned) if record.data.kind is RESOLVE)
    twice = message(late.data, id="late", at=late.time, because=late.causationid)
    assert folded(life.state, twice) == life.state


# ── what climbs ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("to", "from_level", "to_level"),
    [(VC, Level.VILLAGE, Level.TOWN), (TOWN, Level.TOWN, Level.COUNTY)],
)
def test_an_overdue_case_climbs_one_level(to: str, from_level: Level, to_level: Level) -> None:
    life = a_held_case(to=to).passes(july(7, 9))
    escalated = life.last.data
    assert isinstance(escalated, Escalated)
    assert (escalated.from_level, escalated.to_level) == (from_level, to_level)
    assert (escalated.holding, escalated.department) == (life.holding, to)


def test_overdue_at_county_is_supervised() -> None:
    life = a_held_case(to=COUNTY).passes(july(11, 9))
    supervised = life.last.data
    assert isinstance(supervised, Supervised)
    assert (supervised.kind, supervised.holding) == (RESOLVE, life.holding)


def test_a_deadline_that_does_not_climb_is_only_recorded() -> None:
    life = a_case().assigned(july(4, 9)).passes(july(5, 9))
    overdue = [(record.data.kind, record.data.climbs) for record in life.of(Overdue)]
    assert overdue == [(SIGN, False), (DeadlineKind.RESPOND, False)]
    assert life.of(Escalated) == []


@pytest.mark.parametrize(("to", "answer"), [(VC, Escalated), (COUNTY, Supervised)])
def test_a_holding_climbs_only_once(to: str, answer: type[CaseEvent]) -> None:
    """Nobody signed, nobody resolved: one is enough."""
    life = a_case(limits(sign="2h", resolve="1wd", climbs=(SIGN, RESOLVE))).assigned(july(4, 9), to)
    life.passes(july(8, 9))
    assert [record.data.kind for record in life.of(Overdue)] == [SIGN, RESOLVE]
    assert [record.data.kind for record in life.of(answer)] == [SIGN]


def test_each_level_has_its_own_limit_on_the_way_up() -> None:
    """Three days in the village, three in the town, five at county, then supervision."""
    life = a_case(limits()).assigned(july(4, 9)).signed(july(4, 9)).passes(july(7, 9))
    life.assigned(july(7, 9), TOWN, AssignedBecause.ESCALATED).signed(july(7, 9))
    life.passes(july(12, 9)).assigned(july(12, 9), COUNTY, AssignedBecause.ESCALATED)
    life.signed(july(12, 9)).passes(july(31, 9))
    assert [(record.type, record.time) for record in life.of(Overdue)] == [
        ("case.overdue.v1", july(7, 9)),
        ("case.overdue.v1", july(12, 9)),
        ("case.overdue.v1", july(15, 9)),
    ]
    assert [record.time for record in life.of(Supervised)] == [july(15, 9)]


def test_an_overdue_of_a_holding_that_has_moved_on_lifts_nothing() -> None:
    life = a_held_case().passes(july(7, 9))
    cause = life.of(Overdue)[-1]
    assert life.assigned(july(7, 9), TOWN, AssignedBecause.TRIAGE).decides(cause) is None


def test_an_overdue_of_a_deadline_that_was_moved_lifts_nothing() -> None:
    life = a_held_case().extended(july(6, 9), until=july(14, 9))
    stale = Overdue(
        holding=life.holding, kind=RESOLVE, due=july(7, 9), level=Level.VILLAGE, climbs=True
    )
    assert life.decides(message(stale, id="stale", at=july(7, 9))) is None


def test_a_case_is_supervised_for_its_own_clock_once() -> None:
    """Supervised since the county was late: that the whole time is up as well adds nothing."""
    life = a_held_case(limits(resolve="1wd", case="5cd"), to=COUNTY).passes(july(9, 9))
    assert [record.data.kind for record in life.of(Overdue)] == [RESOLVE, WHOLE]
    assert [record.data.kind for record in life.of(Supervised)] == [RESOLVE]


# ── what ends a clock ────────────────────────────────────────────────────────────────────────


def test_a_signature_meets_the_sign_deadline() -> None:
    life = a_case().assigned(july(4, 9)).signed(july(4, 9, 30)).passes(july(4, 12))
    assert life.told == []


def test_a_return_leaves_nothing_to_sign() -> None:
    life = a_case().assigned(july(4, 9)).says(events.Returned, july(4, 9, 30), reason="not-ours")
    assert life.passes(july(4, 12)).told == []


def test_a_word_to_the_reporter_meets_the_respond_deadline() -> None:
    life = a_held_case().says(events.FeedbackGiven, july(4, 11), result="we are at it")
    assert life.passes(july(5, 9)).told == []


def test_progress_is_no_word_to_the_reporter() -> None:
    life = a_held_case().says(events.Progressed, july(4, 11)).passes(july(5, 9))
    assert life.told[-1] == ("overdue respond", july(5, 9))


def test_the_first_word_counts_for_good_whoever_holds_the_case_then() -> None:
    life = a_held_case().says(events.FeedbackGiven, july(4, 11), result="we are at it")
    life.says(events.Returned, july(4, 12), reason="not-ours").passes(july(6, 9))
    assert life.told == []


def test_nothing_fires_once_a_case_is_resolved() -> None:
    life = a_case().assigned(july(4, 9)).resolved(july(4, 9, 30))
    assert DECIDER.due(life.state) is None
    life.tell(events.Closed(holding=life.holding, how="silence"), july(11, 9))
    assert DECIDER.due(life.state) is None


def test_nothing_fires_once_a_case_is_withdrawn() -> None:
    life = a_case().tell(ruled(events.Withdrawn, how="rejected"), july(4, 10))
    assert life.state.standing.status is Status.WITHDRAWN
    assert DECIDER.due(life.state) is None


def test_the_clock_of_a_reopened_case_runs_on_before_anybody_leads() -> None:
    life = a_held_case().resolved(july(4, 12)).reopened(july(6, 12))
    assert life.passes(july(21, 9)).told[-1] == ("supervised case", july(21, 9))
    assert life.last.data.department is None, "who was done with it is not to blame"


def test_the_other_services_words_move_nothing() -> None:
    life = Life().opened(july(4, 9))
    before = life.state
    life.tell(
        events.ReportAdded(source="test", report_id="r2", digest="d2", text="again"), july(4, 10)
    )
    assert life.state == before
