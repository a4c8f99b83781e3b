"""A whole county in one process: the four services' desks on a log in memory, in stream time.

    timed inputs + parties ─► commands ─► four desks ─┬─► the log ─► desks, parties
                                    timers ──────────┘

No broker, no database, no doors: texts are masked as the doors do, contacts are left out. What comes
out is the log as the platform would have written it, but for the ids that a broker's offsets or an
installation's secret take part in. The demo month takes some seconds.

The rule to remember: **time goes from one moment at which something happens to the next**, so
nothing depends on who was faster.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Any, Protocol

from lab.inputs import TimedInput
from schemas import ids, topics
from schemas.commands import (
    Command,
    ConfirmReport,
    ReporterOnLog,
    SubmitDecision,
    SubmitRating,
    SubmitReport,
    SubmitUpdate,
)
from schemas.envelope import Message
from schemas.inputs import Rating, Report, TriageDecision, Update, Verdict
from schemas.reference import Reference, Service
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS
from services.intake.domain import DECIDER as INTAKE
from services.intake.doors import masked
from services.rating.domain import DECIDER as RATING
from services.router.domain import DECIDER as ROUTER
from services.shell.desk import LOG, Desk
from services.sla.domain import DECIDER as SLA

DECIDERS = {decider.service: decider for decider in (INTAKE, ROUTER, SLA, RATING)}


class Parties(Protocol):
    def react(self, event: Message[Any]) -> Iterable[TimedInput]: ...


class Rehearsal:
    def __init__(
        self,
        reference: Reference,
        parties: Parties,
        on_event: Callable[[Message[Any]], None] = lambda _event: None,
    ) -> None:
        self.parties = parties
        self.on_event = on_event
        self.log: list[Message[Any]] = []
        rules = Rulebooks([reference])
        self.desks: dict[str, Desk[Any]] = {n: Desk(d, rules, 0) for n, d in DECIDERS.items()}
        self._inputs: list[tuple[datetime, int, TimedInput]] = []
        self._order = count()
        self._read = 0
        self._commanded = dict.fromkeys(DECIDERS, 0)

    def add(self, inputs: Iterable[TimedInput]) -> None:
        for item in inputs:
            heapq.heappush(self._inputs, (item.at, next(self._order), item))

    def run(self, until: datetime) -> list[Message[Any]]:
        """Let time pass until then, and say what is on the log."""
        while (moment := self._next()) is not None and moment <= until:
            for desk in self.desks.values():
                desk.tick(moment)
            self._settle()
            while self._inputs and self._inputs[0][0] <= moment:
                self._send(heapq.heappop(self._inputs)[2])
                self._settle()
        return self.log

    def _next(self) -> datetime | None:
        """When something happens next: an input, or a timer that runs out."""
        dues = [desk.next_due() for desk in self.desks.values()]
        inputs = [self._inputs[0][0]] if self._inputs else []
        return min([*inputs, *(due for due in dues if due is not None)], default=None)

    def _send(self, item: TimedInput) -> None:
        if item.holding is not None and self._holding(item.case) != item.holding:
            return  # planned for a holding that has ended
        for service, command in commands(item):
            desk = self.desks[service]
            desk.command(self._commanded[service], command)
            self._commanded[service] += 1

    def _holding(self, case: str) -> str | None:
        entry = self.desks["rating"].entries.get(case)
        return entry.state.standing.holding if entry else None

    def _settle(self) -> None:
        """Until nobody has an answer left, and all have read the log to its end."""
        while True:
            for desk in self.desks.values():
                self._read_on(desk)
                desk.settle()
                if desk.needs_log_end():
                    desk.log_ends_at(len(self.log))
                    desk.settle()
            out = [item for desk in self.desks.values() for item in desk.take_outgoing()]
            events = [item.message for item in out if item.topic == CASE_EVENTS.name]
            if not events and all(d.positions[LOG] == len(self.log) for d in self.desks.values()):
                return
            self.log += events

    def _read_on(self, desk: Desk[Any]) -> None:
        for offset in range(desk.positions[LOG], len(self.log)):
            desk.read(offset, self.log[offset])
            if offset >= self._read:
                self._read = offset + 1
                self.on_event(self.log[offset])
                self.add(self.parties.react(self.log[offset]))


# ── doors ────────────────────────────────────────────────────────────────────────────────────


def commands(item: TimedInput) -> list[tuple[str, Message[Any]]]:
    """What the doors make of an input, by the service that it is for."""
    origin: dict[str, Any] = {"origin": item.topic, "received_at": item.at}
    data: Command
    match item.data:
        case Report() as report:
            service, data = "intake", _submit(report, origin)
        case Update() as update:
            department = item.topic.removeprefix(f"{topics.UPDATES.name}.")
            service, data = "router", SubmitUpdate(**origin, department=department, update=update)
        case TriageDecision(action=Verdict.CONFIRM) as decision:
            service, data = "intake", ConfirmReport(**origin, decision=decision)
        case TriageDecision() as decision:
            service, data = "router", SubmitDecision(**origin, decision=decision)
        case Rating() as rating:
            service, data = "rating", SubmitRating(**origin, rating=rating)
    identity = ids.derive("rehearsal", item.topic, item.data.model_dump_json())
    return [(service, Message(identity, f"/services/{service}", item.case, item.at, data))]


def _submit(report: Report, origin: dict[str, Any]) -> SubmitReport:
    sealed = report.service is Service.VIOLATION
    who = report.reporter
    reporter = ReporterOnLog(
        kind=who.kind,
        ref=None if sealed else ids.derive("pseudonym", report.source, who.id),
        household_tier=who.household_tier,
    )
    digest = ids.derive("digest", report.model_dump_json())
    return SubmitReport(**origin, digest=digest, reporter=reporter, **masked(report))
