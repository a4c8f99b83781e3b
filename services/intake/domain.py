"""Intake: a report becomes a case, once.

    submit-report  ─► opened, or joining (see `services.intake.joining`), or a rejection to the
                      source alone
    confirm-report ─► confirmed: what the petition officer says that it is, and where

The rule to remember: **a report id names one report**. The case's id follows from it, so the same
report again changes nothing, and another content under the same id is rejected, never merged in
silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from schemas import topics
from schemas.commands import ConfirmReport, SubmitReport
from schemas.envelope import Message
from schemas.events import (
    Closed,
    Confirmed,
    Corrected,
    Joining,
    Opened,
    Reopened,
    ReportAdded,
    ReportParted,
    Withdrawn,
)
from schemas.joins import AddReport, OpenReport, PartReport
from schemas.lifecycle import ACTIVE, Status
from schemas.outputs import ReportRejected
from schemas.reference import Service, elapsed
from schemas.rulebook import Rulebook
from services.changing import replace
from services.decider import Cause, Decider, Decision, Notice, Reply
from services.intake import joining
from services.intake.meaning import understand
from services.intake.place import Place, Unplaced, resolve
from services.intake.state import KnownReport, State

DEFAULT_SERVICE = Service.SENTIMENT
"""民情直通: what residents say without naming one of the five services."""


def initial() -> State:
    return State()


def decide(state: State, cause: Cause, rules: Rulebook) -> Decision:
    match cause.data:
        case SubmitReport() as report if state.is_new:
            return _admit(report, rules)
        case SubmitReport() as report:
            return _again(state, report)
        case ConfirmReport() as confirm:
            return _confirm(state, confirm, rules)
        case AddReport() as ask:
            return joining.take_in(state, ask)
        case OpenReport():
            return joining.open_declined(state)
        case PartReport() as parted:
            return joining.let_go(state, parted)
        case _:
            return None


def evolve(state: State, event: Message[Any]) -> State:
    fold = FOLDS.get(type(event.data))
    return fold(state, event) if fold else state


def _opened(state: State, event: Message[Opened]) -> State:
    opened = event.data
    return replace(
        state,
        reports=(joining.known(opened),),
        category=opened.category,
        area=opened.area,
        service=opened.service,
        urgency=opened.urgency,
        opened_at=opened.submitted_at,
    )


def _asked(state: State, event: Message[Joining]) -> State:
    return replace(state, joining=event.data, reports=(joining.known(event.data.report),))


def _added(state: State, event: Message[ReportAdded]) -> State:
    return replace(state, reports=(*state.reports, joining.known(event.data)))


def _ended(state: State, event: Message[Closed | Withdrawn]) -> State:
    return replace(state, ended=event.time)


def _understood(state: State, event: Message[Confirmed | Corrected]) -> State:
    return replace(state, category=event.data.category, area=event.data.area)


FOLDS: Mapping[type[Any], Callable[[State, Any], State]] = {
    Joining: _asked,
    Opened: _opened,
    ReportAdded: _added,
    ReportParted: lambda state, event: joining.without(state, event.data),
    Closed: _ended,
    Withdrawn: _ended,
    Reopened: lambda state, _event: replace(state, ended=None),
    Confirmed: _understood,
    Corrected: _understood,
}


# ── opening ──────────────────────────────────────────────────────────────────────────────────


def _admit(report: SubmitReport, rules: Rulebook) -> Decision:
    """A case of its own, unless an open one is near that it may join."""
    opened = _open(report, rules)
    if report.near is None or not isinstance(opened, Opened) or opened.service is Service.VIOLATION:
        return opened
    return Joining(into=report.near.case, likeness=report.near.likeness, report=opened)


def _open(report: SubmitReport, rules: Rulebook) -> Opened | Reply:
    place = resolve(rules, report)
    fault = _fault(report, place, rules)
    if fault is not None or isinstance(place, Unplaced):
        return reject(report, fault or "")
    meant = understand(report, rules)
    return Opened(
        source=report.source,
        report_id=report.report_id,
        digest=report.digest,
        submitted_at=report.submitted_at,
        received_at=report.received_at,
        text=report.text,
        channel=report.channel,
        service=report.service or meant.service or DEFAULT_SERVICE,
        category=meant.category,
        category_by=meant.by,
        category_why=meant.why,
        category_chance=meant.chance,
        category_model=meant.model,
        urgency=report.urgency or meant.urgency,
        area=place.area,
        area_level=place.level,
        area_how=place.how,
        area_certain=place.certain,
        attachments=report.attachments,
        reporter=report.reporter,
        contact=report.contact,
        closes_after_days=elapsed(rules.settings.silence_closes_after).days,
    )


def preview(report: SubmitReport, rules: Rulebook) -> Opened | None:
    """What the report would be opened as; None if it would be rejected."""
    opened = _open(report, rules)
    return opened if isinstance(opened, Opened) else None


def _fault(report: SubmitReport, place: Place | Unplaced, rules: Rulebook) -> str | None:
    """Why the report cannot become a case, or None."""
    settings = rules.settings
    earliest = datetime.combine(settings.earliest_report, time(), UTC)
    if report.submitted_at < earliest:
        return f"submitted_at {report.submitted_at:%Y-%m-%d} is before {earliest:%Y-%m-%d}"
    if report.submitted_at > report.received_at + elapsed(settings.future_tolerance):
        return f"submitted_at {report.submitted_at:%Y-%m-%d} lies in the future"
    if report.category and not rules.is_known_category(report.category):
        return f"unknown category {report.category!r} in version {rules.version}"
    return place.reason if isinstance(place, Unplaced) else None


# ── again, rejected, confirmed ───────────────────────────────────────────────────────────────


def _again(state: State, report: SubmitReport) -> Decision:
    """The same report again is no news; another content under its id is rejected."""
    if KnownReport(report.source, report.report_id, report.digest) in state.reports:
        return None
    return reject(report, "this report_id was used before, with another content")


def reject(report: SubmitReport, reason: str) -> Reply:
    rejected = ReportRejected(
        report_id=report.report_id,
        source=report.source,
        reason=reason,
        received_at=report.received_at,
        original=report.original,
    )
    return Reply((Notice(topics.REPORTS_REJECTED.name, report.report_id, rejected),))


def _confirm(state: State, command: ConfirmReport, rules: Rulebook) -> Decision:
    if state.joining is not None and state.standing.status is Status.NEW:
        return joining.part(state, command)
    if state.standing.status not in ACTIVE:
        return Reply(unheard=f"nothing to confirm: the case is {state.standing.status}")
    decision = command.decision
    category = decision.category or state.category
    area = decision.grid or state.area
    return Confirmed(
        decision_id=decision.decision_id,
        by=decision.by,
        category=category,
        area=area,
        changed=(category, area) != (state.category, state.area),
    )


DECIDER: Decider[State] = Decider(
    service="intake",
    initial=initial,
    decide=decide,
    evolve=evolve,
    notify=joining.notify,
    answers=frozenset(),
)
