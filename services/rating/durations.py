"""How long things took: a multiset of durations that can tell its percentiles at any moment.

    add(250) … remove(250) ─► percentiles() ─► {"p50": 2.5, "p90": 2.5}

Durations are whole hundredths of an hour. They are kept in shelves of some two hours, so that one
more or less is two steps, and a percentile looks through the shelves and then through one of them:
a million durations are asked as fast as a thousand.

The rule to remember: **a percentile is the time of a real case** (nearest rank).
"""

from __future__ import annotations

from math import ceil

SHARES = (50, 90)
SHELF = 256
"""Hundredths of an hour in one shelf."""


class Durations:
    __slots__ = ("_counts", "_shelves", "n")

    def __init__(self) -> None:
        self.n = 0
        self._counts: dict[int, int] = {}
        """How many are in each shelf."""
        self._shelves: dict[int, dict[int, int]] = {}
        """How often each duration is there, by shelf."""

    def add(self, hundredths: int) -> None:
        self.n += 1
        number = hundredths // SHELF
        shelf = self._shelves.get(number)
        if shelf is None:
            self._counts[number] = 1
            self._shelves[number] = {hundredths: 1}
            return
        self._counts[number] += 1
        shelf[hundredths] = shelf.get(hundredths, 0) + 1

    def remove(self, hundredths: int) -> None:
        """Take out a duration that was added. KeyError for one that was not."""
        number = hundredths // SHELF
        shelf = self._shelves[number]
        if shelf[hundredths] == 1:
            del shelf[hundredths]
        else:
            shelf[hundredths] -= 1
        self.n -= 1
        self._counts[number] -= 1
        if not shelf:
            del self._counts[number], self._shelves[number]

    def percentiles(self) -> dict[str, float | None]:
        """``p50`` and ``p90`` in hours, to a hundredth; None where there are no durations."""
        if not self.n:
            return {f"p{share}": None for share in SHARES}
        shelves = sorted(self._counts)
        return {
            f"p{share}": self._nth(ceil(self.n * share / 100), shelves) / 100 for share in SHARES
        }

    def _nth(self, rank: int, shelves: list[int]) -> int:
        """The ``rank``-th shortest, counted from 1."""
        for number in shelves:
            if rank <= self._counts[number]:
                shelf = self._shelves[number]
                for hundredths in sorted(shelf):
                    rank -= shelf[hundredths]
                    if rank <= 0:
                        return hundredths
            rank -= self._counts[number]
        raise AssertionError("the shelves hold fewer than were counted")
