"""The league: who is compared with whom, and in which order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from schemas.outputs import Rate
from schemas.reference import Settings
from schemas.rulebook import Rulebook
from services.rating.league import interval, league, wilson
from tests.county import small_county
from tests.unit.rating_life import BUREAU, TOWN, VC, VC2
from tests.unit.rating_words import cards_of, done


@pytest.mark.parametrize(
    ("numerator", "denominator", "bound"),
    [(1, 1, 0.2065), (5, 5, 0.5655), (98, 100, 0.9300), (0, 10, 0.0)],
)
def test_wilsons_bound_is_as_published(numerator: int, denominator: int, bound: float) -> None:
    found = wilson(Rate(numerator=numerator, denominator=denominator))
    assert found == pytest.approx(bound, abs=5e-5)


def test_the_interval_of_newcombes_example_is_as_published() -> None:
    assert interval(Rate(numerator=81, denominator=263)) == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )
    assert interval(Rate(numerator=0, denominator=0)) is None


@for_any(st.integers(1, 500), st.data())
def test_one_more_case_in_time_never_lowers_the_bound(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    better = wilson(Rate(numerator=k + 1, denominator=n + 1))
    worse = wilson(Rate(numerator=k, denominator=n))
    assert worse is not None
    assert better is not None
    assert 0 <= worse <= better < 1


def test_few_cases_are_shown_but_not_ranked() -> None:
    card = cards_of(*(done() for _ in range(4)))["department", VC]
    assert (card.rank, card.unranked_because) == (None, "fewer than 5 cases")
    assert cards_of(*(done() for _ in range(5)))["department", VC].rank == 1


def test_many_good_cases_go_before_few_perfect_ones() -> None:
    few, many = [done(to=VC)] * 5, [done(to=VC2, area="g211")] * 40
    cards = cards_of(*few, *many, done(to=VC2, area="g211", late=True))
    assert cards["department", VC2].rank == 1
    assert cards["department", VC].rank == 2


def test_like_is_compared_with_like() -> None:
    cards = cards_of(*(done(to=unit, late=unit != VC) for unit in (VC, TOWN, BUREAU) * 5))
    ranks = {unit: cards["department", unit].rank for unit in (VC, TOWN, BUREAU)}
    assert ranks == {VC: 1, TOWN: 1, BUREAU: 1}
    assert {cards["department", u].group for u in (VC, TOWN, BUREAU)} == {
        "village-units",
        "town-units",
        "county-units",
    }
    assert cards["level", "town"].rank is None


def test_equals_share_a_rank_and_satisfaction_decides_between_equals() -> None:
    rules = Rulebook(small_county(settings=Settings(minimum_sample=1)))
    same = [done(to="vc-v11"), done(to="vc-v12"), done(1, to="vc-v21")]
    cards = cards_of(*same, rules=rules)
    table = league(cards.values(), "village-units")
    assert [(card.id, card.rank) for card in table] == [("vc-v11", 1), ("vc-v12", 1), ("vc-v21", 3)]


def test_the_unranked_stand_below_the_ranked_by_how_much_they_did() -> None:
    cards = cards_of(*[done(to=VC, late=True)] * 5, *[done(to=VC2)] * 4)
    table = league(cards.values(), "village-units")
    assert [(card.id, card.rank) for card in table] == [(VC, 1), (VC2, None), ("vc-v12", None)]


def test_ranks_follow_the_bounds() -> None:
    late = [
        done(to=unit, late=n < k) for k, unit in enumerate((VC, "vc-v12", VC2)) for n in range(9)
    ]
    table = league(cards_of(*late).values(), "village-units")
    assert [card.rank for card in table] == [1, 2, 3]
    assert all((a.wilson or 0) > (b.wilson or 0) for a, b in pairwise(table))
