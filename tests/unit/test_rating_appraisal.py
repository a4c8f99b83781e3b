"""Points of the appraisal: each follows from a number on the card, and stays within its rule."""

from __future__ import annotations

from pathlib import Path

from schemas.reference import PointRule
from schemas.rulebook import Rulebook
from services.rating.appraisal import START, points_of, total
from services.rating.measures import BY_NAME
from services.shell.reference import read_folder
from tests.county import small_county
from tests.unit.rating_life import VC
from tests.unit.rating_words import cards_of, done

YELLOW = PointRule(
    code="yellow", name="黄牌", measure="overdue", points=-5, mark="yellow", at_most=12
)
PRAISE = PointRule(code="praise", name="表扬", measure="satisfaction", points=0.5)
FAILED = PointRule(code="failed", name="不满意", measure="satisfaction", part="missed", points=-2)
RULES = Rulebook(small_county(appraisal=(YELLOW, PRAISE, FAILED)))


def test_each_point_is_a_number_of_cases_times_what_a_case_is_worth() -> None:
    card = cards_of(done(5), done(4), done(1), done(5, late=True), rules=RULES)["department", VC]
    found = points_of(card, RULES)
    assert [(each.rule.code, each.cases, each.points) for each in found] == [
        ("yellow", 1, -5),
        ("praise", 3, 1.5),
        ("failed", 1, -2),
    ]
    assert total(found) == START - 5.5


def test_a_rule_takes_no_more_than_it_may() -> None:
    card = cards_of(*(done(late=True) for _ in range(4)), rules=RULES)["department", VC]
    assert points_of(card, RULES)[0].points == -12


def test_every_row_that_ships_names_a_measure() -> None:
    rows = read_folder(Path(__file__).parents[2] / "deploy/hanyin").appraisal
    assert len(rows) >= 5
    assert {row.measure for row in rows} <= set(BY_NAME)
    assert {row.mark for row in rows} >= {"yellow", "red"}
