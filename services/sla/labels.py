"""What the gauges count a case under, from its state alone, so that they need no look at all cases.

overdue/<department>/<level>   held, and the holder's `resolve` has run out
supervised                     open, and under supervision
provisional/<year>             a deadline in a year whose holidays are not known, one for each
"""

from __future__ import annotations

from schemas.lifecycle import ACTIVE, HELD
from schemas.reference import DeadlineKind
from services.sla.state import State


def labels(state: State) -> tuple[str, ...]:
    found = list[str]()
    status = state.standing.status
    if status in HELD and state.holder and _has_run_out(state):
        found.append(f"overdue/{state.holder.department}/{state.holder.level}")
    if status in ACTIVE:
        found += ["supervised"] if state.supervised else []
        found += [
            f"provisional/{clock.deadline.due.year}"
            for clock in state.clocks
            if clock.deadline.provisional
        ]
    return tuple(found)


def _has_run_out(state: State) -> bool:
    """The timer of the deadline has fired, so a clock that stands still is not late."""
    clock = state.clock(DeadlineKind.RESOLVE)
    return bool(clock and clock.reached and clock.deadline.due <= clock.reached)
