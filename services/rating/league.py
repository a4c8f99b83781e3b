"""The league: who is compared with whom, and in which order.

    cards of one period ─► grouped with their like ─► ranked ─► a table for each group

The rule to remember: units are ranked by the lower bound of Wilson's 95 % interval of their on-time
rate, then by the share of satisfied ratings; equals share a rank. The bound asks how good a unit is
at least, given how few cases it had: 5 of 5 is less proof than 98 of 100. Below the minimum sample
a unit is shown, but not ranked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from math import sqrt
from typing import Any, Literal, TypeAlias, get_args

from schemas.outputs import Rate, Scorecard
from schemas.reference import Level
from schemas.rulebook import Rulebook

Group: TypeAlias = Literal["county-units", "town-units", "village-units", "towns", "villages"]
Key: TypeAlias = tuple[str, str]
"""Scope and id of a unit."""
GROUPS: tuple[Group, ...] = get_args(Group)
UNITS: dict[Level, Group] = {
    Level.COUNTY: "county-units",
    Level.TOWN: "town-units",
    Level.VILLAGE: "village-units",
}
Z_95 = 1.959963984540054
RANKED_BY = "on_time"


def interval(rate: Rate) -> tuple[float, float] | None:
    """The 95 % score interval (Wilson 1927), to six places; None for no cases.

    p = numerator / n;  (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
    """
    n, p, z = rate.denominator, rate.value, Z_95
    if p is None:
        return None
    margin = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    middle, spread = p + z * z / (2 * n), 1 + z * z / n
    low, high = (middle - margin) / spread, (middle + margin) / spread
    return round(max(0.0, low), 6), round(min(1.0, high), 6)


def wilson(rate: Rate) -> float | None:
    """The lower bound of the interval: how good a unit is at least."""
    found = interval(rate)
    return found[0] if found is not None else None


def group_of(rules: Rulebook, scope: str, id: str) -> Group | None:
    """Whom a unit is compared with: villages with villages, bureaus with bureaus."""
    match scope:
        case "town":
            return "towns"
        case "village":
            return "villages"
        case "department":
            unit = rules.department(id)
            return UNITS[unit.level] if unit is not None else None
        case _:
            return None


def judged(rules: Rulebook, scope: str, id: str, rates: Mapping[str, Rate]) -> dict[str, Any]:
    """What a card says of its place in the league, but for the rank: whom it is compared with, the
    bound that ranks, and why it is not ranked, if it is not."""
    sample, group = rates[RANKED_BY], group_of(rules, scope, id)
    few = group is not None and sample.denominator < rules.settings.minimum_sample
    why = f"fewer than {rules.settings.minimum_sample} cases" if few else None
    return {"group": group, "wilson": wilson(sample), "unranked_because": why}


def ranks(cards: Iterable[Scorecard]) -> dict[str, int]:
    """The ranks of the cards of one group by their ids, those that are ranked."""
    return {card.id: rank for rank, card in _ranks(cards)}


def _ranks(cards: Iterable[Scorecard]) -> Iterator[tuple[int, Scorecard]]:
    """Equals share a rank, and the next rank is as far on as there are equals: 1, 2, 2, 4."""
    rank = 1
    able = [card for card in cards if card.unranked_because is None]
    for _, equals in groupby(sorted(able, key=_worth, reverse=True), key=_worth):
        same = list(equals)
        yield from ((rank, card) for card in same)
        rank += len(same)


def _worth(card: Scorecard) -> tuple[float, float]:
    return card.wilson or 0.0, card.rates["satisfaction"].value or 0.0


def league(cards: Iterable[Scorecard], group: Group) -> list[Scorecard]:
    """The table of one group: the ranked by rank, then the others by how many cases they had."""
    rows = [card for card in cards if card.group == group]
    return sorted(rows, key=_row)


def _row(card: Scorecard) -> tuple[bool, int, int, str]:
    unranked = card.rank is None
    return unranked, card.rank or 0, -card.counts["accepted"], card.id


def compared(cards: Iterable[Scorecard], before: Mapping[Key, Scorecard]) -> list[Scorecard]:
    """The same cards, with what changed against the period before, where that has a card."""
    return [_compared(card, before.get((card.scope, card.id))) for card in cards]


def _compared(card: Scorecard, before: Scorecard | None) -> Scorecard:
    if before is None:
        return card
    change = {
        name: round(rate.value - was, 6)
        for name, rate in card.rates.items()
        if rate.value is not None and (was := _value(before, name)) is not None
    }
    if card.rank is not None and before.rank is not None:
        change["rank"] = before.rank - card.rank
    return card.model_copy(update={"compared_with": before.period, "change": change})


def _value(card: Scorecard, name: str) -> float | None:
    rate = card.rates.get(name)
    return rate.value if rate is not None else None
