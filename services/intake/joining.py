"""A report that seems to be one more word on an open case: asked, taken in or declined, parted.

    under the report's own case id              under the open case's id
    submit-report ─► joining ──add-report────►  report-added
                                      └──────►  report-declined
    open-report ◄─────────────────────────────────┘
         └► opened
    confirm-report (a person) ─► opened ──part-report──► report-parted

The rule to remember: **a report is where its own case id says**. Whoever finds a likely case may be
late or wrong; what is decided is decided once, under the report's own key, and the open case answers
by an event. So a report is never in two cases, no two cases swallow each other (only a report that
never was a case can join), and every copy of it, and every crash, leads to the same place.
"""

from __future__ import annotations

from typing import Any

from schemas import topics
from schemas.commands import ConfirmReport
from schemas.envelope import Message
from schemas.events import Joining, Opened, ReportAdded, ReportDeclined, ReportParted
from schemas.joins import AddReport, OpenReport, PartReport
from schemas.lifecycle import ACTIVE, Status
from schemas.reference import Service, Urgency
from services.changing import replace
from services.decider import Decision, Notice
from services.intake.state import KnownReport, State

ORIGIN = topics.CASE_EVENTS.name
URGENCIES = tuple(Urgency)
"""Least first."""


def known(report: Opened | ReportAdded) -> KnownReport:
    return KnownReport(report.source, report.report_id, report.digest)


# ── decisions ────────────────────────────────────────────────────────────────────────────────


def take_in(state: State, ask: AddReport) -> Decision:
    """The open case's answer. A report that it has is no news."""
    report = ask.report
    if known(report) in state.reports:
        return None
    reason = _why_not(state, report)
    if reason is not None:
        return ReportDeclined(
            case=ask.case, source=report.source, report_id=report.report_id, reason=reason
        )
    return ReportAdded(
        source=report.source,
        report_id=report.report_id,
        digest=report.digest,
        text=report.text,
        case=ask.case,
        submitted_at=report.submitted_at,
        channel=report.channel,
        likeness=ask.likeness,
        attachments=report.attachments,
        reporter=report.reporter,
        contact=report.contact,
    )


def _why_not(state: State, report: Opened) -> str | None:
    status = state.standing.status
    if status not in ACTIVE:
        return "it is no case itself" if status is Status.NEW else f"the case is {status}"
    if Service.VIOLATION in (report.service, state.service):
        return "reports of violations are never joined"
    if state.category != report.category:
        return f"the case is about {state.category or 'something else'} by now"
    if URGENCIES.index(report.urgency) > URGENCIES.index(state.urgency):
        return f"the report is {report.urgency}, the case is {state.urgency}"
    return None


def open_declined(state: State) -> Decision:
    """Under the report's own id: as it was understood when it came in."""
    still = state.joining is not None and state.standing.status is Status.NEW
    return state.joining.report if still and state.joining else None


def part(state: State, confirm: ConfirmReport) -> Decision:
    """A person says that the report is a matter of its own."""
    assert state.joining is not None
    report, decision = state.joining.report, confirm.decision
    changes: dict[str, Any] = {"category_by": "given"} if decision.category else {}
    if decision.category:
        changes["category"] = decision.category
    if decision.grid:
        changes |= {"area": decision.grid, "area_certain": True, "area_how": "by triage"}
    return report.model_copy(update=changes)


def let_go(state: State, parted: PartReport) -> Decision:
    """The case that had taken it in lets it go."""
    for report in state.reports[1:]:
        if (report.source, report.report_id) == (parted.source, parted.report_id):
            return ReportParted(case=parted.case, source=parted.source, report_id=parted.report_id)
    return None


# ── what follows an event ────────────────────────────────────────────────────────────────────


def notify(state: State, event: Message[Any]) -> list[Notice]:
    """The other case is told when the log has accepted what this one did. Asked again on a later
    state it says the same: which case a report asked to join never changes."""
    match event.data:
        case Joining() as asked:
            return [_to(asked.into, event, AddReport, case=event.subject, likeness=asked.likeness,
                        report=asked.report)]  # fmt: skip
        case ReportDeclined(case=case):
            return [_to(case, event, OpenReport, declined_by=event.subject)]
        case Opened() as opened if state.joining is not None:
            named = {"source": opened.source, "report_id": opened.report_id}
            return [_to(state.joining.into, event, PartReport, case=event.subject, **named)]
        case _:
            return []


def _to(address: str, event: Message[Any], what: Any, **fields: Any) -> Notice:
    command = what(origin=ORIGIN, received_at=event.time, **fields)
    return Notice(topics.INTAKE_COMMANDS.name, address, command)


def without(state: State, parted: ReportParted) -> State:
    kept = tuple(
        report
        for report in state.reports
        if (report.source, report.report_id) != (parted.source, parted.report_id)
    )
    return replace(state, reports=kept)
