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
from functools import lru_cache
from typing import assert_never

from schemas import ids
from schemas.lifecycle import ACTIVE, HELD, Status
from schemas.reference import DeadlineKind
from services.decider import Timer
from services.sla.state import Clock, Reminder, State, open_stop

RISK = 0
"""The number of the alarm that calls a case at risk."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A moment of a clock that is still ahead. Warnings are numbered from 1, the call that it is at
    risk is `RISK`; overdue has no number."""

    at: datetime
    clock: Clock
    nth: int | None = None

    def timer(self) -> Timer:
        return _timer(self.clock, self.at, self.nth)


def due(state: State) -> Timer | None:
    """The next timer, of several at one moment the first in order, a reminder of supervision last;
    None while nothing runs.

    Asked after every event of every case, so only the earliest alarm of each clock is looked at,
    and an id is made for the winner alone. Some 2 µs."""
    first: tuple[datetime, int | None, Clock] | None = None
    for clock in state.clocks:
        ahead = _earliest(clock)
        if ahead and (first is None or ahead[0] < first[0]) and runs(state, clock):
            first = (*ahead, clock)
    reminder = reminder_of(state)
    if reminder and (first is None or reminder.at < first[0]):
        return reminder_timer(reminder)
    return _timer(first[2], first[0], first[1]) if first else None


def reminder_of(state: State) -> Reminder | None:
    """The next reminder of supervision, until the case is done: whoever has it then is reminded,
    and where nobody has it, the log is."""
    return state.reminder if state.reminder and state.standing.status in ACTIVE else None


def reminder_timer(reminder: Reminder) -> Timer:
    identity = _timer_id(reminder.set_by, reminder.kind.value, "reminder")
    return Timer(identity, reminder.at, because=reminder.set_by)


def _earliest(clock: Clock) -> tuple[datetime, int | None] | None:
    """The first alarm that is still ahead. Warnings stand in order, and before overdue."""
    deadline, reached = clock.deadline, clock.reached
    if reached is not None and deadline.due <= reached:
        return None
    first: tuple[datetime, int | None] = deadline.due, None
    for nth, at in enumerate(deadline.warn_at, 1):
        if reached is None or at > reached:
            first = at, nth
            break
    risk = deadline.risk_at
    return (risk, RISK) if risk and risk < first[0] and not clock.risk_told else first


def _timer(clock: Clock, at: datetime, nth: int | None) -> Timer:
    what = "overdue" if nth is None else f"warn{nth}" if nth else "at-risk"
    return Timer(_timer_id(clock.set_by, clock.kind.value, what), at, because=clock.set_by)


@lru_cache(maxsize=8192)
def _timer_id(set_by: str, kind: str, what: str) -> str:
    """Remembered, since the same timer is next after most events."""
    return ids.derive("timer", set_by, kind, what)


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
            return status in (Status.ASSIGNED, Status.TRIAGE)
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
    if clock.deadline.risk_at:
        yield Alarm(clock.deadline.risk_at, clock, RISK)
    yield Alarm(clock.deadline.due, clock)


def _is_ahead(alarm: Alarm) -> bool:
    reached = alarm.clock.reached
    if alarm.nth == RISK:
        ahead = reached is None or alarm.clock.deadline.due > reached
        return ahead and not alarm.clock.risk_told
    return reached is None or alarm.at > reached
