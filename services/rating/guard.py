"""The guard against floods: one person who rates very many results on one day.

    case, facts ─► who rated on which day ─► the days on which somebody rated too much ─► their cases

The rule to remember: **a flood is found, marked and left out by a stated rule**, `ratings_a_day` of
the county's settings: beyond it none of that person's ratings of that day counts, whatever they say,
so that nobody can choose which of them do. Visits and polls are made by callers, and are not guarded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from schemas.inputs import RatedBy
from services.rating.facts import State
from services.rating.scratch import scratch

Day: TypeAlias = tuple[str, int]
"""A rater's pseudonym, and a day by the county's clock (the number that `date` gives it)."""


class Guard:
    def __init__(self, zone: ZoneInfo, most: int, since: datetime) -> None:
        """``most`` ratings of one person on one day count. Ratings before ``since`` are not looked at:
        no result of a later period has one."""
        self.floods: set[str] = set()
        """The cases whose resident's rating is part of a flood."""
        self._zone = zone
        self._most = most
        self._since = since
        self._file = scratch(
            "CREATE TABLE rated (case_id TEXT, who TEXT, day INTEGER, "
            "PRIMARY KEY (case_id, who, day)) WITHOUT ROWID",
            "CREATE INDEX rated_on ON rated (who, day)",
        )

    def put(self, case: str, facts: State) -> set[str]:
        """Take in a case; the other cases whose ratings are a flood now, or are one no more."""
        before, after = self._days(case), frozenset(self._rated(facts))
        if before == after:
            return set()
        self._file.executemany(
            "DELETE FROM rated WHERE case_id = ? AND who = ? AND day = ?",
            [(case, *day) for day in before - after],
        )
        self._file.executemany(
            "INSERT INTO rated VALUES (?, ?, ?)", [(case, *day) for day in after - before]
        )
        touched = {case}.union(*(self._cases(day) for day in before ^ after))
        changed = {each for each in touched if self._is_flooded(each) != (each in self.floods)}
        self.floods ^= changed
        return changed - {case}

    def _days(self, case: str) -> frozenset[Day]:
        found = self._file.execute("SELECT who, day FROM rated WHERE case_id = ?", (case,))
        return frozenset(found)

    def _cases(self, day: Day) -> set[str]:
        found = self._file.execute("SELECT case_id FROM rated WHERE who = ? AND day = ?", day)
        return {case for (case,) in found}

    def _is_flooded(self, case: str) -> bool:
        return any(len(self._cases(day)) > self._most for day in self._days(case))

    def _rated(self, facts: State) -> Iterator[Day]:
        for holding in facts.holdings:
            for rating in holding.ratings:
                who = rating.rater or facts.reporter
                if rating.by is RatedBy.RESIDENT and who and rating.at >= self._since:
                    yield who, self._day(rating.at)

    def _day(self, at: datetime) -> int:
        return at.astimezone(self._zone).toordinal()
