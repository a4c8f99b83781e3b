"""Many cases in one process, quickly: what a rehearsal does, case by case.

    timed inputs ─► the case whose moment comes first (`lab.one_case`) ─┬─► its events ─► see
                                       ▲ parties, common to all ◄───────┘

Only what one process needs not is left out: notices to outsiders, offsets, snapshots, several
owners. So each case has the same events with the same ids as in `lab.rehearsal`, at some ten times
its speed.

The rule to remember: **time is common to all cases**, the log is theirs alone. The case whose
moment comes first goes first, so parties that share something (a department's hands) see what
happens in its order, and the log is written as it comes, in the order of time.
"""

from __future__ import annotations

import gc
import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count
from typing import Any

from lab.inputs import TimedInput
from lab.one_case import LONG_AGO, NEVER, OneCase
from lab.rehearsal import Parties
from schemas.envelope import Message
from schemas.lifecycle import ENDED
from schemas.reference import Reference
from schemas.rulebook import Rulebooks


@contextmanager
def unhindered() -> Iterator[None]:
    """Without the collector of cycles: cases make none, and it would look through all of them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Runner:
    """The inputs from outside come in the order of time, as many as there may be; `see` gets every
    event as it comes. What the parties add may lie at any later moment."""

    def __init__(
        self, reference: Reference, parties: Parties, see: Callable[[Message[Any]], None]
    ) -> None:
        self.parties = parties
        self.see = see
        self.rules = Rulebooks([reference])
        self.cases: dict[str, OneCase] = {}
        self.now = LONG_AGO
        self._agenda: list[tuple[datetime, int, OneCase]] = []
        self._order = count()

    def run(self, feed: Iterable[TimedInput], until: datetime) -> None:
        """Let time pass until then. ValueError where the feed is not in the order of time."""
        inputs = iter(feed)
        coming = next(inputs, None)
        while True:
            first = self._agenda[0][0] if self._agenda else NEVER
            moment = min(first, coming.at) if coming else first
            if moment > until or moment is NEVER:
                self.unsent = chain([coming], inputs) if coming else inputs
                return
            if moment < self.now:
                raise ValueError(
                    f"the inputs are not in the order of time: {moment} after {self.now}"
                )
            self.now = moment
            if coming is not None and coming.at <= first:
                self._add(coming)
                coming = next(inputs, None)
            else:
                self._step(heapq.heappop(self._agenda)[2])

    def _add(self, item: TimedInput) -> None:
        case = self.cases.get(item.case)
        if case is None:
            case = OneCase(item.case, self.rules, self.parties, self.see)
            self.cases[item.case] = case
        case.add([item])
        self._plan(case, case.upcoming())

    def _step(self, case: OneCase) -> None:
        if case.upcoming() > self.now:
            return  # what it was planned for has come sooner, or not at all
        case.run(self.now)
        moment = case.upcoming()
        if moment is not NEVER:
            self._plan(case, moment)
        elif case.standing.status in ENDED:
            del self.cases[case.id]

    def _plan(self, case: OneCase, moment: datetime) -> None:
        heapq.heappush(self._agenda, (max(moment, self.now), next(self._order), case))
