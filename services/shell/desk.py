"""The desk: the cases of one partition, for one service. Pure: no Kafka, no database, no clock.

Records of the log and commands come in, in order; what must be published comes out. The rules that
keep two owners and any crash harmless live here:

* the first record with an id counts, and the lifecycle voids what may not follow;
* one cause brings about at most one event, and while a case has one in flight its next cause waits;
* a void answer is no answer: its cause is decided again on the new state, as the next attempt;
* a refusal is only decided when the log has been read to its current end;
* nothing is committed beyond the lowest cause that is still unanswered.

    log records ─► read ─► fold ─► notify ─┐
    commands ─────────────────────► queue ─┼─► decide ─► take_outgoing()
    tick(now) ──────────────────────────────┘
Its rooms: `cases` (in memory), `due` (timers that ran out), `refusals` that wait, `wording`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Generic

from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from schemas.lifecycle import advance, void_because
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS
from services.changing import replace
from services.decider import Cause, Decider, Decision, Notice, Reply, S
from services.shell.cases import Cases
from services.shell.due import Due
from services.shell.entries import COMMANDS, LOG, TICKS, Entry, Failure, Outgoing, Pending, pack
from services.shell.logs import about
from services.shell.open_causes import Open
from services.shell.refusals import Refusals
from services.shell.timers import Timers
from services.shell.wording import event_of, notices_of

__all__ = ["COMMANDS", "LOG", "Desk", "Entry", "Failure", "Outgoing", "Pending", "pack"]
logger = logging.getLogger(__name__)


class Desk(Generic[S]):
    def __init__(
        self,
        decider: Decider[S],
        rulebooks: Rulebooks,
        partition: int,
        *,
        entries: Iterable[Entry[S]] = (),
        positions: dict[str, int] | None = None,
        timers: Timers | None = None,
        room: int | None = None,
        folded: int | None = None,
    ) -> None:
        """`entries` are all stored cases of the partition; or only some of them, where `timers` are
        those of all. `room`: so many cases may stay in memory. `folded`: up to where the log is in
        what is stored, if that is less than was read."""
        self.decider = decider
        self.rulebooks = rulebooks
        self.partition = partition
        self.cases = Cases(entries, whole=timers is None, room=room)
        self.entries = self.cases.entries
        self.positions = {LOG: 0, COMMANDS: 0} | (positions or {})
        """The next offset to read of each lane, in live reading."""
        read = self.positions[LOG]
        self.folded = read if folded is None else min(folded, read)
        """The next offset of the log to fold."""
        self.tally: Counter[tuple[str, str]] = Counter()
        """(lane, outcome) of each record, and ("void", type) of void events."""
        self.dirty: dict[str, Entry[S]] = {}
        self.failures: list[Failure] = []
        self.refusals = Refusals[S]()
        self._open = Open()
        self._out: list[Outgoing] = []
        self._ready: dict[str, Entry[S]] = {}
        self._due = Due(decider.due, self.cases, timers)

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
        if said := self.decider.notify(entry.state, event):
            self._tell(said, event)
        if self.decider.may_answer(event):
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
        self._due.tick(now)

    def tick_case(self, case: str, until: datetime) -> None:
        """The time of one case has come to `until`."""
        self._due.tick_case(case, until)

    # ── cases that are not in memory (see `services.shell.cases`) ────────────────────────────

    def missing(self, cases: Iterable[str]) -> set[str]:
        """Of the cases whose records are to be handed over, those to be adopted before."""
        return self.cases.missing(cases)

    def missing_for_timers(self) -> set[str]:
        """The cases whose time has come, and that are to be adopted before the desk settles."""
        return self._due.wanted()

    def adopt(self, found: Iterable[Entry[S]], asked: set[str]) -> None:
        """What the database has of the cases that it was asked for."""
        self._due.adopt(self.cases.adopt(found, asked), asked)

    def end_turn(self) -> None:
        """All that came is settled: cases may go that the database keeps."""
        self.cases.end_turn()

    # ── what goes out ────────────────────────────────────────────────────────────────────────

    def settle(self) -> None:
        """Decide for every case that can be decided now."""
        for entry, tick in self._due.fire():
            self._queue(entry, Pending(tick, TICKS, -1))
        for entry in self.refusals.take(self._may_refuse):
            self._ready[entry.id] = entry
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
        return {lane: self._open.lowest(lane, self.positions[lane]) for lane in (LOG, COMMANDS)}

    def unanswered(self) -> int:
        """Causes that wait, events in flight, timers that wait for their cases."""
        return self._open.number + self._due.waiting()

    def next_due(self) -> datetime | None:
        return self._due.next()

    def due_until(self, moment: datetime) -> dict[str, datetime]:
        """The cases whose next timer runs out by then, and when."""
        return self._due.until(moment)

    def needs_log_end(self) -> bool:
        return self.refusals.need_log_end()

    def log_ends_at(self, end: int) -> None:
        self.refusals.log_ends_at(end)

    # ── the fold ─────────────────────────────────────────────────────────────────────────────

    def _entry(self, case: str) -> Entry[S]:
        entry = self.entries.get(case)
        if entry is None:
            self.cases.may_be_new(case)
            entry = self.entries[case] = Entry(case, self.decider.initial())
        entry.used = True
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
        self._due.watch(entry)

    # ── causes and answers ───────────────────────────────────────────────────────────────────

    def _queue(self, entry: Entry[S], pending: Pending) -> None:
        self._open.add(pending)
        entry.queue.append(pending)
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
        self._open.done(entry.queue.pop(0))

    def _next_attempt(self, entry: Entry[S], cause: Cause) -> int | None:
        return entry.next_attempt(cause.id, self.decider.service)

    def _settled(self, entry: Entry[S], pending: Pending, attempt: int) -> bool:
        """Decide one cause. False if it is not done with: in flight, or waiting to refuse."""
        cause = pending.cause
        decision = self._decide(entry, pending)
        if decision is None:
            return True
        if (isinstance(decision, Reply) or decision.REFUSAL) and not self._may_refuse(pending):
            self.refusals.wait(entry, pending)
            return False
        if isinstance(decision, Reply):
            self._tell(decision.notices, cause)
            if decision.unheard:
                self.failures.append(Failure(pending.lane, pending.offset, cause, decision.unheard))
            return True
        event = self._event(cause, decision, attempt)
        opens = self.decider.opens(entry.state, decision)
        self._out.append(Outgoing(CASE_EVENTS.name, entry.id, event, self.partition, opens))
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

    def _event(self, cause: Cause, data: CaseEvent, attempt: int) -> Message[Payload]:
        return event_of(self.decider.service, cause, data, attempt, self.rulebooks)

    def _tell(self, notices: Iterable[Notice], cause: Cause) -> None:
        self._out += notices_of(self.decider.service, notices, cause)

    def _failed(self, lane: str, offset: int, message: Message[Any], error: Exception) -> None:
        logger.error("%s set aside", message.type, exc_info=error, extra=about(message))
        self.failures.append(Failure(lane, offset, message, f"{type(error).__name__}: {error}"))
