"""Floods of ratings, ratings of one's own work, and what is kept of a word that was replaced."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from schemas import events, ids
from schemas.events import Rated, RatingRefused
from schemas.inputs import RatedBy
from schemas.outputs import Rate
from schemas.reference import Settings
from schemas.rulebook import Rulebook
from services.rating.board import Board
from services.rating.facts import State
from services.rating.scorecards import behind, board_of
from tests.county import small_county
from tests.story import CASE, moment
from tests.unit.rating_life import Life
from tests.unit.rating_lives import lives
from tests.unit.rating_words import cards_of, judged
from tests.unit.router_words import said
from tests.unit.test_rating_board import in_bytes
from tests.unit.test_rating_domain import a_case, rating

RULES = Rulebook(small_county(settings=Settings(ratings_a_day=2, minimum_sample=1)))
PERSON: dict[str, Any] = {"reporter": {"kind": "resident", "ref": "p7"}}


def by_person(stars: int, at: float = 31, **more: Any) -> Life:
    """A case that one and the same person reported, and rated."""
    return Life(**PERSON | more).assigned(at=1, resolve=20).resolved(9).rated(stars, at)


def test_a_flood_of_ratings_from_one_person_on_one_day_is_left_out_aloud() -> None:
    two, three = (cards_of(*(by_person(5) for _ in range(n)), rules=RULES) for n in (2, 3))
    assert two["county", "c"].rates["satisfaction"] == Rate(numerator=2, denominator=2)
    flooded = three["county", "c"]
    assert flooded.rates["satisfaction"] == Rate(numerator=0, denominator=0, excluded={"flood": 3})
    assert flooded.rates["satisfaction_with_silence"].excluded == {"flood": 3}
    assert flooded.stars["n"] == 0


def test_as_many_ratings_on_two_days_are_no_flood() -> None:
    cards = cards_of(by_person(5), by_person(5), by_person(5, at=31 + 24), rules=RULES)
    assert cards["county", "c"].rates["satisfaction"].denominator == 3


def test_a_visit_counts_where_the_residents_word_is_part_of_a_flood() -> None:
    visited = by_person(5).rated(1, 32, by=RatedBy.VISIT)
    cards = cards_of(visited, by_person(5), by_person(5), rules=RULES)
    assert cards["county", "c"].rates["satisfaction"] == Rate(
        numerator=0, denominator=1, excluded={"flood": 2}
    )


def test_visitors_may_make_as_many_visits_a_day_as_they_can() -> None:
    visits = (by_person(5).rated(4, 32, by=RatedBy.VISIT) for _ in range(2))
    assert cards_of(*visits, rules=RULES)["county", "c"].rates["agreement"].numerator == 2


def test_the_list_behind_names_each_case_of_the_flood() -> None:
    facts = [(f"case-{n}", by_person(5).state) for n in range(3)]
    board = board_of(facts, RULES, "2022-07", moment(999))
    found = behind(board, scope="county", id="c", measure="satisfaction", part="excluded")
    assert found.cases == [(f"case-{n}", "flood") for n in range(3)]


@settings(max_examples=50, deadline=None)
@for_any(st.lists(st.tuples(st.integers(0, 4), lives()), max_size=10))
def test_floods_that_come_and_go_leave_the_figures_of_a_new_board(
    changes: list[tuple[int, State]],
) -> None:
    """All lives are of one person, so their ratings make floods that end when a case changes."""
    board, facts = Board(RULES, "2022-Q3", moment(2000)), {}
    for number, state in changes:
        board.put(f"case-{number}", state)
        facts[f"case-{number}"] = state
        again = board_of(facts.items(), RULES, "2022-Q3", moment(2000))
        assert in_bytes(board.cards()) == in_bytes(again.cards())


# ── one's own work ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("account", "counts"), [("clerk@vc", False), ("a resident", True)])
def test_whoever_handled_a_case_cannot_rate_it(account: str, counts: bool) -> None:
    by_clerk = said(events.Resolved, "e2").model_copy(update={"by": "clerk@vc"})
    sent = rating(5).model_copy(update={"mark": ids.mark(CASE, account), "rater": "ab12"})
    story = a_case(by_clerk).when(sent)
    if counts:
        story.then(Rated, rater="ab12")
    else:
        story.then(RatingRefused, refusal="whoever handled a case cannot rate it")


def test_the_final_word_counts_and_the_earlier_is_kept() -> None:
    (holding,) = by_person(2).rated(5, 40).state.holdings
    assert [stars.stars for stars in holding.ratings] == [5]
    assert [stars.stars for stars in holding.replaced] == [2]


@pytest.mark.parametrize(
    ("own", "visit", "verdict"),
    [(5, 5, "counted"), (5, 1, "missed"), (1, 5, "missed"), (5, None, "not-visited")],
)
def test_what_a_visit_finds_is_held_against_the_residents_word(
    own: int, visit: int | None, verdict: str
) -> None:
    life = by_person(own)
    if visit is not None:
        life.rated(visit, 32, by=RatedBy.VISIT)
    assert judged(life, "agreement") == verdict
