"""One case in one process: what the four services make of what people do, in stream time.

    timed inputs ─► commands ─► decide ─► event ─► folded by all four ─► decide ─► …
                     timers ──────┘                 └► whoever reacts: more timed inputs

`lab.rehearsal` does this for a whole county, on the services' own desks; here a case is on its own,
without the desks' safeguards, since nobody else writes to its log: what is decided lands at once.
That is several times as fast, and cases may be spread over the cores. Reports are not held against
each other, so none joins another. Tests hold one against the other.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Protocol

from lab.inputs import TimedInput
from lab.rehearsal import commands
from lab.replay.folding import DECIDERS, PLACE, fold_in
from schemas.envelope import Message
from schemas.events import CaseEvent
from schemas.lifecycle import advance, void_because
from schemas.rulebook import Rulebooks
from services.decider import Cause, Notice, Reply, Timer
from services.shell.wording import event_of, tick_of


@dataclass(frozen=True, slots=True)
class Planned:
    """A command, or an event that lands as it is, if the lifecycle allows it. One that was planned
    for a `holding` is dropped if that has ended by then."""

    at: datetime
    message: Message[Any]
    holding: str | None = None


class Reactions(Protocol):
    def react(self, event: Message[Any]) -> Iterable[TimedInput | Planned]: ...


LONG_AGO = datetime.min.replace(tzinfo=UTC)
TIMED = tuple(place for place, decider in enumerate(DECIDERS) if decider.due is not DECIDERS[0].due)
"""The services that time alone moves."""


class OneCase:
    """`log` is what lands, `landed` the moment at which each event did."""

    def __init__(self, case: str, rules: Rulebooks, parties: Reactions) -> None:
        self.id = case
        self.rules = rules
        self.parties = parties
        self.log: list[Message[Any]] = []
        self.landed: list[datetime] = []
        self.words: list[Notice] = []
        """What senders alone were told: why a report or an update could not be."""
        self.now = LONG_AGO
        self.states: list[Any] = [decider.initial() for decider in DECIDERS]
        self.standing = self.states[0].standing
        self._inputs: list[tuple[datetime, int, Planned]] = []
        self._order = count()
        self._causes: deque[tuple[int, Cause]] = deque()
        self._fired: dict[int, str] = {}
        """Timers that have run out without an answer, by service; whatever lands sets them anew."""

    def state(self, service: str) -> Any:
        return self.states[PLACE[service]]

    def add(self, inputs: Iterable[TimedInput | Planned]) -> None:
        """What people will do."""
        for item in inputs:
            for planned in _planned(item):
                at = max(planned.at, self.now)
                heapq.heappush(self._inputs, (at, next(self._order), planned))

    def run(self, until: datetime) -> list[Message[Any]]:
        """Let time pass until then, and say what is on the log."""
        while True:
            timed = self._next_timer()
            coming = self._inputs[0][0] if self._inputs else None
            if timed is not None and (coming is None or timed[1].at <= coming):
                place, timer = timed
                if timer.at > until:
                    break
                self._run_out(place, timer)
            elif coming is not None and coming <= until:
                at, _, planned = heapq.heappop(self._inputs)
                self._take(at, planned)
            else:
                break
        return self.log

    # ── causes ───────────────────────────────────────────────────────────────────────────────

    def _next_timer(self) -> tuple[int, Timer] | None:
        first: tuple[int, Timer] | None = None
        for place in TIMED:
            timer = DECIDERS[place].due(self.states[place])
            fired = timer is None or self._fired.get(place) == timer.id
            if timer is not None and not fired and (first is None or timer.at < first[1].at):
                first = place, timer
        return first

    def _run_out(self, place: int, timer: Timer) -> None:
        self.now = max(self.now, timer.at)
        self._fired[place] = timer.id
        self._causes.append((place, tick_of(timer, self.id)))
        self._settle()

    def _take(self, at: datetime, planned: Planned) -> None:
        self.now = max(self.now, at)
        message = planned.message
        if planned.holding is not None and planned.holding != self.standing.holding:
            return
        if isinstance(message.data, CaseEvent):
            self._land(message)
        else:
            self._causes.append((PLACE[message.source.rpartition("/")[2]], message))
        self._settle()

    # ── answers ──────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        while self._causes:
            place, cause = self._causes.popleft()
            decider = DECIDERS[place]
            answer = decider.decide(self.states[place], cause, self.rules.at(cause.time))
            if isinstance(answer, Reply):
                self.words += answer.notices
            elif answer is not None:
                self._land(event_of(decider.service, cause, answer, 0, self.rules))

    def _land(self, event: Message[Any]) -> None:
        if void_because(self.standing, event.data) is not None:
            return
        self._fold(event)
        self.log.append(event)
        self.landed.append(self.now)
        kind = type(event.data)
        for place, decider in enumerate(DECIDERS):
            if decider.answers is None or kind in decider.answers:
                self._causes.append((place, event))
        self.add(self.parties.react(event))

    def _fold(self, event: Message[Any]) -> None:
        self.standing = advance(self.standing, event)
        fold_in(self.states, event, self.standing)
        self._fired.clear()


def _planned(item: TimedInput | Planned) -> Iterable[Planned]:
    if isinstance(item, Planned):
        return (item,)
    return [Planned(item.at, command, item.holding) for _, command in commands(item)]
