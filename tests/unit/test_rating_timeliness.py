"""How limits are judged: on time, overdue, the first word, the signature."""

from __future__ import annotations

from schemas import events
from tests.story import moment
from tests.unit.rating_life import TOWN, VC, VC2, Life
from tests.unit.rating_words import AUGUST, held, judged

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
