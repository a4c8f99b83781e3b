"""One case in one process: what the four services make of what people do, in stream time.

    timed inputs ─► commands ─► decide ─► event ─► folded by all four ─► decide ─► …
                     timers ──────┘                 └► whoever reacts: more timed inputs

`lab.rehearsal` does this for a whole county, on the services' own desks; here a case is on its own,
without the desks' safeguards, since nobody else writes to its log: what is decided lands at once, and
no answer is ever void. That is some ten times as fast. Reports are not held against each other, so
none joins another. Tests hold one against the other. `lab.runner` keeps many in one time.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Protocol

from lab.inputs import TimedInput
from lab.rehearsal import commands
from lab.replay.folding import DECIDERS, PLACE, fold_in
from schemas.envelope import Message
from schemas.events import CaseEvent
from schemas.lifecycle import Standing, advance, void_because
from schemas.rulebook import Rulebooks
from schemas.topics import EVENT_TYPES
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
NEVER = datetime.max.replace(tzinfo=UTC)
TIMED = tuple(place for place, decider in enumerate(DECIDERS) if decider.due is not DECIDERS[0].due)
"""The services that time alone moves."""


def _answering(kind: type[CaseEvent]) -> tuple[int, ...]:
    deciders = enumerate(DECIDERS)
    return tuple(n for n, each in deciders if each.answers is None or kind in each.answers)


ANSWERING = {kind: _answering(kind) for kind in EVENT_TYPES.values()}
"""The services that may answer events of a kind."""


class Broken(RuntimeError):  # noqa: N818 - it names the state of the rules
    """A decider gave an answer that its own lifecycle forbids, and would for ever."""


class OneCase:
    """`see` is told of each event that lands."""

    def __init__(
        self, case: str, rules: Rulebooks, parties: Reactions, see: Callable[[Message[Any]], None]
    ) -> None:
        self.id = case
        self.rules = rules
        self.parties = parties
        self.see = see
        self.words: list[Notice] = []
        """What senders alone were told: why a report or an update could not be."""
        self.now = LONG_AGO
        self.landed: dict[str, datetime] = {}
        """When each event did, by its id."""
        self.states: list[Any] = [decider.initial() for decider in DECIDERS]
        self.standing: Standing = self.states[0].standing
        self._inputs: list[tuple[datetime, int, TimedInput | Planned]] = []
        self._order = count()
        self._causes: deque[tuple[int, Cause]] = deque()
        self._timers: list[tuple[int, Timer]] | None = None
        """By service, those that have not run out; None: to be asked for again, since whatever lands
        sets them anew."""

    def state(self, service: str) -> Any:
        return self.states[PLACE[service]]

    def add(self, inputs: Iterable[TimedInput | Planned]) -> None:
        """What people will do. What should have been done before now is done at once."""
        for item in inputs:
            heapq.heappush(self._inputs, (item.at, next(self._order), item))

    def upcoming(self) -> datetime:
        """When something happens next; `NEVER` if nothing does."""
        first = self._inputs[0][0] if self._inputs else NEVER
        for _, timer in self._due():
            if timer.at < first:
                first = timer.at
        return first

    def run(self, until: datetime) -> None:
        """Let time pass until then. Raises `Broken`."""
        while (moment := self.upcoming()) <= until and moment is not NEVER:
            self.now = max(self.now, moment)
            if not self._run_out(moment):
                self._take(heapq.heappop(self._inputs)[2])
            self._settle()

    # ── causes ───────────────────────────────────────────────────────────────────────────────

    def _due(self) -> list[tuple[int, Timer]]:
        if self._timers is None:
            timers = [(place, DECIDERS[place].due(self.states[place])) for place in TIMED]
            self._timers = [(place, timer) for place, timer in timers if timer is not None]
        return self._timers

    def _run_out(self, moment: datetime) -> bool:
        """The timers whose time has come become causes; whether there are any."""
        timers = self._due()
        out = [(place, timer) for place, timer in timers if timer.at <= moment]
        if out:
            self._timers = [each for each in timers if each not in out]
            self._causes += [(place, tick_of(timer, self.id)) for place, timer in out]
        return bool(out)

    def _take(self, item: TimedInput | Planned) -> None:
        if item.holding is not None and item.holding != self.standing.holding:
            return  # planned for a holding that has ended
        if isinstance(item, TimedInput):
            self._causes += [(PLACE[service], command) for service, command in commands(item)]
        elif not isinstance(item.message.data, CaseEvent):
            self._causes.append((PLACE[item.message.source.rpartition("/")[2]], item.message))
        elif void_because(self.standing, item.message.data) is None:
            self._land(item.message)

    # ── answers ──────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        while self._causes:
            place, cause = self._causes.popleft()
            decider = DECIDERS[place]
            answer = decider.decide(self.states[place], cause, self.rules.at(cause.time))
            if isinstance(answer, Reply):
                self.words += answer.notices
            elif answer is not None:
                self._answer(decider.service, cause, answer)

    def _answer(self, service: str, cause: Cause, answer: CaseEvent) -> None:
        reason = void_because(self.standing, answer)
        if reason is not None:
            raise Broken(f"case {self.id}: {service} answers {cause.type}, which is void: {reason}")
        event = event_of(service, cause, answer, 0, self.rules)
        if event.id not in self.landed:  # else the same cause again, which has its answer
            self._land(event)

    def _land(self, event: Message[Any]) -> None:
        self.landed[event.id] = self.now
        self.standing = advance(self.standing, event)
        fold_in(self.states, event, self.standing)
        self._timers = None
        self.see(event)
        self._causes += [(place, event) for place in ANSWERING[type(event.data)]]
        self.add(self.parties.react(event))
