"""What each event of the log means for the clocks: one small fold for each type.

The rule to remember: facts only. What a deadline is comes from `case.deadline-set` alone; here are
no rules and no calendar, so a log folds to the same state under any version of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from schemas import events
from schemas.envelope import Message
from schemas.events import AssignedBecause
from services.changing import replace
from services.sla.state import (
    HOLDERS,
    Holder,
    Reminder,
    State,
    Step,
    open_stop,
    vacated,
    with_deadlines,
    with_holder,
    with_reached,
    with_risk_told,
)


def evolve(state: State, event: Message[Any]) -> State:
    fold = FOLDS.get(type(event.data))
    return fold(state, event) if fold else state


def _opened(state: State, event: Message[events.Opened]) -> State:
    data = event.data
    tier = data.reporter.household_tier
    return replace(
        state, service=data.service, category=data.category, urgency=data.urgency, tier=tier
    )


def _assigned(state: State, event: Message[events.Assigned]) -> State:
    """A new holder, and a clean slate."""
    data = event.data
    reopened = data.because is AssignedBecause.REOPENED
    return replace(vacated(state), holder=Holder(data.lead, data.level, reopened))


def _signed(state: State, event: Message[Any]) -> State:
    if state.holder is None or state.holder.signed_at is not None:
        return state
    return with_holder(state, signed_at=event.time)


def _answered(state: State, event: Message[Any]) -> State:
    """The first word to the reporter; later ones change nothing."""
    return state if state.answered_at else replace(state, answered_at=event.time)


def _stepped(
    what: Literal["stopped", "ran", "extended"],
) -> Callable[[State, Message[Any]], State]:
    """A step of the holder's history."""

    def fold(state: State, event: Message[Any]) -> State:
        reason = event.data.reason if what == "stopped" else None
        if state.holder is None:
            return state
        until = event.data.until if what == "extended" else None
        asked = state.holder.asked_at if what == "extended" else None
        step = Step(event.id, what, event.time, reason, until, asked)
        return with_holder(state, history=(*state.holder.history, step))

    return fold


def _asked(state: State, event: Message[events.ExtensionRequested]) -> State:
    """Asked in a pause is asked when the clock stopped: no time has passed since."""
    stop = open_stop(state.holder.history) if state.holder else None
    return with_holder(state, asked_at=stop.at if stop else event.time)


def _resolved(state: State, event: Message[events.Resolved]) -> State:
    """`resolve` implies `sign`, and is a word to the reporter; the case's clock stops."""
    state = _reported(_answered(_signed(state, event), event), event)
    return replace(state, history=(*state.history, Step(event.id, "stopped", event.time)))


def _reopened(state: State, event: Message[events.Reopened]) -> State:
    ran = Step(event.id, "ran", event.time)
    return replace(vacated(state), history=(*state.history, ran))


def _escalated(state: State, _event: Message[events.Escalated]) -> State:
    return with_holder(state, climbed=True)


def _reported(state: State, _event: Message[Any]) -> State:
    """The department has said how it stands: nobody need remind it."""
    return replace(state, reminder=None) if state.reminder else state


def _reminder(event: Message[events.Supervised | events.Warned], nth: int) -> Reminder | None:
    data = event.data
    if data.remind_at is None:
        return None
    return Reminder(event.id, data.remind_at, data.kind, data.due, nth)


def _warned(state: State, event: Message[events.Warned]) -> State:
    if event.data.supervision:
        return replace(state, reminder=_reminder(event, event.data.nth + 1))
    return with_reached(state, event.data.kind, event.time)


def _supervised(state: State, event: Message[events.Supervised]) -> State:
    state = replace(state, supervised=True, reminder=_reminder(event, 1))
    return with_holder(state, climbed=True) if event.data.kind in HOLDERS else state


def _understood(state: State, event: Message[events.Confirmed | events.Corrected]) -> State:
    return replace(state, category=event.data.category)


FOLDS: Mapping[type[Any], Callable[[State, Any], State]] = {
    events.Opened: _opened,
    events.Confirmed: _understood,
    events.Corrected: _understood,
    events.Assigned: _assigned,
    events.Returned: lambda state, _event: vacated(state),
    events.TriageRequested: lambda state, _event: vacated(state),
    events.Signed: _signed,
    events.Paused: _stepped("stopped"),
    events.Resumed: _stepped("ran"),
    events.ExtensionRequested: _asked,
    events.Extended: _stepped("extended"),
    events.Progressed: _reported,
    events.FeedbackGiven: lambda state, event: _reported(_answered(state, event), event),
    events.Resolved: _resolved,
    events.Reopened: _reopened,
    events.DeadlineSet: with_deadlines,
    events.Warned: _warned,
    events.AtRisk: lambda state, event: with_risk_told(state, event.data.kind),
    events.Overdue: lambda state, event: with_reached(state, event.data.kind, event.data.due),
    events.Escalated: _escalated,
    events.Supervised: _supervised,
}
