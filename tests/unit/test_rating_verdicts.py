"""How the measures judge: what counts, what is missed, and what is left out for which reason."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events
from schemas.inputs import RatedBy
from schemas.rulebook import Rulebook
from services.rating.facts import Ending, State
from services.rating.measures import BY_NAME
from services.rating.scorecards import window_of
from services.rating.views import held_view, whole_view
from tests.county import small_county
from tests.story import moment
from tests.unit.rating_life import TOWN, VC, VC2, Life
from tests.unit.router_words import clocked

MIDNIGHT = 27 * 24 + 15
"""Hours from `START` to the end of July in Shanghai."""
AUGUST = MIDNIGHT + 6
RULES = Rulebook(small_county())


def judged(
    case: State | Life,
    measure: str,
    of: str | None = None,
    *,
    month: str = "2022-07",
    now: float = 999,
) -> str | None:
    """The verdict on the case, or on a department's part in it, in July 2022."""
    state = case.state if isinstance(case, Life) else case
    window = window_of(RULES, month, moment(now))
    own = tuple(h for h in state.holdings if h.department == of)
    view = held_view(state, own, window) if of else whole_view(state, window)
    return BY_NAME[measure].judge(view, window)


def held(**limits: Any) -> Life:
    """Opened at hour 0, with the village committee from hour 1."""
    return Life().assigned(at=1, **limits)


# ── on time is told from times ───────────────────────────────────────────────────────────────


def test_work_done_at_the_very_limit_is_on_time() -> None:
    assert judged(held(resolve=20).resolved(20), "on_time") == "counted"
    assert judged(held(resolve=20).resolved(20.001), "on_time") == "missed"


def test_overdue_needs_no_event_to_be_overdue() -> None:
    assert judged(held(resolve=20).resolved(30), "overdue") == "counted"


def test_an_overdue_event_alone_makes_nobody_late() -> None:
    late = events.Overdue(holding="case-2", kind="resolve", due=moment(5), climbs=False)
    assert judged(held(resolve=20).tell(late, 5).resolved(9), "on_time") == "counted"


def test_unfinished_work_counts_as_late_once_its_limit_has_passed() -> None:
    life = held(resolve=20)
    assert judged(life, "on_time", now=20) is None
    assert judged(life, "on_time", now=20.1) == "missed"


def test_finishing_late_work_next_month_does_not_move_the_lateness() -> None:
    life = held(resolve=20).resolved(AUGUST)
    assert judged(life, "on_time") == "missed"
    assert judged(life, "on_time", month="2022-08") is None
    assert judged(life, "completed", month="2022-08") == "counted"


def test_handing_a_late_case_back_does_not_undo_the_lateness() -> None:
    assert judged(held(resolve=20).returned(21), "on_time", VC) == "missed"
    assert judged(held(resolve=20).returned(19), "on_time", VC) == "returned"


def test_a_holder_never_inherits_a_spent_clock() -> None:
    life = held(resolve=20).climbs(20, to=TOWN, resolve=60).resolved(50)
    assert judged(life, "on_time", VC) == "missed"
    assert judged(life, "on_time", TOWN) == "counted"
    assert judged(life, "on_time") == "missed"


def test_a_case_that_climbed_for_want_of_a_signature_was_not_handled_in_time() -> None:
    life = held(sign=3, resolve=90).climbs(3, to=TOWN, resolve=100).resolved(50)
    assert judged(life, "on_time", VC) == "missed"
    assert judged(life, "signing", VC) == "moved"
    assert judged(life, "escalated", VC) == "counted"
    assert judged(life, "escalated", TOWN) is None


def test_work_finished_during_a_pause_is_judged_by_when_the_clock_stopped() -> None:
    life = held(resolve=20).signed(2).did(events.Paused, 19).resolved(60)
    assert judged(life, "on_time") == "counted"
    late = held(resolve=20).signed(2).did(events.Paused, 21).resolved(60)
    assert judged(late, "on_time") == "missed"


def test_nobody_is_overdue_while_paused() -> None:
    life = held(resolve=20).signed(2).did(events.Paused, 19)
    assert judged(life, "on_time", now=100) is None
    life.did(events.Resumed, 50).limits({"resolve": 51}, 50)
    assert judged(life, "on_time", now=100) == "missed"


def test_a_pause_with_a_limit_runs_out() -> None:
    life = held(resolve=20).signed(2).did(events.Paused, 19)
    life.limits({"resolve": 40}, 19, because=life.last)
    assert judged(life, "on_time", now=39) is None
    assert judged(life, "on_time", now=41) == "missed"


def test_an_extended_case_is_on_time_by_the_new_limit_and_left_out_of_the_strict_rate() -> None:
    life = held(resolve=20).extended(10, until=50).resolved(40)
    assert judged(life, "on_time") == "counted"
    assert judged(life, "on_time_excluding_extended") == "extended"


def test_work_without_a_limit_is_left_out_and_said_so() -> None:
    assert judged(held().resolved(9), "on_time") == "no-limit"


def test_deadlines_that_land_after_the_work_began_count_the_same() -> None:
    before = Life().assigned(at=1).limits({"sign": 3, "resolve": 20}, 1).signed(2)
    after = Life().assigned(at=1).signed(2).limits({"sign": 3, "resolve": 20}, 1)
    assert before.state.holdings[0].limits == after.state.holdings[0].limits
    assert judged(before.resolved(9), "on_time") == judged(after.resolved(9), "on_time")


def test_the_cases_own_clock_goes_on_whatever_bounces() -> None:
    life = Life().case_limits(case=30).assigned(at=1, resolve=20).returned(19)
    life.assigned(VC2, at=20, resolve=50).resolved(40)
    assert judged(life, "on_time") == "counted"
    assert judged(life, "within_case_limit") == "missed"


# ── response and signing ─────────────────────────────────────────────────────────────────────


def answered(at: float | None, now: float = 999) -> str | None:
    life = Life().case_limits(respond=10).assigned(at=1).signed(2)
    return judged(life.did(events.FeedbackGiven, at) if at else life, "response", now=now)


def test_the_first_word_to_the_reporter_is_due_by_its_limit() -> None:
    assert answered(10) == "counted"
    assert answered(11) == "missed"
    assert answered(None, now=10) == "within-limit"
    assert answered(None, now=11) == "missed"


def test_a_result_is_a_word_to_the_reporter_and_a_signature() -> None:
    life = Life().case_limits(respond=10).assigned(at=1, sign=5).resolved(4)
    assert judged(life, "response") == "counted"
    assert judged(life, "signing") == "counted"


def test_a_later_word_does_not_overrule_the_first() -> None:
    life = Life().case_limits(respond=10).assigned(at=1).did(events.FeedbackGiven, 9)
    assert judged(life.did(events.FeedbackGiven, 50), "response") == "counted"


def test_a_holder_answers_for_the_first_word_only_while_it_can_be_in_time() -> None:
    life = Life().case_limits(respond=10).assigned(at=1).returned(11).assigned(VC2, at=12)
    life.resolved(13)
    assert judged(life, "response", VC) == "missed"
    assert judged(life, "response", VC2) == "before"
    assert judged(life, "response") == "missed"


def test_a_case_that_nobody_holds_still_owes_its_first_word() -> None:
    life = Life().case_limits(respond=10)
    assert judged(life, "response", now=11) == "missed"
    assert judged(life, "signing", now=11) == "unassigned"
    assert judged(life.withdrawn(9), "response", now=11) == "withdrawn"


# ── completion ───────────────────────────────────────────────────────────────────────────────


def test_unfinished_work_is_left_out_of_completion_only_while_it_is_in_time() -> None:
    life = Life().case_limits(case=90).assigned(at=1, resolve=20)
    assert judged(life, "completion", now=19) == "within-limit"
    assert judged(life, "completion", now=21) == "missed"
    assert judged(life, "completion", VC, now=19) == "within-limit"


def test_a_case_without_any_limit_is_not_left_out_for_ever() -> None:
    assert judged(Life().assigned(at=1), "completion") == "missed"


def test_an_unassigned_case_is_due_too() -> None:
    life = Life().case_limits(case=90)
    assert judged(life, "completion", now=80) == "within-limit"
    assert judged(life, "completion", now=91) == "missed"


def test_what_was_given_back_or_taken_away_is_left_out_of_a_holders_completion() -> None:
    taken = Life().assigned(at=1, resolve=99).assigned(VC2, at=2, resolve=99).resolved(9)
    assert judged(taken, "completion", VC) == "moved"
    assert judged(taken, "completion", VC2) == "counted"
    assert judged(held().returned(2), "completion", VC) == "returned"
    assert judged(held().withdrawn(2), "completion", VC) == "withdrawn"
    assert judged(held(resolve=9).climbs(9), "completion", VC) == "missed"


def test_a_reopened_result_is_no_completion_until_there_is_another() -> None:
    life = held().resolved(2).rated(1, 3).reopened(3)
    assert judged(life, "completion", VC) == "missed"
    assert judged(life, "reopening") == "counted"
    assert judged(life, "reopened") == "counted"
    life.assigned(at=4).resolved(5)
    assert judged(life, "completion", VC) == "counted"
    assert judged(life, "completion") == "counted"
    assert judged(life, "reopening") == "counted"


def test_pending_is_told_as_of_the_periods_end() -> None:
    life = held().resolved(AUGUST)
    assert judged(life, "pending") == "counted"
    assert judged(life, "pending", month="2022-08") is None
    assert judged(held(), "pending", now=0.5) == "counted"
    assert judged(held(), "pending", VC, now=0.5) is None


def test_what_is_finished_at_this_very_moment_is_not_pending() -> None:
    assert judged(held().resolved(9), "pending", now=8.9) == "counted"
    assert judged(held().resolved(9), "pending", now=9) is None


def test_the_first_moment_of_a_month_belongs_to_that_month_alone() -> None:
    life = held().resolved(MIDNIGHT)
    assert judged(life, "completed") is None
    assert judged(life, "completed", month="2022-08") == "counted"


def test_completion_is_told_by_what_became_of_the_case_in_the_end() -> None:
    life = held().resolved(2).rated(1, 3).reopened(3).assigned(at=AUGUST).resolved(AUGUST + 1)
    assert judged(life, "completion", VC) == "counted"
    climbed = held().resolved(2).rated(1, 3).reopened(3).assigned(TOWN, at=4).resolved(5)
    assert judged(climbed, "completion", VC) == "missed"


def test_a_level_settles_what_it_brings_to_a_result() -> None:
    life = held(resolve=9).climbs(9, to=TOWN).resolved(20)
    assert judged(life, "settled_at_town") == "counted"
    assert judged(life, "settled_at_village") == "missed"


def test_a_case_that_climbed_while_nobody_held_it_climbed_all_the_same() -> None:
    life = held().returned(2)
    up = clocked(events.Escalated, life.holding, from_level="village", to_level="town")
    life.tell(up, 3)
    assert judged(life, "escalated") == "counted"
    assert judged(life, "escalated", VC) is None


def test_supervision_is_counted_for_whoever_held_the_case() -> None:
    life = held().tell(events.Supervised(kind="case", due=moment(3)), 3)
    assert judged(life, "supervised", VC) == "counted"
    assert judged(life, "supervised") == "counted"


# ── satisfaction ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stars", "solved", "verdict"),
    [(3, None, "counted"), (2, None, "missed"), (5, False, "missed"), (5, True, "counted")],
)
def test_a_rating_satisfies_unless_it_is_low(stars: int, solved: bool | None, verdict: str) -> None:
    life = held().resolved(2).rated(stars, 3, solved)
    assert judged(life, "satisfaction") == verdict
    assert judged(life, "satisfaction_with_silence") == verdict


def test_silence_counts_only_where_it_is_said_to_count() -> None:
    life = held().resolved(2)
    assert judged(life, "satisfaction") == "awaiting"
    assert judged(life, "satisfaction_with_silence") == "awaiting"
    life.closed(200)
    assert judged(life, "satisfaction") == "silent"
    assert judged(life, "satisfaction_with_silence") == "counted"


def test_the_residents_own_word_goes_before_a_visit() -> None:
    life = held().resolved(2).rated(1, 3).rated(5, 4, by=RatedBy.VISIT)
    assert judged(life, "satisfaction") == "missed"


def test_a_month_is_judged_by_its_last_result_and_each_result_by_its_own_ratings() -> None:
    life = held().resolved(2).rated(1, 3).reopened(3).assigned(at=4).resolved(5).rated(5, 6)
    assert judged(life, "satisfaction") == "counted"
    late = held().resolved(2).rated(1, 3).reopened(3).assigned(at=4).resolved(AUGUST)
    assert judged(late, "satisfaction") == "missed"
    assert judged(late, "satisfaction", month="2022-08") == "awaiting"


# ── the fact sheet ───────────────────────────────────────────────────────────────────────────


def test_the_fact_sheet_tells_who_held_the_case_and_how_each_holding_ended() -> None:
    life = held().returned(2).assigned(VC2, at=3).climbs(9, to=TOWN).resolved(20)
    assert [(h.department, h.ended, h.since, h.until) for h in life.state.holdings] == [
        (VC, Ending.RETURNED, moment(1), moment(2)),
        (VC2, Ending.ESCALATED, moment(3), moment(9)),
        (TOWN, Ending.RESOLVED, moment(9), moment(20)),
    ]


def test_a_corrected_case_belongs_to_where_it_really_is() -> None:
    confirmed = events.Confirmed(
        decision_id="d", by="b", category="land", area="g211", changed=True
    )
    state = held().tell(confirmed, 2).state
    assert (state.area, state.category) == ("g211", "land")


def test_triage_ends_a_holding_that_it_takes_over() -> None:
    life = held()
    state = life.tell(events.TriageRequested(holding=life.holding, reason="corrected"), 2).state
    assert state.holdings[0].ended is Ending.REASSIGNED
