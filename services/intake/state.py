"""What intake knows of a case: which reports are in it, and what and where it is."""

from __future__ import annotations

from dataclasses import dataclass

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
