"""How measures judge limits: was it in time?

    View ─► on_time, overdue, within_case_limit, response, signing ─► Verdict

The rule to remember: **a limit that ran out counts when it ran out**, whether the work is finished,
handed on or forgotten since; nobody gets better by not finishing. All is told from times: whether a
`case.overdue` stands on the log makes no difference.
"""

from __future__ import annotations

from datetime import datetime

from schemas.lifecycle import Status
from services.rating.facts import Ending, Holding, State
from services.rating.verdicts import Verdict, happened, share, why_gone, without_result, worst
from services.rating.views import View, Window


def on_time(view: View, window: Window) -> Verdict | None:
    return worst(_judged(holding, window) for holding in view.holdings)


def on_time_unextended(view: View, window: Window) -> Verdict | None:
    for holding in view.holdings:
        if holding.extended and _judged(holding, window) is not None:
            return "extended"
    return on_time(view, window)


def overdue(view: View, window: Window) -> Verdict | None:
    return happened(on_time(view, window) == "missed")


def _judged(holding: Holding, window: Window) -> Verdict | None:
    """The verdict on one holding, if it fell in the period."""
    if holding.ran_out(window.now):
        return "missed" if window.has(holding.limits.resolve) else None
    if not window.has(holding.until):
        return None
    if holding.ended is Ending.RESOLVED:
        return "no-limit" if holding.limits.resolve is None else "counted"
    return without_result(holding)


def within_case_limit(view: View, _window: Window) -> Verdict | None:
    if view.result is None or view.result.until is None:
        return None
    due = view.case.limits.case
    return "no-limit" if due is None else share(view.result.until <= due)


def response(view: View, window: Window) -> Verdict | None:
    """The limit is the case's, so a holder answers for it only while it is still to be kept."""
    if view.arrived_at is None:
        return None
    due = view.case.limits.respond
    if due is None:
        return "no-limit"
    if view.whole:
        return _case_answered(view.case, due, window.now)
    return worst(_holder_answered(view.case, h, due, window.now) for h in view.arrivals)


def _case_answered(case: State, due: datetime, now: datetime) -> Verdict:
    if case.responded_at is not None:
        return share(case.responded_at <= due)
    if due < (case.ended_at or now):
        return "missed"
    return "withdrawn" if case.standing.status is Status.WITHDRAWN else "within-limit"


def _holder_answered(case: State, holding: Holding, due: datetime, now: datetime) -> Verdict:
    first = case.responded_at
    if due < holding.since or (first is not None and first < holding.since):
        return "before"
    return _met(holding, holding.responded_at, due, now)


def signing(view: View, window: Window) -> Verdict | None:
    if view.arrived_at is None:
        return None
    if not view.arrivals:
        return "withdrawn" if view.case.standing.status is Status.WITHDRAWN else "unassigned"
    return worst(_met(h, h.signed_at, h.limits.sign, window.now) for h in view.arrivals)


def _met(h: Holding, met: datetime | None, due: datetime | None, now: datetime) -> Verdict:
    if due is None:
        return "no-limit"
    if met is not None:
        return share(met <= due)
    return "missed" if due < (h.until or now) else why_gone(h)
