"""What the clocks of a case say at a moment, for people.

    state + now ─► one Reading for each deadline that was set

The rule to remember: met in time or late follows from times alone, never from whether a
`case.overdue` stands on the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from schemas.lifecycle import ENDED, Status
from schemas.reference import DeadlineKind
from services.sla.state import Clock, State, open_stop
from services.sla.timers import runs, stands_still


@dataclass(frozen=True, slots=True)
class Reading:
    """`met`: done in time. `late`: done after it was due, or due and not done. `ended`: the case
    ended without it. `remaining` seconds (not working time) were left when it was done, when it
    was paused, or now; negative where late."""

    kind: DeadlineKind
    due: datetime
    status: Literal["met", "late", "running", "paused", "ended"]
    remaining: float
    provisional: bool = False


def clocks(state: State, now: datetime) -> list[Reading]:
    """All deadlines of the case and of its present holder, in the order of their kinds."""
    return [_reading(state, clock, now) for clock in state.clocks]


def _reading(state: State, clock: Clock, now: datetime) -> Reading:
    deadline = clock.deadline
    done, stopped = _done_at(state, clock.kind), _stopped_at(state, clock)
    remaining = (deadline.due - (stopped or done or now)).total_seconds()
    return Reading(
        clock.kind,
        deadline.due,
        _status(state, clock, remaining, done=done is not None, paused=stopped is not None),
        remaining,
        deadline.provisional,
    )


def _status(
    state: State, clock: Clock, remaining: float, *, done: bool, paused: bool
) -> Literal["met", "late", "running", "paused", "ended"]:
    if done:
        return "met" if remaining >= 0 else "late"
    if state.standing.status in ENDED:
        return "ended"
    if remaining < 0:
        return "late"
    return "running" if runs(state, clock) and not paused else "paused"
