"""The ledger of a board: what was said of each case, and until when that holds.

    put(case, shares) ─► what was said of it before      woken(now) ─► whose word has run out
    listed(unit, verdicts) ─► the cases of a unit of which the judges said so, by id

The rule to remember: **what was counted stands here, and is taken out as it stands here**, whatever
has become of the case, the time or the floods since. So a case that is put twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

import orjson

from services.rating.judging import Verdict
from services.rating.scratch import scratch
from services.rating.tally import Line
from services.rating.units import Key
from services.shell.timers import ticks

Share: TypeAlias = tuple[tuple[Key, ...], Line]
"""What one case says, and of which units."""
Verdicts: TypeAlias = tuple[Verdict | None, ...]
T = TypeVar("T")
TABLES = (
    "CREATE TABLE said (case_id TEXT, share INTEGER, units TEXT, verdicts INTEGER, spans BLOB, "
    "stars INTEGER, PRIMARY KEY (case_id, share)) WITHOUT ROWID",
    "CREATE TABLE holds (case_id TEXT PRIMARY KEY, until INTEGER) WITHOUT ROWID",
    "CREATE INDEX holds_until ON holds (until)",
)


class Numbered(Generic[T]):
    """Things of which there are few, by numbers: each is kept once."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}
        self._things: list[T] = []

    def number(self, thing: T) -> int:
        found = self._numbers.get(thing)
        if found is None:
            found = self._numbers[thing] = len(self._things)
            self._things.append(thing)
        return found

    def __getitem__(self, number: int) -> T:
        return self._things[number]


class Ledger:
    def __init__(self) -> None:
        self._file = scratch(*TABLES)
        self._units = Numbered[Key]()
        self._verdicts = Numbered[Verdicts]()

    def put(self, case: str, shares: Iterable[Share], until: datetime | None) -> tuple[Share, ...]:
        """What is said of a case now, and until when (None: for ever). What was said before."""
        file, before = self._file, self._said(case)
        if before:
            file.execute("DELETE FROM said WHERE case_id = ?", (case,))
            file.execute("DELETE FROM holds WHERE case_id = ?", (case,))
        rows = [(case, number, *self._row(share)) for number, share in enumerate(shares)]
        file.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?)", rows)
        if until is not None:
            file.execute("INSERT INTO holds VALUES (?, ?)", (case, ticks(until)))
        return before

    def _said(self, case: str) -> tuple[Share, ...]:
        found = self._file.execute(
            "SELECT units, verdicts, spans, stars FROM said WHERE case_id = ?", (case,)
        )
        return tuple(
            (
                tuple(self._units[int(number)] for number in units.split()),
                Line(self._verdicts[verdicts], tuple(orjson.loads(spans)), stars),
            )
            for units, verdicts, spans, stars in found
        )

    def _row(self, share: Share) -> tuple[str, int, bytes, int | None]:
        keys, line = share
        units = " ".join(str(self._units.number(key)) for key in keys)
        verdicts = self._verdicts.number(line.verdicts)
        return f" {units} ", verdicts, orjson.dumps(line.spans), line.stars

    def woken(self, now: datetime) -> list[str]:
        """The cases of which something else may be said now."""
        found = self._file.execute("SELECT case_id FROM holds WHERE until <= ?", (ticks(now),))
        return [case for (case,) in found]

    def listed(
        self, unit: Key, verdicts: Iterable[Verdicts], start: int, most: int | None
    ) -> list[tuple[str, Verdicts]]:
        """The cases of a unit of which one of these was said, in the order of their ids, from
        ``start`` on, at the ``most``."""
        numbers = ",".join(str(self._verdicts.number(each)) for each in verdicts)
        found = self._file.execute(
            f"SELECT case_id, verdicts FROM said WHERE verdicts IN ({numbers}) "  # nosec B608
            "AND instr(units, ?) ORDER BY case_id LIMIT ? OFFSET ?",
            (f" {self._units.number(unit)} ", -1 if most is None else most, start),
        )
        return [(case, self._verdicts[number]) for case, number in found]
