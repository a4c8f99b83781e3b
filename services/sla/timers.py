"""Which timers run, and which is next.

    clocks that run ─► alarms: warn1, warn2, overdue ─► the earliest is due(state)

The rule to remember: whether a clock runs follows from where the case stands, not from who set it
when. Timers of one moment go in a fixed order: sign, respond, resolve, case; a warning before
overdue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from schemas import ids
from schemas.lifecycle import ACTIVE, HELD, Status
from schemas.reference import DeadlineKind
from services.decider import Timer
from services.sla.state import Clock, State, open_stop


@dataclass(frozen=True, slots=True)
class Alarm:
    """A moment of a clock that is still ahead. Warnings are numbered from 1; overdue has none."""

    at: datetime
    clock: Clock
    nth: int | None = None

    def timer(self) -> Timer:
        what = f"warn{self.nth}" if self.nth else "overdue"
        identity = ids.derive("timer", self.clock.set_by, self.clock.kind.value, what)
        return Timer(identity, self.at, because=self.clock.set_by)


def due(state: State) -> Timer | None:
    """The next timer, of several at one moment the first in order; None while no clock runs."""
    alarm = min(alarms(state), key=_moment, default=None)
    return alarm.timer() if alarm else None


def alarm_of(state: State, timer_id: str) -> Alarm | None:
    """What a timer is for, if it still runs."""
    return next((alarm for alarm in alarms(state) if alarm.timer().id == timer_id), None)


def alarms(state: State) -> Iterator[Alarm]:
    """All that is still ahead: clock by clock in the order of kinds, warnings first."""
    for clock in state.clocks:
        if runs(state, clock):
            yield from (alarm for alarm in _alarms_of(clock) if _is_ahead(alarm))


def runs(state: State, clock: Clock) -> bool:
    """Whether time counts against this clock."""
    status = state.standing.status
    match clock.kind:
        case DeadlineKind.SIGN:
            return status is Status.ASSIGNED
        case DeadlineKind.RESPOND:
            return status in ACTIVE and state.answered_at is None
        case DeadlineKind.RESOLVE:
            return status in HELD and not stands_still(state, clock)
        case DeadlineKind.CASE:
            return status in ACTIVE
        case _:
            assert_never(clock.kind)


def stands_still(state: State, clock: Clock) -> bool:
    """Paused, and the pause may still lengthen. A pause with a limit is allowed for at once and
    whole, so that even one that is never resumed runs out."""
    stop = open_stop(state.history_of(clock.kind))
    return stop is not None and stop.id != clock.bounded


def _alarms_of(clock: Clock) -> Iterator[Alarm]:
    for nth, at in enumerate(clock.deadline.warn_at, 1):
        yield Alarm(at, clock, nth)
    yield Alarm(clock.deadline.due, clock)


def _is_ahead(alarm: Alarm) -> bool:
    reached = alarm.clock.reached
    return reached is None or alarm.at > reached


def _moment(alarm: Alarm) -> datetime:
    return alarm.at
