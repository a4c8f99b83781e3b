"""What the router knows of one case.

    reports ─► matter (area, category, service, urgency) ─► holdings ─► who is told what

The rule to remember: **a holding is never forgotten**. Each event that gives the case a place
(`opened`, `assigned`, `returned`, `triage-requested`, `reopened`) adds a line to a ledger, so that
who held the case when, and who before, can be told again at any time, and in the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.commands import MaskedAttachment, Sealed
from schemas.envelope import Instant, Message
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
    called: tuple[str, ...] = ()
    """Who was called by a whistle while it stood."""
    since: datetime | None = None
    why: str = ""
    """What began it: ``routed``, ``returned: not-ours`` …"""
    area: str = ""
    category: str | None = None
    """What the case was about, by those who placed it: that may be corrected while it stands."""

    @property
    def members(self) -> tuple[str, ...]:
        """Who had it from the first."""
        return self.assist if self.lead is None else (self.lead, *self.assist)

    @property
    def helpers(self) -> tuple[str, ...]:
        """Who assists by now."""
        return tuple(dict.fromkeys((*self.assist, *self.called)))

    @property
    def everybody(self) -> tuple[str, ...]:
        return self.helpers if self.lead is None else (self.lead, *self.helpers)


class PartStatus(StrEnum):
    OPEN = "open"
    SIGNED = "signed"
    DONE = "done"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Part:
    """What one assisting department has to do of its own. With a `due` it was called by the whistle
    `whistle`, and reports by then."""

    status: PartStatus = PartStatus.OPEN
    due: datetime | None = None
    whistle: str | None = None
    missed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in (PartStatus.OPEN, PartStatus.SIGNED)


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that was asked for: into which case, by which `case.merging` event."""

    into: str
    id: str


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
    due: Instant | None = None
    """When the holder's `resolve` is due."""
    extension: Extension | None = None
    reopened: int = 0
    parts: dict[str, Part] = field(default_factory=dict)
    """By department. They outlast a holding: what is done is done."""
    review_needed: bool = False
    """A major decision waits for its legal review."""
    reviewed: bool = False
    paused_for: str | None = None
    wrong_returns: tuple[str, ...] = ()
    """Departments that returned it, and that triage found to be wrong."""
    household_tier: str | None = None
    by_grid_worker: bool = False
    merge: Merge | None = None
    merged_into: str | None = None
    adopted: tuple[str, ...] = ()
    """Cases that were merged into this one."""

    @property
    def lead(self) -> str | None:
        return self.now.lead

    @property
    def ledger(self) -> tuple[Holding, ...]:
        return (*self.before, self.now)

    @property
    def opened_at(self) -> datetime | None:
        return self.ledger[0].since

    @property
    def open_parts(self) -> tuple[str, ...]:
        """Departments whose part is neither done nor excused."""
        return tuple(code for code, part in self.parts.items() if part.is_open)

    def ever_held(self, department: str) -> bool:
        """Whether the department leads or assists, or once did."""
        return any(department in holding.everybody for holding in self.ledger)

    def place(self, id: str) -> int:
        """Where the holding that `id` began stands in the ledger."""
        return [holding.id for holding in self.ledger].index(id)

    def held_under(self, event: Message[Any]) -> Holding:
        """The holding that the event names, or under which it landed if it names none."""
        named = getattr(event.data, "holding", None)
        return self.ledger[self.under[event.id] if named is None else self.place(named)]
