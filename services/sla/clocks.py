"""What the clocks of a case say at a moment, for people.

    state + now ─► one Reading for each deadline that was set

The rule to remember: met in time or late follows from times alone, never from whether a
`case.overdue` stands on the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from schemas.lifecycle import ENDED
from schemas.reference import DeadlineKind
from services.sla.state import HOLDERS, Clock, State, open_stop
from services.sla.timers import stands_still

ReadingStatus = Literal["met", "late", "running", "paused", "ended"]


@dataclass(frozen=True, slots=True)
class Reading:
    """`met`: done in time. `late`: done after it was due, or due and not done. `ended`: the case
    ended without it. `remaining` seconds (not working time) were left when it was done, when it
    was paused, or now; negative where late."""

    kind: DeadlineKind
    due: datetime
    status: ReadingStatus
    remaining: float
    provisional: bool = False


def clocks(state: State, now: datetime) -> list[Reading]:
    """All deadlines of the case and of its present holder, in the order of their kinds."""
    return [_reading(state, clock, now) for clock in state.clocks]


def _reading(state: State, clock: Clock, now: datetime) -> Reading:
    deadline = clock.deadline
    done, paused = _done_at(state, clock.kind), _paused_at(state, clock)
    remaining = (deadline.due - (paused or done or now)).total_seconds()
    status = _status(state, remaining, done=done is not None, paused=paused is not None)
    return Reading(clock.kind, deadline.due, status, remaining, deadline.provisional)


def kept(due: datetime, done: datetime | None, now: datetime) -> bool:
    """Whether a deadline counts as kept: done by then, or not yet due. To the very second is in
    time."""
    return (done or now) <= due


def _status(state: State, remaining: float, *, done: bool, paused: bool) -> ReadingStatus:
    if done:
        return "met" if remaining >= 0 else "late"
    if state.standing.status in ENDED:
        return "ended"
    if remaining < 0:
        return "late"
    return "paused" if paused else "running"


def _done_at(state: State, kind: DeadlineKind) -> datetime | None:
    match kind:
        case DeadlineKind.SIGN:
            return state.holder.signed_at if state.holder else None
        case DeadlineKind.RESPOND:
            return state.answered_at
        case DeadlineKind.RESOLVE | DeadlineKind.CASE:
            resolved = open_stop(state.history)
            return resolved.at if resolved else None
        case _:
            assert_never(kind)


def _paused_at(state: State, clock: Clock) -> datetime | None:
    """Since when the holder's clock stands still; work that is done in a pause is done by then."""
    pause = open_stop(state.history_of(clock.kind)) if clock.kind in HOLDERS else None
    return pause.at if pause and stands_still(state, clock) else None
