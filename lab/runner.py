"""Many cases in one process, quickly: what a rehearsal does, case by case.

    timed inputs + parties ─► commands ─► four deciders for one case ─┬─► its events ─► sink
                                              timers of that case ────┘      └─► parties

The same pure functions as the services', and the same rules of answering as their desks
(`services.shell.desk`): one cause, at most one event; a void answer is decided again. Only what one
process needs not is left out: notices to outsiders, offsets, snapshots, several owners. So each case
has the same events with the same ids as in `lab.rehearsal`, at some ten times its speed.

The rule to remember: **time is common to all cases**, the log is theirs alone. The case whose
moment comes first goes first, so parties that share something (a department's hands) see what
happens in its order, and the log is written as it comes, in the order of time.
"""

from __future__ import annotations

import gc
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from lab.inputs import TimedInput
from lab.rehearsal import DECIDERS, Parties, commands
from schemas import ids
from schemas.envelope import Message
from schemas.events import CaseEvent
from schemas.lifecycle import ENDED, Standing, advance, void_because
from schemas.reference import Reference
from schemas.rulebook import Rulebooks
from services.decider import Cause, Decider, Reply, Tick

Sink = Callable[[Message[Any]], None]
NEVER = datetime.max.replace(tzinfo=UTC)
SERVICES: tuple[Decider[Any], ...] = tuple(DECIDERS.values())


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


class Broken(RuntimeError):  # noqa: N818 - it names the state of the rules
    """A decider gave an answer that its own lifecycle forbids, and would for ever."""


class Seat:
    """One service's view of one case: its state, what waits for an answer, its timer."""

    __slots__ = ("attempt", "decider", "due", "fired", "in_flight", "queue", "state")

    def __init__(self, decider: Decider[Any]) -> None:
        self.decider = decider
        self.state = decider.initial()
        self.queue: deque[Cause] = deque()
        self.attempt = 0
        """Of the first cause of the queue."""
        self.in_flight: str | None = None
        self.due: datetime = NEVER
        self.fired = False

    def take(self, event: Message[Any], standing: Standing, *, moved: bool) -> None:
        """Fold an event that counts, and queue it where the service may answer it."""
        if moved:
            # Nobody else has this state, so it need not be copied for a field that every service
            # shares; copying was a fifth of all the time.
            object.__setattr__(self.state, "standing", standing)
        before, self.state = self.state, self.decider.evolve(self.state, event)
        if moved or self.fired or self.state is not before:
            timer = self.decider.due(self.state)
            self.due, self.fired = timer.at if timer else NEVER, False
        answers = self.decider.answers
        if answers is None or type(event.data) in answers:
            self.queue.append(event)

    def land(self, *, void: bool) -> None:
        """Its answer is on the log. A void answer is none: the cause is decided again."""
        self.in_flight = None
        if not void:
            self.queue.popleft()
            self.attempt = 0

    def fire(self, case: str) -> None:
        """The timer whose time has come becomes a cause, once."""
        if self.fired:
            return
        timer = self.decider.due(self.state)
        if timer is not None:
            self.fired = True
            tick = Message(timer.id, "/timers", case, timer.at, Tick(), causationid=timer.because)
            self.queue.append(tick)


class Case:
    __slots__ = ("heap", "id", "next", "seats", "standing", "void")

    def __init__(self, identity: str) -> None:
        self.id = identity
        self.seats = tuple(Seat(decider) for decider in SERVICES)
        self.standing = Standing()
        self.heap: list[tuple[datetime, int, TimedInput]] = []
        self.void: dict[str, bool] = {}
        """Every event's id, and whether it was void."""
        self.next = NEVER

    def upcoming(self) -> datetime:
        timer = min(seat.due for seat in self.seats if not seat.fired)
        return min(timer, self.heap[0][0]) if self.heap else timer

    @property
    def is_over(self) -> bool:
        return self.next is NEVER and self.standing.status in ENDED


class Runner:
    """`feed` are the inputs from outside in the order of time, as many as there may be; `sink` gets
    every event as it comes. What the parties add may lie at any later moment."""

    def __init__(self, reference: Reference, parties: Parties, sink: Sink) -> None:
        self.parties = parties
        self.sink = sink
        self.rules = Rulebooks([reference])
        self.cases: dict[str, Case] = {}
        self.events = 0
        self.now: datetime | None = None
        self._agenda: list[tuple[datetime, int, Case]] = []
        self._count = 0

    def run(self, feed: Iterable[TimedInput], until: datetime) -> None:
        """Let time pass until then. ValueError where the feed is not in the order of time."""
        inputs = iter(feed)
        coming = next(inputs, None)
        while True:
            first = self._agenda[0][0] if self._agenda else NEVER
            moment = min(first, coming.at) if coming else first
            if moment > until or moment is NEVER:
                self._give_back(coming, inputs)
                return
            if self.now is not None and moment < self.now:
                raise ValueError(
                    f"the inputs are not in the order of time: {moment} after {self.now}"
                )
            self.now = moment
            if coming is not None and coming.at <= first:
                self._add(coming)
                coming = next(inputs, None)
                continue
            moment, _, case = heapq.heappop(self._agenda)
            if case.next == moment:
                self._step(case, moment)

    def _give_back(self, coming: TimedInput | None, inputs: Iterator[TimedInput]) -> None:
        self.unsent = chain([coming], inputs) if coming else inputs

    # ── one case ─────────────────────────────────────────────────────────────────────────────

    def _add(self, item: TimedInput) -> None:
        case = self.cases.get(item.case)
        if case is None:
            case = self.cases[item.case] = Case(item.case)
        self._count += 1
        heapq.heappush(case.heap, (item.at, self._count, item))
        self._plan(case)

    def _plan(self, case: Case) -> None:
        moment = case.upcoming()
        if self.now is not None and moment < self.now:
            moment = self.now  # asked for in the past: it happens at once
        if moment != case.next and moment is not NEVER:
            self._count += 1
            heapq.heappush(self._agenda, (moment, self._count, case))
        case.next = moment

    def _step(self, case: Case, moment: datetime) -> None:
        case.next = NEVER
        self._settle(case, moment)
        while case.heap and case.heap[0][0] <= moment:
            item = heapq.heappop(case.heap)[2]
            if item.holding is not None and item.holding != case.standing.holding:
                continue  # planned for a holding that has ended
            for service, command in commands(item):
                case.seats[_SEATS[service]].queue.append(command)
            self._settle(case, moment)
        case.next = NEVER
        self._plan(case)
        if case.is_over:
            del self.cases[case.id]

    def _settle(self, case: Case, now: datetime) -> None:
        """Until no service has an answer left to give."""
        while True:
            out: list[Message[Any]] = []
            for seat in case.seats:
                if seat.due <= now:
                    seat.fire(case.id)
                if seat.queue and seat.in_flight is None:
                    event = self._answer(case, seat)
                    if event is not None:
                        out.append(event)
            if not out:
                return
            for event in out:
                self._land(case, event)

    def _answer(self, case: Case, seat: Seat) -> Message[Any] | None:
        """Answer causes in their order, until one has its event in flight."""
        while seat.queue:
            cause = seat.queue[0]
            event = self._event(case, seat, cause)
            if event is not None:
                seat.in_flight = event.id
                return event
            seat.queue.popleft()
            seat.attempt = 0
        return None

    def _event(self, case: Case, seat: Seat, cause: Cause) -> Message[Any] | None:
        decision = seat.decider.decide(seat.state, cause, self.rules.at(cause.time))
        if decision is None or isinstance(decision, Reply):
            return None
        service = seat.decider.service
        identity = ids.event_id(cause.id, service, seat.attempt)
        while (void := case.void.get(identity)) is not None:
            if not void:
                return None  # the same cause again: it has its answer
            seat.attempt += 1
            identity = ids.event_id(cause.id, service, seat.attempt)
        return self._message(case, cause, decision, identity, service)

    def _message(
        self, case: Case, cause: Cause, data: CaseEvent, identity: str, service: str
    ) -> Message[Any]:
        reason = void_because(case.standing, data)
        if reason is not None:
            raise Broken(
                f"case {case.id}: {service} answers {cause.type} with what is void: {reason}"
            )
        return Message(
            identity,
            f"/services/{service}",
            case.id,
            cause.time,
            data,
            cause.causationid if type(cause.data) is Tick else cause.id,
            self.rules.at(cause.time).version if data.RULED else None,
        )

    def _land(self, case: Case, event: Message[Any]) -> None:
        """The event is on the log: every service reads it, unless it is void there."""
        self.events += 1
        void = void_because(case.standing, event.data) is not None
        case.void[event.id] = void
        for seat in case.seats:
            if seat.in_flight == event.id:
                seat.land(void=void)
        self.sink(event)
        if not void:
            before, case.standing = case.standing, advance(case.standing, event)
            moved = before != case.standing
            for seat in case.seats:
                seat.take(event, case.standing, moved=moved)
        for item in self.parties.react(event):
            self._count += 1
            heapq.heappush(case.heap, (item.at, self._count, item))


_SEATS = {decider.service: place for place, decider in enumerate(SERVICES)}
