"""The guard against floods: one person who rates very many results on one day.

    case, facts ─► who rated on which day ─► the days on which somebody rated too much ─► their cases

The rule to remember: **a flood is found, marked and left out by a stated rule**, `ratings_a_day` of
the county's settings: beyond it none of that person's ratings of that day counts, whatever they say,
so that nobody can choose which of them do. Visits and polls are made by callers, and are not guarded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from schemas.inputs import RatedBy
from services.rating.facts import State

Day: TypeAlias = tuple[str, date]
"""A rater's pseudonym, and a day by the county's clock."""


class Guard:
    def __init__(self, zone: ZoneInfo, most: int, since: datetime) -> None:
        """``most`` ratings of one person on one day count. Ratings before ``since`` are not looked at:
        no result of a later period has one."""
        self.floods: set[str] = set()
        """The cases whose resident's rating is part of a flood."""
        self._zone = zone
        self._most = most
        self._since = since
        self._cases: dict[Day, set[str]] = defaultdict(set)
        self._days: dict[str, frozenset[Day]] = {}

    def put(self, case: str, facts: State) -> set[str]:
        """Take in a case; the other cases whose ratings are a flood now, or are one no more."""
        before, after = self._days.pop(case, frozenset()), frozenset(self._rated(facts))
        if after:
            self._days[case] = after
        if before == after:
            return set()
        for day in before - after:
            self._cases[day].discard(case)
        for day in after - before:
            self._cases[day].add(case)
        touched = {case}.union(*(self._cases[day] for day in before ^ after))
        changed = {each for each in touched if self._is_flooded(each) != (each in self.floods)}
        self.floods ^= changed
        return changed - {case}

    def _is_flooded(self, case: str) -> bool:
        return any(len(self._cases[day]) > self._most for day in self._days.get(case, ()))

    def _rated(self, facts: State) -> Iterator[Day]:
        for holding in facts.holdings:
            for rating in holding.ratings:
                who = rating.rater or facts.reporter
                if rating.by is RatedBy.RESIDENT and who and rating.at >= self._since:
                    yield who, self._day(rating.at)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()
