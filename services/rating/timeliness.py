"""How measures judge limits: was it in time?

    View ─► on_time, overdue, within_case_limit, response, signing ─► Verdict

The rule to remember: **nobody inherits a spent clock, and no clock is forgotten**: each holder is
judged by its own limits, the case by all of them and by its own clock besides. When a limit counts
is said in `judging`.
"""

from __future__ import annotations

from datetime import datetime

from schemas.lifecycle import LEFT
from services.rating.facts import Holding, State
from services.rating.judging import Verdict, Window, happened, share, why_gone, worst
from services.rating.views import View


def on_time(view: View, _window: Window) -> Verdict | None:
    return worst(view.fates)


def on_time_unextended(view: View, _window: Window) -> Verdict | None:
    for holding, fate in zip(view.holdings, view.fates, strict=True):
        if holding.extended and fate is not None:
            return "extended"
    return worst(view.fates)


def overdue(view: View, _window: Window) -> Verdict | None:
    return happened("missed" in view.fates)


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
    first = case.responded_at
    if first is not None:
        return share(first <= due)
    if due < (case.ended_at or now):
        return "missed"
    return "withdrawn" if case.standing.status in LEFT else "within-limit"


def _holder_answered(case: State, holding: Holding, due: datetime, now: datetime) -> Verdict:
    first = case.responded_at
    if due < holding.since or (first is not None and first < holding.since):
        return "before"
    return _met(holding, holding.responded_at, due, now)


def signing(view: View, window: Window) -> Verdict | None:
    if view.arrived_at is None:
        return None
    if not view.arrivals:
        return "withdrawn" if view.case.standing.status in LEFT else "unassigned"
    return worst(_met(h, h.signed_at, h.limits.sign, window.now) for h in view.arrivals)


def _met(h: Holding, met: datetime | None, due: datetime | None, now: datetime) -> Verdict:
    if due is None:
        return "no-limit"
    if met is not None:
        return share(met <= due)
    return "missed" if due < (h.until or now) else why_gone(h)
