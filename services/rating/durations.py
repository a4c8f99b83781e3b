"""How long things took: a multiset of durations that can tell its percentiles at any moment.

    add(250) … remove(250) ─► percentiles() ─► {"p50": 2.5, "p90": 2.5}

Durations are whole hundredths of an hour. They are kept in shelves of some two hours, a byte each and
sorted, so that one more or less is found at once, and a percentile counts through the shelves: a
million durations are a megabyte, and are asked as fast as a thousand.

The rule to remember: **a percentile is the time of a real case** (nearest rank).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from math import ceil

SHARES = (50, 90)
SHELF = 256
"""Hundredths of an hour in one shelf: the place on it is a byte."""


class Durations:
    __slots__ = ("_shelves", "n")

    def __init__(self) -> None:
        self.n = 0
        self._shelves: dict[int, bytearray] = {}

    def add(self, hundredths: int) -> None:
        self.n += 1
        number, place = divmod(hundredths, SHELF)
        shelf = self._shelves.get(number)
        if shelf is None:
            self._shelves[number] = bytearray((place,))
        else:
            insort(shelf, place)

    def remove(self, hundredths: int) -> None:
        """Take out a duration that was added. KeyError for one that was not."""
        number, place = divmod(hundredths, SHELF)
        shelf = self._shelves[number]
        at = bisect_left(shelf, place)
        if at == len(shelf) or shelf[at] != place:
            raise KeyError(hundredths)
        del shelf[at]
        self.n -= 1
        if not shelf:
            del self._shelves[number]

    def percentiles(self) -> dict[str, float | None]:
        """``p50`` and ``p90`` in hours, to a hundredth; None where there are no durations."""
        if not self.n:
            return {f"p{share}": None for share in SHARES}
        shelves = sorted(self._shelves)
        return {
            f"p{share}": self._nth(ceil(self.n * share / 100), shelves) / 100 for share in SHARES
        }

    def _nth(self, rank: int, shelves: list[int]) -> int:
        """The ``rank``-th shortest, counted from 1."""
        for number in shelves:
            shelf = self._shelves[number]
            if rank <= len(shelf):
                return number * SHELF + shelf[rank - 1]
            rank -= len(shelf)
        raise AssertionError("the shelves hold fewer than were counted")
