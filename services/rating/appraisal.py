"""Points of the monthly appraisal 考核: each one is linked to its cases.

    a department's card, the rows of appraisal.yaml ─► Points (rule, cases, points) …, and the sum

The rule to remember: **a point follows from a number on the card**, so it can be argued with case by
case, and the same rows give the same points from the same card.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.outputs import Scorecard
from schemas.reference import PointRule
from schemas.rulebook import Rulebook
from services.rating.measures import BY_NAME

START = 100.0


class Points(NamedTuple):
    rule: PointRule
    cases: int
    points: float
    """After the rule's limit; negative against the department."""


def points_of(card: Scorecard, rules: Rulebook) -> list[Points]:
    """A row for every rule that names a measure, also where no case falls under it."""
    return [
        _points(rule, cases_of(card, rule.measure, rule.part))
        for rule in rules.reference.appraisal
        if rule.measure in BY_NAME
    ]


def _points(rule: PointRule, cases: int) -> Points:
    found = cases * rule.points
    if rule.at_most is not None:
        found = max(-rule.at_most, min(rule.at_most, found))
    return Points(rule, cases, round(found, 2))


def total(points: list[Points]) -> float:
    return round(START + sum(each.points for each in points), 2)


def cases_of(card: Scorecard, measure: str, part: str) -> int:
    """How many cases a part of a cell has, by the card."""
    if not BY_NAME[measure].is_rate:
        return card.counts[measure] if part in ("numerator", "denominator") else 0
    rate = card.rates[measure]
    match part:
        case "numerator":
            return rate.numerator
        case "denominator":
            return rate.denominator
        case "missed":
            return rate.denominator - rate.numerator
        case _:
            return sum(rate.excluded.values())
