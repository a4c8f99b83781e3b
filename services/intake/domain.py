"""Intake: a report becomes a case, once.

    submit-report  ─► opened, or a rejection to the source alone
    confirm-report ─► confirmed: what the petition officer says that it is, and where

The rule to remember: **a report id names one report**. The case's id follows from it, so the same
report again changes nothing, and another content under the same id is rejected, never merged in
silence.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from schemas import topics
from schemas.commands import ConfirmReport, SubmitReport
from schemas.envelope import Message
from schemas.events import Confirmed, Corrected, Opened, ReportAdded
from schemas.lifecycle import ACTIVE, Status
from schemas.outputs import ReportRejected
from schemas.reference import Service, elapsed
from schemas.rulebook import Rulebook
from services.decider import Cause, Decider, Decision, Notice, Reply
from services.intake.meaning import understand
from services.intake.place import Place, Unplaced, resolve
from services.intake.state import KnownReport, State

DEFAULT_SERVICE = Service.SENTIMENT
"""民情直通: what residents say without naming one of the five services."""


def initial() -> State:
    return State()


def decide(state: State, cause: Cause, rules: Rulebook) -> Decision:
    match cause.data:
        case SubmitReport() as report if state.standing.status is Status.NEW:
            return _open(report, rules)
        case SubmitReport() as report:
            return _again(state, report)
        case ConfirmReport() as confirm:
            return _confirm(state, confirm, rules)
        case _:
            return None


def evolve(state: State, event: Message[Any]) -> State:
    match event.data:
        case Opened() as opened:
            known = KnownReport(opened.source, opened.report_id, opened.digest)
            return replace(state, reports=(known,), category=opened.category, area=opened.area)
        case ReportAdded() as added:
            known = KnownReport(added.source, added.report_id, added.digest)
            return replace(state, reports=(*state.reports, known))
        case Confirmed() | Corrected() as told:
            return replace(state, category=told.category, area=told.area)
        case _:
            return state


# ── opening ──────────────────────────────────────────────────────────────────────────────────


def _open(report: SubmitReport, rules: Rulebook) -> Decision:
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


DECIDER: Decider[State] = Decider(service="intake", initial=initial, decide=decide, evolve=evolve)
