"""What a driver sends: inputs of the four doors, each at its moment.

Whoever drives the system in stream time (the demo, an import) makes these, in any order; the driver
(`lab.driver`) sends them in the order of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas import ids
from schemas.inputs import Rating, Report, TriageDecision, Update
from schemas.topics import RATINGS_SUBMITTED, REPORTS_SUBMITTED, TRIAGE_DECISIONS, UPDATES

AnyInput = Report | Update | TriageDecision | Rating


@dataclass(frozen=True, slots=True)
class TimedInput:
    """One input. `case` is the case that it concerns (for a report: the one that it will open).
    Where it was planned for a `holding`, it is dropped if that has ended by then."""

    at: datetime
    case: str
    topic: str
    data: AnyInput
    holding: str | None = None


def report(data: Report) -> TimedInput:
    case = ids.case_id(data.source, data.report_id)
    return TimedInput(data.submitted_at, case, REPORTS_SUBMITTED.name, data)


def update(department: str, data: Update, holding: str | None = None) -> TimedInput:
    return TimedInput(data.at, data.case_id, UPDATES.of(department), data, holding)


def decision(data: TriageDecision) -> TimedInput:
    return TimedInput(data.at, data.case_id, TRIAGE_DECISIONS.name, data)


def rating(data: Rating, holding: str | None = None) -> TimedInput:
    return TimedInput(data.at, data.case_id, RATINGS_SUBMITTED.name, data, holding)
