"""How each measure judges one case: counted, missed, left out for a reason, or not concerned.

    View (a case, as far as a unit answers for it) ─► judge ─► Verdict

Every figure is a count of verdicts, so each case counts at most once in a cell, and the list behind
a cell is as long as its number says. The table of measures is in `measures`.

The rule to remember: **what is left out is left out aloud**: a judge that does not count a case among
those that the measure is about says why. Judges of limits are in `timeliness`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from schemas.inputs import RatedBy
from schemas.lifecycle import LEFT, Status
from schemas.reference import Level
from services.rating.facts import Ending, Holding, Pressure, Stars, State, is_low
from services.rating.judging import LeftOut, Verdict, Window, happened, share, without_result
from services.rating.views import View

Judge: TypeAlias = Callable[[View, Window], Verdict | None]


def accepted(view: View, _window: Window) -> Verdict | None:
    return happened(view.arrived_at is not None)


def completed(view: View, _window: Window) -> Verdict | None:
    return happened(view.result is not None)


def returned(view: View, window: Window) -> Verdict | None:
    return happened(any(h.ended is Ending.RETURNED and window.has(h.until) for h in view.holdings))


def wrongly_returned(view: View, window: Window) -> Verdict | None:
    """By when it was found: until triage has spoken, nobody knows whose it is."""
    return happened(any(window.has(holding.found_wrong_at) for holding in view.holdings))


def reopened(view: View, window: Window) -> Verdict | None:
    return happened(any(window.has(holding.reopened_at) for holding in view.holdings))


def escalated(view: View, window: Window) -> Verdict | None:
    return happened(_pressed(view, view.case.escalations, window))


def supervised(view: View, window: Window) -> Verdict | None:
    return happened(_pressed(view, view.case.supervisions, window))


def _pressed(view: View, pressures: tuple[Pressure, ...], window: Window) -> bool:
    if not pressures:
        return False
    own = {holding.id for holding in view.holdings}
    return any(window.has(p.at) and (view.whole or p.holding in own) for p in pressures)


def pending(view: View, window: Window) -> Verdict | None:
    last = min(window.end, window.now)
    if view.whole:
        return happened(view.case.pending_at(last))
    return happened(
        any(h.since <= last and (h.until is None or h.until > last) for h in view.holdings)
    )


def completion(view: View, window: Window) -> Verdict | None:
    if view.arrived_at is None:
        return None
    if view.whole:
        return _case_finished(view.case, window.now)
    return _holder_finished(view.holdings[-1], view.case, window.now)


def _case_finished(case: State, now: datetime) -> Verdict:
    if case.standing.status in LEFT:
        return "withdrawn"
    if case.result is not None:
        return "counted"
    due, holder = case.limits.case, case.holder
    known = due is not None or (holder is not None and holder.limits.resolve is not None)
    late = (due is not None and due < now) or (holder is not None and holder.ran_out(now))
    return _unfinished(known, late)


def _holder_finished(holding: Holding, case: State, now: datetime) -> Verdict:
    if holding.ended is None:
        return _unfinished(holding.limits.resolve is not None, holding.ran_out(now))
    if holding.ended is not Ending.RESOLVED:
        return without_result(holding)
    withdrawn = case.standing.status in LEFT
    return "withdrawn" if withdrawn else share(holding.reopened_at is None)


def _unfinished(limit_known: bool, late: bool) -> Verdict:
    """Open work is left out while its limit has not run out; without a limit it never would."""
    return "within-limit" if limit_known and not late else "missed"


def reopening(view: View, window: Window) -> Verdict | None:
    if view.result is None:
        return None
    return share(any(h.reopened_at is not None and window.has(h.until) for h in view.holdings))


def bounced(view: View, _window: Window) -> Verdict | None:
    if view.arrived_at is None:
        return None
    return share(any(holding.ended is Ending.RETURNED for holding in view.arrivals))


def settled_at(level: Level) -> Judge:
    """Was the result reached at this level? 小事不出村,大事不出镇"""

    def judge(view: View, _window: Window) -> Verdict | None:
        return None if view.result is None else share(view.result.level is level)

    return judge


def satisfaction(view: View, window: Window) -> Verdict | None:
    """Actually rated results alone."""
    if view.result is None:
        return None
    return _unrated(view) if view.rating is None else _satisfied(view.rating, window)


def satisfaction_with_silence(view: View, window: Window) -> Verdict | None:
    verdict = satisfaction(view, window)
    return "counted" if verdict == "silent" else verdict


def _satisfied(rating: Stars, window: Window) -> Verdict:
    return share(not is_low(rating.stars, rating.solved, window.low_stars))


def agreement(view: View, window: Window) -> Verdict | None:
    """Does a return visit find what the resident said of their own accord?"""
    if view.result is None:
        return None
    own, visited = (view.result.said_by(by) for by in (RatedBy.RESIDENT, RatedBy.VISIT))
    if visited is None:
        return "not-visited"
    if own is None or view.flooded:
        return "flood" if view.flooded else "not-self-rated"
    return share(_satisfied(own, window) == _satisfied(visited, window))


def visited_satisfaction(view: View, window: Window) -> Verdict | None:
    """What return visits alone found."""
    visited = view.result.said_by(RatedBy.VISIT) if view.result is not None else None
    if view.result is None:
        return None
    return "not-visited" if visited is None else _satisfied(visited, window)


def _unrated(view: View) -> LeftOut:
    if view.flooded:
        return "flood"
    match view.case.standing.status:
        case Status.CLOSED:
            return "silent"
        case Status.WITHDRAWN | Status.MERGED:
            return "withdrawn"
        case _:
            return "awaiting"
