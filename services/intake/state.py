"""What intake knows of a case: which reports are in it, and what and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.events import Joining
from schemas.lifecycle import Status
from schemas.reference import Service, Urgency
from services.decider import CaseState


@dataclass(frozen=True, slots=True)
class KnownReport:
    source: str
    report_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class State(CaseState):
    reports: tuple[KnownReport, ...] = ()
    category: str | None = None
    area: str = ""
    service: Service | None = None
    urgency: Urgency = Urgency.NORMAL
    opened_at: datetime | None = None
    """When the report that opened it was made."""
    ended: datetime | None = None
    """When the case was closed or withdrawn, unless it was opened again."""
    joining: Joining | None = None
    """What this report asked to join, before it was a case."""

    @property
    def is_new(self) -> bool:
        """Nothing has been decided of this report."""
        return self.standing.status is Status.NEW and self.joining is None
