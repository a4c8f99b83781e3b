"""Return visits: a tenth of each department's closed cases, which anybody can draw again."""

from __future__ import annotations

from collections import Counter
from math import ceil
from random import Random

from schemas.reference import Settings
from schemas.rulebook import Rulebook
from services.rating.facts import State
from services.rating.visits import draw
from tests.county import small_county
from tests.unit.rating_life import TOWN, VC
from tests.unit.rating_words import JULY, RULES, done

CLOSED = {VC: 41, TOWN: 3}


def closed_cases() -> list[tuple[str, State]]:
    return [
        (f"{unit}-{n}", done(to=unit).closed(200).state)
        for unit, count in CLOSED.items()
        for n in range(count)
    ]


def test_at_least_a_tenth_of_each_department_is_drawn() -> None:
    drawn = Counter(visit.department for visit in draw(closed_cases(), RULES, JULY))
    assert drawn == {unit: ceil(count / 10) for unit, count in CLOSED.items()}


def test_the_draw_does_not_depend_on_the_order_of_the_cases() -> None:
    cases = closed_cases()
    shuffled = Random(1).sample(cases, len(cases))
    assert draw(shuffled, RULES, JULY) == draw(cases, RULES, JULY)


def test_another_seed_and_another_month_draw_others() -> None:
    other = Rulebook(small_county(settings=Settings(visit_seed="322")))
    ids = {visit.case_id for visit in draw(closed_cases(), RULES, JULY)}
    assert ids != {visit.case_id for visit in draw(closed_cases(), other, JULY)}


def test_only_what_was_closed_in_the_month_is_drawn() -> None:
    cases = [("open", done().state), ("closed", done().closed(200).state)]
    assert [visit.case_id for visit in draw(cases, RULES, JULY)] == ["closed"]
    assert draw(cases, RULES, "2022-08") == []


def test_the_worklist_says_of_how_many_it_was_drawn() -> None:
    visits = [visit for visit in draw(closed_cases(), RULES, JULY) if visit.department == VC]
    assert [visit.drawn for visit in visits] == [1, 2, 3, 4, 5]
    assert {visit.stratum for visit in visits} == {41}
