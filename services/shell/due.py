"""Which timers of a partition have run out: causes that nobody sends.

    tick(now), tick_case(case, until) ─► wanted: cases that ran out and are not in memory
                                      └► fire:   a cause for each that is

One case has one timer at a time: the next is known when the answer to this one has come back. What
a stored document says of its timer is a hint: the state decides, once it is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Generic

from services.decider import Cause, S, Timer
from services.shell.cases import Cases
from services.shell.entries import Entry
from services.shell.timers import Timers
from services.shell.wording import tick_of


class Due(Generic[S]):
    def __init__(
        self, due: Callable[[S], Timer | None], cases: Cases[S], timers: Timers | None
    ) -> None:
        """`timers`: those of the stored cases, where these are not all in memory."""
        self._due = due
        self._cases = cases
        self.now: datetime | None = None
        self.ahead: dict[str, datetime] = {}
        """Cases whose own time has come further than `now` (see `ClockTick`)."""
        self._run_out: dict[str, datetime] = {}
        """Timers that have run out and are no causes yet, in order."""
        self._called: set[str] = set()
        """Cases whose own time has moved on while they were not in memory."""
        entries = cases.entries.values()
        for entry in entries:
            entry.due = self._moment(entry)
        if timers is None:
            timers = Timers((e.id, e.due) for e in entries if e.due)
        self._timers = timers

    def tick(self, now: datetime) -> None:
        if self.now is None or now > self.now:
            self.now = now
            self.ahead = {case: until for case, until in self.ahead.items() if until > now}

    def tick_case(self, case: str, until: datetime) -> None:
        self.ahead[case] = max(until, self.ahead.get(case, until))
        self._called |= self._cases.missing([case])

    def watch(self, entry: Entry[S]) -> None:
        """Its state has changed: so may its timer."""
        due = self._moment(entry)
        if due != entry.due or entry.fired:
            entry.due, entry.fired = due, False
            self._timers.set(entry.id, due)

    def adopt(self, came: Iterable[Entry[S]], asked: Iterable[str]) -> None:
        """Cases came into memory. Their timers are set as their states have them: another owner may
        have stored them since the timers were read, and one that ran out unanswered is asked
        again."""
        for entry in came:
            entry.due = self._moment(entry)
            self._timers.set(entry.id, entry.due)
        for case in asked:
            self._called.discard(case)
            if case not in self._cases.entries:
                self._run_out.pop(case, None)

    def wanted(self) -> set[str]:
        """The cases that are needed in memory before timers can fire."""
        self._take()
        self._called = self._cases.missing(self._called)
        return self._cases.missing(self._run_out) | self._called

    def fire(self) -> Iterator[tuple[Entry[S], Cause]]:
        """A cause of every timer that has run out, whose case is in memory."""
        self._take()
        run_out, self._run_out = self._run_out, {}
        for case, at in run_out.items():
            entry = self._cases.entries.get(case)
            if entry is None:
                self._run_out[case] = at
            else:
                yield from self._cause(entry, at)
        for case, until in self.ahead.items():
            entry = self._cases.entries.get(case)
            if entry is not None and entry.due is not None and entry.due <= until:
                self._timers.set(case, None)
                yield from self._cause(entry, entry.due)

    def waiting(self) -> int:
        """Timers that have run out, and wait for their cases."""
        return len(self._run_out) + len(self._called)

    def next(self) -> datetime | None:
        """When the earliest timer runs out."""
        return next(iter(self._run_out.values()), None) or self._timers.next()

    def until(self, moment: datetime) -> dict[str, datetime]:
        """The cases whose next timer runs out by then, and when."""
        return self._timers.until(moment) | self._run_out

    def _take(self) -> None:
        if self.now:
            for at, case in self._timers.take(self.now):
                self._run_out[case] = at

    def _cause(self, entry: Entry[S], at: datetime) -> Iterator[tuple[Entry[S], Cause]]:
        timer = self._due(entry.state)
        if entry.fired or timer is None:
            return
        if timer.at != at:
            self._timers.set(entry.id, timer.at)
            return
        entry.fired = True
        entry.used = True
        yield entry, tick_of(timer, entry.id)

    def _moment(self, entry: Entry[S]) -> datetime | None:
        timer = self._due(entry.state)
        return timer.at if timer else None
