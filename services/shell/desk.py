"""The desk: all cases of one partition, for one service. Pure: no Kafka, no database, no clock.

Records of the log and commands come in, in the order of their partitions; what must be published
comes out. The rules that keep two owners and any crash harmless live here:

* the first record with an id counts, and the lifecycle voids what may not follow;
* one cause brings about at most one event, and while a case has one in flight its next cause waits;
* a void answer is no answer: its cause is decided again on the new state, as the next attempt;
* a refusal is only decided when the log has been read to its current end;
* nothing is committed beyond the lowest cause that is still unanswered.

    log records ─► read ─► fold ─► notify ─┐
    commands ─────────────────────► queue ─┼─► decide ─► take_outgoing()
    tick(now) ──────────────────────────────┘
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from schemas.lifecycle import advance, void_because
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS
from services.changing import replace
from services.decider import Cause, Decider, Decision, Notice, Reply, S, Tick, Timer
from services.shell.logs import about
from services.shell.timers import Timers

LOG = "log"
COMMANDS = "commands"
_TICKS = "ticks"
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Pending:
    """A cause that waits for its answer. `bar` is the log's end when a refusal was first thought
    of: only a log read up to there can refuse."""

    cause: Cause
    lane: str
    offset: int
    bar: int | None = None


@dataclass(slots=True)
class Entry(Generic[S]):
    """One case on the desk."""

    id: str
    state: S
    seen: bytes = b""
    """Ids of all records read for it, 16 bytes each."""
    void: bytes = b""
    """Ids of those that were void."""
    offset: int = -1
    """The last log record folded into `state`."""
    copies: tuple[int, ...] = ()
    """Offsets of records whose id had come before. Another owner, who knew less, may have said
    something else under it: outsiders hear of the first alone, also from an owner that begins
    anew and reads the copy again."""
    queue: deque[Pending] = field(default_factory=deque)
    in_flight: str | None = None
    due: datetime | None = None
    """When the next timer of `state` runs out."""
    fired: bool = False
    """That timer is a cause already; it is set anew by whatever lands next."""

    def as_it_stands(self) -> Entry[S]:
        """What a snapshot keeps, apart from what the desk goes on to do."""
        return Entry(
            self.id, self.state, self.seen, self.void, self.offset, self.copies, due=self.due
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish: events into the desk's own partition, the rest by their key."""

    topic: str
    key: str
    message: Message[Payload]
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A record on which the domain broke, or whose sender cannot be told: it is set aside, so that
    nothing else is disturbed."""

    lane: str
    offset: int
    message: Message[Payload]
    reason: str


def pack(identity: str) -> bytes:
    """An id as 16 bytes. Raises ValueError if it is not a UUID."""
    packed = bytes.fromhex(identity.replace("-", ""))
    if len(packed) != 16:
        raise ValueError(f"not a UUID: {identity!r}")
    return packed


def event_of(
    service: str, cause: Cause, data: CaseEvent, attempt: int, rulebooks: Rulebooks
) -> Message[Payload]:
    """A service's answer to a cause as the event that it becomes."""
    ticked = isinstance(cause.data, Tick)
    return Message(
        id=ids.event_id(cause.id, service, attempt),
        source=f"/services/{service}",
        subject=cause.subject,
        time=cause.time,
        data=data,
        causationid=cause.causationid if ticked else cause.id,
        policyversion=rulebooks.at(cause.time).version if data.RULED else None,
        traceparent=cause.traceparent,
    )


def tick_of(timer: Timer, case: str) -> Cause:
    """A timer that has run out, as a cause."""
    return Message(timer.id, "/timers", case, timer.at, Tick(), causationid=timer.because)


class Desk(Generic[S]):
    def __init__(
        self,
        decider: Decider[S],
        rulebooks: Rulebooks,
        partition: int,
        *,
        entries: Iterable[Entry[S]] = (),
        positions: dict[str, int] | None = None,
    ) -> None:
        self.decider = decider
        self.rulebooks = rulebooks
        self.partition = partition
        self.entries = {entry.id: entry for entry in entries}
        self.positions = {LOG: 0, COMMANDS: 0} | (positions or {})
        """The next offset to read of each lane, in live reading."""
        self.folded = self.positions[LOG]
        """The next offset of the log to fold."""
        self.now: datetime | None = None
        self.ahead: dict[str, datetime] = {}
        """Cases whose own time has come further than `now` (see `ClockTick`)."""
        self.tally: Counter[tuple[str, str]] = Counter()
        """(lane, outcome) of each record, and ("void", type) of void events."""
        self.dirty: dict[str, Entry[S]] = {}
        self.failures: list[Failure] = []
        self.refusing: dict[str, tuple[Entry[S], Pending]] = {}
        """Refusals that wait for the log to be read to its end."""
        self._open: dict[str, dict[int, None]] = {LOG: {}, COMMANDS: {}}
        self._out: list[Outgoing] = []
        self._ready: dict[str, Entry[S]] = {}
        self._waiting = 0
        for entry in self.entries.values():
            entry.due = self._due(entry)
        self._timers = Timers((e.id, e.due) for e in self.entries.values() if e.due)

    # ── what comes in ────────────────────────────────────────────────────────────────────────

    def fold(self, offset: int, event: Message[Any]) -> None:
        """First pass, on taking the partition: fold a log record, decide nothing."""
        self.folded = max(self.folded, offset + 1)
        entry = self._entry(event.subject)
        if offset > entry.offset:
            self._fold(entry, offset, event, pack(event.id))

    def read(self, offset: int, event: Message[Any]) -> None:
        """Live: fold a log record unless that is done, tell outsiders, and take it as a cause."""
        self.folded = max(self.folded, offset + 1)
        self.positions[LOG] = offset + 1
        entry, identity = self._entry(event.subject), pack(event.id)
        if offset > entry.offset:
            self._fold(entry, offset, event, identity)
        if offset in entry.copies:
            self.tally[LOG, "copy"] += 1
            return
        if identity in entry.void:
            self.tally["void", event.type] += 1
            return
        self.tally[LOG, "accepted"] += 1
        self._tell(self.decider.notify(entry.state, event), event)
        if self._may_answer(event):
            self._queue(entry, Pending(event, LOG, offset))

    def command(self, offset: int, command: Message[Any]) -> None:
        """Live: take a command as a cause."""
        self.positions[COMMANDS] = offset + 1
        self.tally[COMMANDS, "accepted"] += 1
        entry = self._entry(command.subject)
        self._queue(entry, Pending(command, COMMANDS, offset))

    def skip(self, lane: str, offset: int, *, live: bool = True) -> None:
        """A record that could not be read: passed over, since it went to the dead letters."""
        if lane == LOG:
            self.folded = max(self.folded, offset + 1)
        if live:
            self.tally[lane, "unreadable"] += 1
            self.positions[lane] = offset + 1

    def tick(self, now: datetime) -> None:
        """Time has come to `now`: every timer up to it is a cause."""
        if self.now is None or now > self.now:
            self.now = now
            self.ahead = {case: until for case, until in self.ahead.items() if until > now}

    def tick_case(self, case: str, until: datetime) -> None:
        """The time of one case has come to `until`."""
        self.ahead[case] = max(until, self.ahead.get(case, until))

    # ── what goes out ────────────────────────────────────────────────────────────────────────

    def settle(self) -> None:
        """Decide for every case that can be decided now."""
        self._fire()
        self._retry_refusals()
        while self._ready:
            ready, self._ready = self._ready, {}
            for entry in ready.values():
                self._answer(entry)

    def take_outgoing(self) -> list[Outgoing]:
        out, self._out = self._out, []
        return out

    def take_dirty(self) -> dict[str, Entry[S]]:
        dirty, self.dirty = self.dirty, {}
        return dirty

    def take_failures(self) -> list[Failure]:
        failures, self.failures = self.failures, []
        return failures

    def committable(self) -> dict[str, int]:
        """For each lane, the offset below which every cause has its answer."""
        return {
            lane: min(next(iter(open_), position), position)
            for lane, open_, position in (
                (lane, self._open[lane], self.positions[lane]) for lane in (LOG, COMMANDS)
            )
        }

    def unanswered(self) -> int:
        """Causes that wait, and events in flight."""
        return self._waiting

    def next_due(self) -> datetime | None:
        return self._timers.next()

    def due_until(self, moment: datetime) -> dict[str, datetime]:
        """The cases whose next timer runs out by then, and when."""
        return self._timers.until(moment)

    def needs_log_end(self) -> bool:
        return any(pending.bar is None for _, pending in self.refusing.values())

    def log_ends_at(self, end: int) -> None:
        """The log's current end, asked for after the refusals were thought of."""
        for _, pending in self.refusing.values():
            pending.bar = end if pending.bar is None else pending.bar

    # ── the fold ─────────────────────────────────────────────────────────────────────────────

    def _entry(self, case: str) -> Entry[S]:
        entry = self.entries.get(case)
        if entry is None:
            entry = self.entries[case] = Entry(case, self.decider.initial())
        return entry

    def _fold(self, entry: Entry[S], offset: int, event: Message[Any], identity: bytes) -> None:
        entry.offset = offset
        if identity in entry.seen:
            entry.copies += (offset,)
        else:
            entry.seen += identity
            reason = void_because(entry.state.standing, event.data)
            if reason is None:
                self._evolve(entry, offset, event)
            else:
                entry.void += identity
                logger.debug("void: case %s: %s", entry.id, reason)
        if entry.in_flight == event.id:
            entry.in_flight = None
            self._ready[entry.id] = entry
        self.dirty[entry.id] = entry

    def _evolve(self, entry: Entry[S], offset: int, event: Message[Any]) -> None:
        standing = advance(entry.state.standing, event)
        if standing != entry.state.standing:
            entry.state = replace(entry.state, standing=standing)
        try:
            entry.state = self.decider.evolve(entry.state, event)
        except Exception as error:
            # Every owner breaks on it alike, so leaving it out keeps all folds equal.
            self._failed(LOG, offset, event, error)
        self._watch(entry)

    # ── causes and answers ───────────────────────────────────────────────────────────────────

    def _may_answer(self, event: Message[Any]) -> bool:
        answers = self.decider.answers
        return answers is None or type(event.data) in answers

    def _queue(self, entry: Entry[S], pending: Pending) -> None:
        if pending.lane != _TICKS:
            self._open[pending.lane][pending.offset] = None
        entry.queue.append(pending)
        self._waiting += 1
        self._ready[entry.id] = entry

    def _answer(self, entry: Entry[S]) -> None:
        """Answer the causes of one case, in order, until one has its event in flight."""
        while entry.queue and entry.in_flight is None:
            pending = entry.queue[0]
            attempt = self._next_attempt(entry, pending.cause)
            if attempt is not None and not self._settled(entry, pending, attempt):
                return
            self._done(entry)
        if not entry.queue and entry.offset < 0:
            del self.entries[entry.id]  # a command about a case that the log does not know

    def _done(self, entry: Entry[S]) -> None:
        pending = entry.queue.popleft()
        self._waiting -= 1
        if pending.lane != _TICKS:
            self._open[pending.lane].pop(pending.offset, None)

    def _next_attempt(self, entry: Entry[S], cause: Cause) -> int | None:
        """The first attempt that the log does not show; None if an earlier one holds."""
        attempt = 0
        while True:
            identity = pack(ids.event_id(cause.id, self.decider.service, attempt))
            if identity not in entry.seen:
                return attempt
            if identity not in entry.void:
                return None
            attempt += 1

    def _settled(self, entry: Entry[S], pending: Pending, attempt: int) -> bool:
        """Decide one cause. False if it is not done with: in flight, or waiting to refuse."""
        cause = pending.cause
        decision = self._decide(entry, pending)
        if decision is None:
            return True
        if (isinstance(decision, Reply) or decision.REFUSAL) and not self._may_refuse(pending):
            self.refusing[entry.id] = (entry, pending)
            return False
        if isinstance(decision, Reply):
            self._tell(decision.notices, cause)
            if decision.unheard:
                self.failures.append(Failure(pending.lane, pending.offset, cause, decision.unheard))
            return True
        event = self._event(cause, decision, attempt)
        self._out.append(Outgoing(CASE_EVENTS.name, entry.id, event, self.partition))
        entry.in_flight = event.id
        return False

    def _decide(self, entry: Entry[S], pending: Pending) -> Decision:
        rules = self.rulebooks.at(pending.cause.time)
        try:
            decision = self.decider.decide(entry.state, pending.cause, rules)
        except Exception as error:
            self._failed(pending.lane, pending.offset, pending.cause, error)
            return None
        if isinstance(decision, CaseEvent):
            reason = void_because(entry.state.standing, decision)
            if reason is not None:
                # Published, it would come back void and be decided the same way, for ever.
                self._failed(pending.lane, pending.offset, pending.cause, ValueError(reason))
                return None
        return decision

    def _may_refuse(self, pending: Pending) -> bool:
        return pending.bar is not None and self.folded >= pending.bar

    def _retry_refusals(self) -> None:
        waiting, self.refusing = self.refusing, {}
        for entry, pending in waiting.values():
            if self._may_refuse(pending):
                self._ready[entry.id] = entry
            elif entry.queue and entry.queue[0] is pending:
                self.refusing[entry.id] = (entry, pending)

    def _event(self, cause: Cause, data: CaseEvent, attempt: int) -> Message[Payload]:
        return event_of(self.decider.service, cause, data, attempt, self.rulebooks)

    def _tell(self, notices: Iterable[Notice], cause: Message[Any]) -> None:
        for notice in notices:
            told = Message(
                id=ids.notice_id(cause.id, notice.topic, notice.data.TYPE, notice.addressee),
                source=f"/services/{self.decider.service}",
                subject=cause.subject,
                time=cause.time,
                data=notice.data,
                causationid=cause.id,
                policyversion=cause.policyversion,
                traceparent=cause.traceparent,
            )
            self._out.append(Outgoing(notice.topic, notice.key, told))

    def _failed(self, lane: str, offset: int, message: Message[Any], error: Exception) -> None:
        logger.error("%s set aside", message.type, exc_info=error, extra=about(message))
        self.failures.append(Failure(lane, offset, message, f"{type(error).__name__}: {error}"))

    # ── timers ───────────────────────────────────────────────────────────────────────────────

    def _due(self, entry: Entry[S]) -> datetime | None:
        timer = self.decider.due(entry.state)
        return timer.at if timer else None

    def _watch(self, entry: Entry[S]) -> None:
        due = self._due(entry)
        if due != entry.due or entry.fired:
            entry.due, entry.fired = due, False
            self._timers.set(entry.id, due)

    def _fire(self) -> None:
        """Make a cause of every timer that has run out. One case has one timer at a time: the next
        is known when the answer to this one has come back."""
        if self.now:
            for at, case in self._timers.take(self.now):
                self._run_out(self.entries[case], at)
        for case, until in self.ahead.items():
            entry = self.entries.get(case)
            if entry is not None and entry.due is not None and entry.due <= until:
                self._timers.set(case, None)
                self._run_out(entry, entry.due)

    def _run_out(self, entry: Entry[S], at: datetime) -> None:
        timer = self.decider.due(entry.state)
        if entry.fired or timer is None or timer.at != at:
            return
        entry.fired = True
        self._queue(entry, Pending(tick_of(timer, entry.id), _TICKS, -1))
