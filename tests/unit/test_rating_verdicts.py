"""How the other measures judge: completion, satisfaction, and what happened."""

from __future__ import annotations

import pytest

from schemas import events
from schemas.inputs import RatedBy
from services.rating.facts import Ending
from tests.story import moment
from tests.unit.rating_life import TOWN, VC, VC2, Life
from tests.unit.rating_words import AUGUST, MIDNIGHT, held, judged
from tests.unit.router_words import clocked

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


def test_a_return_is_wrong_when_triage_sends_the_case_back_and_only_for_who_returned_it() -> None:
    life = held().returned(2).assigned(VC2, at=3).returned(4)
    assert judged(life, "wrongly_returned", VC) is None
    life.sent_back(VC, 5)
    assert judged(life, "wrongly_returned", VC) == "counted"
    assert judged(life, "wrongly_returned", VC2) is None
    assert judged(life, "wrongly_returned") == "counted"
    assert [holding.found_wrong_at for holding in life.state.holdings] == [moment(5), None, None]


def test_a_wrong_return_counts_in_the_month_in_which_it_was_found() -> None:
    life = held().returned(2)
    life.sent_back(VC, AUGUST)
    assert judged(life, "returned", VC) == "counted"
    assert judged(life, "wrongly_returned", VC) is None
    assert judged(life, "wrongly_returned", VC, month="2022-08") == "counted"


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
