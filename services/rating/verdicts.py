"""How each measure judges one case: counted, missed, left out for a reason, or not concerned.

    View (a case, as far as a unit answers for it) ─► judge ─► Verdict

Every figure is a count of verdicts, so each case counts at most once in a cell, and the list behind
a cell is as long as its number says. The table of measures is in `measures`.

The rule to remember: **a limit that ran out counts when it ran out**, whether the work is finished,
handed on or forgotten since; nobody gets better by not finishing. Where one holder had a case more
than once, or several had it, the worst verdict is the case's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from schemas.lifecycle import Status
from schemas.reference import DeadlineKind, Level
from services.rating.facts import Ending, Holding, Pressure, Stars, State, is_low
from services.rating.views import View, Window

LeftOut: TypeAlias = Literal[
    "within-limit", "no-limit", "unassigned", "returned", "moved", "withdrawn", "extended",
    "silent", "awaiting",
]  # fmt: skip
Verdict: TypeAlias = Literal["counted", "missed"] | LeftOut
"""``counted``: in numerator and denominator. ``missed``: in the denominator only."""
Judge: TypeAlias = Callable[[View, Window], Verdict | None]

GONE: Mapping[Ending, LeftOut] = {
    Ending.RETURNED: "returned",
    Ending.ESCALATED: "moved",
    Ending.REASSIGNED: "moved",
    Ending.WITHDRAWN: "withdrawn",
}
"""What became of a case that left its holder without a result."""


def _if(true: bool) -> Verdict | None:
    return "counted" if true else None


def _share(true: bool) -> Verdict:
    return "counted" if true else "missed"


def _worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    found = [verdict for verdict in verdicts if verdict is not None]
    if "missed" in found:
        return "missed"
    if "counted" in found:
        return "counted"
    return found[0] if found else None


def accepted(view: View, _window: Window) -> Verdict | None:
    return _if(view.arrived_at is not None)


def completed(view: View, _window: Window) -> Verdict | None:
    return _if(view.result is not None)


def returned(view: View, window: Window) -> Verdict | None:
    return _if(any(h.ended is Ending.RETURNED and window.has(h.until) for h in view.holdings))


def reopened(view: View, window: Window) -> Verdict | None:
    return _if(any(window.has(holding.reopened_at) for holding in view.holdings))


def escalated(view: View, window: Window) -> Verdict | None:
    return _if(_pressed(view, view.case.escalations, window))


def supervised(view: View, window: Window) -> Verdict | None:
    return _if(_pressed(view, view.case.supervisions, window))


def _pressed(view: View, pressures: tuple[Pressure, ...], window: Window) -> bool:
    if not pressures:
        return False
    own = {holding.id for holding in view.holdings}
    return any(window.has(p.at) and (view.whole or p.holding in own) for p in pressures)


def pending(view: View, window: Window) -> Verdict | None:
    last = window.last
    if view.whole:
        return _if(view.case.pending_at(last))
    return _if(any(h.since <= last and (h.until is None or h.until > last) for h in view.holdings))


def on_time(view: View, window: Window) -> Verdict | None:
    return _worst(_judged(holding, window) for holding in view.holdings)


def on_time_unextended(view: View, window: Window) -> Verdict | None:
    for holding in view.holdings:
        if holding.extended and _judged(holding, window) is not None:
            return "extended"
    return on_time(view, window)


def overdue(view: View, window: Window) -> Verdict | None:
    return _if(on_time(view, window) == "missed")


def _judged(holding: Holding, window: Window) -> Verdict | None:
    """The verdict on one holding, if it fell in the period."""
    if holding.ran_out(window.now):
        return "missed" if window.has(holding.limits.resolve) else None
    if not window.has(holding.until):
        return None
    if holding.ended is Ending.RESOLVED:
        return "no-limit" if holding.limits.resolve is None else "counted"
    return _without_result(holding)


def _without_result(holding: Holding) -> Verdict:
    """A holder loses a case for being late with a step of its own, not for the case's clock."""
    if holding.ended is Ending.ESCALATED and holding.climbed_for is not DeadlineKind.CASE:
        return "missed"
    return _why_gone(holding)


def _why_gone(holding: Holding) -> LeftOut:
    return "within-limit" if holding.ended is None else GONE[holding.ended]


def within_case_limit(view: View, _window: Window) -> Verdict | None:
    if view.result is None or view.result.until is None:
        return None
    due = view.case.limits.case
    return "no-limit" if due is None else _share(view.result.until <= due)


def response(view: View, window: Window) -> Verdict | None:
    of_case = view.case.limits.respond
    return _step(
        view, ((h, h.responded_at, h.limits.respond or of_case) for h in view.arrivals), window
    )


def signing(view: View, window: Window) -> Verdict | None:
    return _step(view, ((h, h.signed_at, h.limits.sign) for h in view.arrivals), window)


def _step(
    view: View,
    steps: Iterable[tuple[Holding, datetime | None, datetime | None]],
    window: Window,
) -> Verdict | None:
    if view.arrived_at is None:
        return None
    if not view.arrivals:
        return "withdrawn" if view.case.standing.status is Status.WITHDRAWN else "unassigned"
    return _worst(_met(holding, met, due, window.now) for holding, met, due in steps)


def _met(h: Holding, met: datetime | None, due: datetime | None, now: datetime) -> Verdict:
    if due is None:
        return "no-limit"
    if met is not None:
        return _share(met <= due)
    return "missed" if due < (h.until or now) else _why_gone(h)


def completion(view: View, window: Window) -> Verdict | None:
    if view.arrived_at is None:
        return None
    if view.whole:
        return _case_finished(view.case, window.now)
    return _holder_finished(view.holdings[-1], view.case, window.now)


def _case_finished(case: State, now: datetime) -> Verdict:
    if case.standing.status is Status.WITHDRAWN:
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
        return _without_result(holding)
    withdrawn = case.standing.status is Status.WITHDRAWN
    return "withdrawn" if withdrawn else _share(holding.reopened_at is None)


def _unfinished(limit_known: bool, late: bool) -> Verdict:
    """Open work is left out while its limit has not run out; without a limit it never would."""
    return "within-limit" if limit_known and not late else "missed"


def reopening(view: View, window: Window) -> Verdict | None:
    if view.result is None:
        return None
    return _share(any(h.reopened_at is not None and window.has(h.until) for h in view.holdings))


def bounced(view: View, _window: Window) -> Verdict | None:
    if view.arrived_at is None:
        return None
    return _share(any(holding.ended is Ending.RETURNED for holding in view.arrivals))


def settled_at(level: Level) -> Judge:
    """Was the result reached at this level? 小事不出村,大事不出镇"""

    def judge(view: View, _window: Window) -> Verdict | None:
        return None if view.result is None else _share(view.result.level is level)

    return judge


def satisfaction(view: View, window: Window) -> Verdict | None:
    """Actually rated results alone."""
    if view.result is None:
        return None
    rating = view.result.rating
    return _unrated(view) if rating is None else _satisfied(rating, window)


def satisfaction_with_silence(view: View, window: Window) -> Verdict | None:
    verdict = satisfaction(view, window)
    return "counted" if verdict == "silent" else verdict


def _satisfied(rating: Stars, window: Window) -> Verdict:
    return _share(not is_low(rating.stars, rating.solved, window.low_stars))


def _unrated(view: View) -> LeftOut:
    match view.case.standing.status:
        case Status.CLOSED:
            return "silent"
        case Status.WITHDRAWN:
            return "withdrawn"
        case _:
            return "awaiting"
