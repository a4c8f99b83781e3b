"""What the router knows of one case.

    reports ─► matter (area, category, service, urgency) ─► holdings ─► who is told what

The rule to remember: **a holding is never forgotten**. Each event that gives the case a place
(`opened`, `assigned`, `returned`, `triage-requested`, `reopened`) adds a line to a ledger, so that
who held the case when, and who before, can be told again at any time, and in the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.commands import MaskedAttachment, Sealed
from schemas.envelope import Message
from schemas.reference import Level, Service, Urgency
from services.decider import CaseState


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has the case since the event `id`; without a lead it waits.

    After `returned` the assisting units stay, until the next event places the case; after
    `reopened` the lead stays, since it gets the case again."""

    id: str = ""
    lead: str | None = None
    assist: tuple[str, ...] = ()
    level: Level | None = None
    rule: str | None = None
    """The routing rule whose ladder the case climbs; None where triage chose."""

    @property
    def members(self) -> tuple[str, ...]:
        return self.assist if self.lead is None else (self.lead, *self.assist)


@dataclass(frozen=True, slots=True)
class ReportRef:
    source: str
    report_id: str


@dataclass(frozen=True, slots=True)
class Extension:
    """More time that the present holder asked for, once a holding."""

    until: datetime
    granted: bool = False


@dataclass(frozen=True, slots=True)
class State(CaseState):
    reports: tuple[ReportRef, ...] = ()
    """The report that opened the case, then those that joined it: all are answered."""
    area: str = ""
    category: str | None = None
    """None: nothing told it, and the rules for any category apply."""
    service: Service | None = None
    urgency: Urgency = Urgency.NORMAL
    unsure: bool = False
    """Category or area are a best guess that a petition officer has yet to confirm."""
    text: str = ""
    attachments: tuple[MaskedAttachment, ...] = ()
    contact: Sealed | None = None
    """Ciphertext. The shell alone opens it, for the lead's message alone."""
    now: Holding = Holding()
    before: tuple[Holding, ...] = ()
    under: dict[str, int] = field(default_factory=dict)
    """For events that name no holding: their id, and the place in the ledger of the one that stood
    when they landed."""
    returns: int = 0
    returned_by: tuple[str, ...] = ()
    """Departments that said "not ours" of the matter as it is now understood."""
    triage_reason: str | None = None
    triage_since: datetime | None = None
    triage_final: bool = False
    """Triage has chosen a department: a later return goes straight back to triage."""
    extension: Extension | None = None
    reopened: int = 0

    @property
    def lead(self) -> str | None:
        return self.now.lead

    @property
    def ledger(self) -> tuple[Holding, ...]:
        return (*self.before, self.now)

    def ever_held(self, department: str) -> bool:
        """Whether the department leads or assists, or once did."""
        return any(department in holding.members for holding in self.ledger)

    def place(self, id: str) -> int:
        """Where the holding that `id` began stands in the ledger."""
        return [holding.id for holding in self.ledger].index(id)

    def held_under(self, event: Message[Any]) -> Holding:
        """The holding that the event names, or under which it landed if it names none."""
        named = getattr(event.data, "holding", None)
        return self.ledger[self.under[event.id] if named is None else self.place(named)]
