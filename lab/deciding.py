"""One report through the pure functions of the services: which department, and due when?

    report ─► intake ─► opened ─► router ─► assigned ─► sla ─► the leading department's `resolve`

No broker, no database, no clock: the report's own time is the time of all that follows. What the
platform would decide on the same report under the same rules is what comes out here.

The rule to remember: **a kind that the rules have never heard of is a person's to place**: it comes
out as triage, with no department and no deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from schemas import ids
from schemas.commands import ReporterOnLog, SubmitReport
from schemas.envelope import Message, Payload
from schemas.events import Assigned, CaseEvent, DeadlineSet, Opened
from schemas.inputs import Report
from schemas.lifecycle import advance
from schemas.reference import DeadlineKind
from schemas.rulebook import Rulebook
from services.decider import Cause, Decider, Decision, Reply, S
from services.intake.domain import DECIDER as INTAKE
from services.intake.doors import masked
from services.router.domain import DECIDER as ROUTER
from services.sla.domain import DECIDER as SLA


@dataclass(frozen=True, slots=True)
class Decided:
    """What the services make of a report. No department: it waits in triage, `why` says why. No
    `due`: no policy names a limit."""

    department: str | None
    why: str
    due: datetime | None = None
    duration: str | None = None
    policy: str | None = None


def decide(report: Report, rules: Rulebook) -> Decided:
    """What becomes of a report. Some 0.2 ms."""
    if report.category and not rules.is_known_category(report.category):
        return Decided(None, f"the rules do not know the kind {report.category}")
    opened = _after(INTAKE, (), _submitted(report), rules)
    if not isinstance(opened, Opened):
        return Decided(None, _words(opened))
    arrival = _event(report, opened)
    assigned = _after(ROUTER, (arrival,), arrival, rules)
    if not isinstance(assigned, Assigned):
        return Decided(None, getattr(assigned, "reason", "nobody leads"))
    placed = _event(report, assigned)
    clocks = _after(SLA, (arrival, placed), placed, rules)
    return _timed(Decided(assigned.lead, assigned.why), clocks)


def _timed(decided: Decided, clocks: Decision) -> Decided:
    deadlines = clocks.deadlines if isinstance(clocks, DeadlineSet) else ()
    for deadline in deadlines:
        if deadline.kind is DeadlineKind.RESOLVE:
            return replace(
                decided, due=deadline.due, duration=deadline.duration, policy=deadline.policy
            )
    return decided


def _after(
    decider: Decider[S], past: tuple[Message[CaseEvent], ...], cause: Cause, rules: Rulebook
) -> Decision:
    """What a service answers to a cause, after what has happened."""
    state = decider.initial()
    for event in past:
        state = decider.evolve(replace(state, standing=advance(state.standing, event)), event)
    return decider.decide(state, cause, rules)


def _submitted(report: Report) -> Cause:
    """What intake's door makes of the report, with nothing sealed: it goes nowhere."""
    reporter = ReporterOnLog(
        kind=report.reporter.kind, household_tier=report.reporter.household_tier
    )
    command = SubmitReport(
        origin="compare",
        received_at=report.submitted_at,
        digest="",
        reporter=reporter,
        **masked(report),
    )
    return _message(report, command, "submitted")


def _event(report: Report, data: CaseEvent) -> Message[Any]:
    return _message(report, data, data.TYPE)


def _message(report: Report, data: Payload, what: str) -> Message[Any]:
    case = ids.case_id(report.source, report.report_id)
    return Message(f"{case} {what}", "/lab", case, report.submitted_at, data)


def _words(answer: Decision) -> str:
    """Why intake did not take it."""
    notices = answer.notices if isinstance(answer, Reply) else ()
    reasons = (getattr(notice.data, "reason", "") for notice in notices)
    return next(reasons, "intake did not take it")
