"""Timers: which case is due next? Pure: no clock, no cases, only moments.

    (case, moment) of a restart ─► one sorted run, read from its front ─┐
    set, moved, taken back since ─► what is new, and a heap of it ──────┴─► take(now), in order

A run costs some 100 bytes a case and is never searched: time only takes from its front. What has
changed since stands beside it and counts instead. When as much has changed as lies ahead in the run,
both are sorted into a new run; so memory follows the number of open cases, however often their
timers move.

The rule to remember: **a tick costs what is due**. Nothing here looks at a timer before its time.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
FEW = 1_000
"""Fewer changes than this are not worth a new run."""


class Timers:
    """At most one timer a case. Equal moments come in the order of the cases' ids."""

    def __init__(self, pairs: Iterable[tuple[str, datetime]] = ()) -> None:
        """All at once: a million take about a second. A case must not stand twice."""
        self._sort_in((ticks(at), case) for case, at in pairs)

    @classmethod
    def of_ticks(cls, pairs: Iterable[tuple[str, int]]) -> Timers:
        """The same, of moments in microseconds since 1970."""
        timers = cls()
        timers._sort_in((at, case) for case, at in pairs)
        return timers

    def _sort_in(self, timers: Iterable[tuple[int, str]]) -> None:
        run = sorted(timers)
        self._times = array("q", [at for at, _ in run])
        self._cases = [case for _, case in run]
        self._front = 0
        self._new: dict[str, int | None] = {}
        """Counts instead of the run: a moment, or None for no timer any more."""
        self._heap: list[tuple[int, str]] = []

    def __len__(self) -> int:
        """How many moments are kept, those included that no longer count."""
        return len(self._times) - self._front + len(self._heap)

    def set(self, case: str, at: datetime | None) -> None:
        """The case's timer runs out at this moment and no other; None: it has none."""
        due = None if at is None else ticks(at)
        if due is not None and self._new.get(case) == due:
            return
        self._new[case] = due
        if due is not None:
            heapq.heappush(self._heap, (due, case))
        if len(self._new) + len(self._heap) > 2 * (len(self._times) - self._front) + FEW:
            self._sort_in(list(self._live()))

    def next(self) -> datetime | None:
        """When the next timer runs out."""
        first = self._first()
        return _moment(first[0]) if first else None

    def take(self, now: datetime) -> Iterator[tuple[datetime, str]]:
        """Every timer up to `now`, in order of time; each is gone once it is given. A timer that is
        set meanwhile and has run out by `now` comes as well, in its turn."""
        until = ticks(now)
        while (first := self._first()) is not None and first[0] <= until:
            at, case = first
            self._remove(at, case)
            yield _moment(at), case

    def until(self, moment: datetime) -> dict[str, datetime]:
        """The cases whose timer runs out by then, and when; nothing is taken."""
        until, found = ticks(moment), {}
        for position in range(self._front, len(self._times)):
            if self._times[position] > until:
                break
            if self._cases[position] not in self._new:
                found[self._cases[position]] = _moment(self._times[position])
        for case, at in self._new.items():
            if at is not None and at <= until:
                found[case] = _moment(at)
        return found

    def _first(self) -> tuple[int, str] | None:
        """The earliest that still counts; what no longer does is dropped on the way."""
        times, cases, new, heap = self._times, self._cases, self._new, self._heap
        while self._front < len(times) and cases[self._front] in new:
            self._front += 1
        while heap and new.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        ahead = (times[self._front], cases[self._front]) if self._front < len(times) else None
        return min(ahead, heap[0]) if ahead and heap else ahead or (heap[0] if heap else None)

    def _remove(self, at: int, case: str) -> None:
        if self._heap and self._heap[0] == (at, case):
            heapq.heappop(self._heap)
            self._new[case] = None
        else:
            self._front += 1

    def _live(self) -> Iterator[tuple[int, str]]:
        for position in range(self._front, len(self._times)):
            if self._cases[position] not in self._new:
                yield self._times[position], self._cases[position]
        for case, at in self._new.items():
            if at is not None:
                yield at, case


def ticks(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def _moment(ticks: int) -> datetime:
    return EPOCH + timedelta(microseconds=ticks)
