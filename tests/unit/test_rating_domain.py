"""What follows from a rating, and from silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas import events
from schemas.commands import SubmitRating
from schemas.events import Closed, Rated, RatingRefused, Reopened
from schemas.inputs import RatedBy, Rating
from schemas.lifecycle import Status, void_because
from schemas.reference import Settings
from schemas.rulebook import Rulebook
from services.decider import Reply, Tick
from services.rating.domain import DECIDER, initial
from services.rating.facts import State
from tests.county import small_county
from tests.story import CASE, Story, given, message, moment
from tests.unit.rating_life import TOWN, VC, Life
from tests.unit.rating_lives import lives
from tests.unit.router_words import assigned, opened, reopened, ruled, said

RULES = Rulebook(small_county())
A_WEEK = 7 * 24


def rating(stars: int = 5, solved: bool | None = None, at: float = 4, **more: Any) -> SubmitRating:
    fields: dict[str, Any] = {"by": RatedBy.RESIDENT, "comment": "[name] came twice"}
    sent = Rating(
        case_id=CASE, rating_id="r1", at=moment(at), stars=stars, solved=solved, **fields | more
    )
    return SubmitRating(origin="ratings.submitted", received_at=moment(at), rating=sent)


def a_case(*more: Any, **changes: Any) -> Story[State]:
    """e1 opened, e2 assigned to the village committee, then what is given."""
    return given(DECIDER, opened(**changes), assigned(), *more)


def a_resolved_case(*more: Any, **changes: Any) -> Story[State]:
    """e3 resolved, at hour 2, then what is given."""
    return a_case(said(events.Resolved, "e2"), *more, **changes)


def rated(stars: int, solved: bool | None = None, **more: Any) -> Rated:
    fields: dict[str, Any] = {"holding": "e2", "rating_id": "r1", "at": moment(3)}
    fields |= {"by": RatedBy.RESIDENT, "stars": stars, "solved": solved}
    return Rated(**fields | more)


# ── a rating comes in ────────────────────────────────────────────────────────────────────────


def test_a_rating_concerns_the_holding_whose_result_it_is() -> None:
    a_resolved_case().when(rating(4)).then(
        Rated, holding="e2", department=VC, stars=4, rating_id="r1", comment="[name] came twice"
    )


def test_a_closed_case_can_still_be_rated() -> None:
    a_resolved_case(Closed(holding="e2", how="silence")).when(rating(1)).then(Rated, stars=1)


@pytest.mark.parametrize(
    "story",
    [
        given(DECIDER, opened()),
        a_case(),
        a_case(said(events.Signed, "e2")),
        a_case(said(events.Returned, "e2")),
        a_resolved_case(reopened("e2")),
        a_resolved_case(ruled(events.Withdrawn, how="withdrawn")),
    ],
    ids=["open", "assigned", "signed", "returned", "reopened", "withdrawn"],
)
def test_a_case_without_a_result_cannot_be_rated(story: Story[State]) -> None:
    story.when(rating(5)).then(RatingRefused, rating_id="r1", stars=5, by=RatedBy.RESIDENT)
    assert isinstance(story.decision, RatingRefused)
    assert story.state.standing.status in story.decision.refusal


def test_a_rating_from_before_the_result_is_refused() -> None:
    a_resolved_case().when(rating(5), at=moment(1.9)).then(
        RatingRefused, refusal="the rating is older than the result that stands now"
    )
    a_resolved_case().when(rating(5), at=moment(2)).then(Rated)


def test_a_rating_of_an_earlier_result_does_not_count_for_the_new_one() -> None:
    story = a_resolved_case(reopened("e2"), assigned(holding="e4"), said(events.Resolved, "e5"))
    story.when(rating(5), at=moment(3)).then(RatingRefused)


def test_a_rating_of_an_unknown_case_leaves_nothing_on_the_log() -> None:
    story = given(DECIDER).when(rating(5))
    assert story.decision == Reply(unheard="there is no such case")


# ── not fixed ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("stars", "solved"), [(1, None), (2, None), (2, True), (5, False)])
def test_not_fixed_reaches_the_department_again(stars: int, solved: bool | None) -> None:
    story = a_resolved_case().when(rating(stars, solved)).happens()
    story.when(message(story.decision, id="e4", at=moment(3)))  # type: ignore[arg-type]
    story.then(Reopened, holding="e2", because="e4", nth=1, climbs=False)


@pytest.mark.parametrize(("stars", "solved"), [(3, None), (5, True), (4, None)])
def test_a_good_rating_reopens_nothing(stars: int, solved: bool | None) -> None:
    a_resolved_case(rated(stars, solved)).when(rated(stars, solved)).then(None)


def test_repeated_reopening_climbs() -> None:
    story = a_resolved_case(
        rated(1), reopened("e2"), assigned(holding="e5"), said(events.Resolved, "e6")
    )
    again = rated(1).model_copy(update={"holding": "e6"})
    story.and_(again).when(again, at=moment(9)).then(Reopened, nth=2, climbs=True)


def test_a_low_rating_reopens_until_the_window_ends_and_no_later() -> None:
    story = a_resolved_case(rated(1))
    story.when(rated(1), at=moment(2 + A_WEEK)).then(Reopened)
    story.when(rated(1), at=moment(2 + A_WEEK + 0.001)).then(None)


def test_the_window_and_what_is_low_come_from_the_rules() -> None:
    settings = Settings(reopen_window="2h", low_stars=3)
    story = given(
        DECIDER,
        *(opened(), assigned(), said(events.Resolved, "e2"), rated(3)),
        rules=Rulebook(small_county(settings=settings)),
    )
    story.when(rated(3), at=moment(4)).then(Reopened)
    story.when(rated(3), at=moment(4.1)).then(None)


def test_a_closed_case_is_reopened_within_the_window() -> None:
    story = a_resolved_case(Closed(holding="e2", how="silence"), rated(1))
    story.when(rated(1), at=moment(9)).then(Reopened)


def test_a_low_rating_is_answered_once() -> None:
    story = a_resolved_case(rated(1), reopened("e2")).when(rated(1))
    story.then(None)
    story.and_(assigned(holding="e5"), said(events.Resolved, "e6")).when(rated(1)).then(None)


# ── silence ──────────────────────────────────────────────────────────────────────────────────


def test_silence_closes_the_case() -> None:
    story = a_resolved_case()
    timer = DECIDER.due(story.state)
    assert timer is not None
    assert (timer.at, timer.because) == (moment(2 + A_WEEK), "e3")
    story.when_due().then(Closed, holding="e2", how="silence").happens()
    assert DECIDER.due(story.state) is None


def test_a_rated_case_closes_as_rated() -> None:
    a_resolved_case(rated(4)).when_due().then(Closed, how="rated")


def test_how_long_silence_lasts_was_frozen_when_the_case_was_opened() -> None:
    timer = DECIDER.due(a_resolved_case(closes_after_days=3).state)
    assert timer is not None
    assert timer.at == moment(2 + 3 * 24)


def test_the_silence_after_a_second_result_is_a_new_one() -> None:
    story = a_resolved_case()
    first = DECIDER.due(story.state)
    story.and_(rated(1), reopened("e2"))
    assert DECIDER.due(story.state) is None
    story.and_(assigned(holding="e5"), said(events.Resolved, "e6"))
    second = DECIDER.due(story.state)
    assert first is not None
    assert second is not None
    assert (second.at, second.because) == (moment(6 + A_WEEK), "e7")
    assert second.id != first.id
    story.when_due().then(Closed, holding="e6", how="silence")
    story.when(message(Tick(), id=first.id, at=first.at)).then(None)


def test_an_open_case_waits_for_nothing() -> None:
    assert DECIDER.due(a_case().state) is None
    assert DECIDER.due(initial()) is None


# ── any life at all ──────────────────────────────────────────────────────────────────────────


@settings(max_examples=150, deadline=None)
@for_any(lives(), st.integers(1, 5), st.floats(0, 3000))
def test_no_decision_is_ever_void(state: State, stars: int, at: float) -> None:
    timer = DECIDER.due(state)
    causes = [message(rating(stars), at=moment(at))]
    if state.standing.holding:
        causes.append(message(rated(stars, holding=state.standing.holding), at=moment(at)))
    if timer:
        causes.append(message(Tick(), id=timer.id, at=timer.at))
    for cause in causes:
        decided = DECIDER.decide(state, cause, RULES)
        if isinstance(decided, events.CaseEvent):
            assert void_because(state.standing, decided) is None


@settings(max_examples=100, deadline=None)
@for_any(lives())
def test_the_facts_survive_storing(state: State) -> None:
    adapter = TypeAdapter(State)
    assert adapter.validate_json(adapter.dump_json(state)) == state
    assert adapter.validate_python(adapter.dump_python(state, mode="json")) == state


@settings(max_examples=100, deadline=None)
@for_any(lives())
def test_a_timer_runs_exactly_while_a_result_waits_for_an_answer(state: State) -> None:
    assert (DECIDER.due(state) is not None) == (state.standing.status is Status.RESOLVED)


def test_the_fact_sheet_of_an_ordinary_case_is_small() -> None:
    life = Life().case_limits(respond=9, case=99).assigned(at=1, sign=3, resolve=20)
    state = life.signed(2).resolved(9).rated(5, 12).closed(200).state
    assert len(TypeAdapter(State).dump_json(state)) < 1200


def test_ratings_of_earlier_results_are_kept_and_the_same_raters_later_word_counts() -> None:
    life = Life().assigned(at=1).resolved(2).rated(1, 3).reopened(3).assigned(TOWN, at=4)
    state = life.resolved(5).rated(2, 6).rated(5, 7).rated(3, 8, by=RatedBy.VISIT).state
    first, second = state.holdings
    assert [stars.stars for stars in first.ratings] == [1]
    assert [(stars.by, stars.stars) for stars in second.ratings] == [
        (RatedBy.RESIDENT, 5),
        (RatedBy.VISIT, 3),
    ]
    counts = second.word()
    assert counts is not None
    assert counts.stars == 5
