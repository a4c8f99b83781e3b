"""How each event of the log changes the facts of its case.

    state, event of any service ─► state

The rule to remember: **an event about a holding is about the latest one**; had the case moved on,
it would be void, and the shell would not have handed it over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas import events
from schemas.envelope import Message
from schemas.reference import DeadlineKind
from services.changing import replace
from services.rating.facts import Ending, Holding, Pressure, Stars, State


def evolve(state: State, event: Message[Any]) -> State:
    """The facts after an event of any service; what tells no fact changes none."""
    fold = FOLDS.get(type(event.data))
    return fold(state, event) if fold else state


def _opened(state: State, event: Message[events.Opened]) -> State:
    data = event.data
    return replace(
        state,
        source=data.source,
        area=data.area,
        category=data.category,
        service=data.service,
        urgency=data.urgency,
        reporter=data.reporter.ref,
        reporter_kind=data.reporter.kind,
        opened_at=event.time,
        closes_after_days=data.closes_after_days,
    )


def _put_right(state: State, event: Message[events.Confirmed | events.Corrected]) -> State:
    return replace(state, area=event.data.area, category=event.data.category)


def _assigned(state: State, event: Message[events.Assigned]) -> State:
    data = event.data
    climbed = data.because is events.AssignedBecause.ESCALATED
    left = _end(state, event, Ending.ESCALATED if climbed else Ending.REASSIGNED)
    held = _found_wrong(left.holdings, event) if data.wrong_return else left.holdings
    holding = Holding(event.id, data.lead, data.level, event.time)
    return replace(left, holdings=(*held, holding))


def _found_wrong(
    holdings: tuple[Holding, ...], event: Message[events.Assigned]
) -> tuple[Holding, ...]:
    """The last time that this department returned the case was a mistake: it was its own."""
    for n in reversed(range(len(holdings))):
        if holdings[n].department == event.data.lead and holdings[n].ended is Ending.RETURNED:
            mistaken = replace(holdings[n], found_wrong_at=event.time)
            return (*holdings[:n], mistaken, *holdings[n + 1 :])
    return holdings


def _end(state: State, event: Message[Any], how: Ending) -> State:
    """Whoever still holds the case holds it no more."""
    return _change(state, until=event.time, ended=how) if state.holder else state


def _change(state: State, **facts: Any) -> State:
    """New facts about the latest holding. Events about older ones are void, so it is the one."""
    latest = state.holdings[-1]
    return replace(state, holdings=(*state.holdings[:-1], replace(latest, **facts)))


def _handled(state: State, event: Message[events.DepartmentEvent], **facts: Any) -> State:
    """Somebody of the department spoke for it, and what came of that."""
    latest, by = state.holdings[-1], event.data.by
    handlers = latest.handlers if by in latest.handlers else (*latest.handlers, by)
    return _change(state, handlers=handlers, **facts)


def _signed(state: State, event: Message[events.Signed]) -> State:
    return _handled(state, event, signed_at=event.time)


def _word_given(state: State, event: Message[events.FeedbackGiven]) -> State:
    first = state.holdings[-1].responded_at or event.time
    return _handled(state, event, responded_at=first)


def _resolved(state: State, event: Message[events.Resolved]) -> State:
    latest = state.holdings[-1]
    return _handled(
        state,
        event,
        until=event.time,
        ended=Ending.RESOLVED,
        resolved_by=event.id,
        signed_at=latest.signed_at or event.time,
        responded_at=latest.responded_at or event.time,
    )


def _withdrawn(state: State, event: Message[events.Withdrawn]) -> State:
    return replace(_end(state, event, Ending.WITHDRAWN), ended_at=event.time)


NAMES = {kind: kind.value for kind in DeadlineKind}
"""Of the limits."""


def _limits_set(state: State, event: Message[events.DeadlineSet]) -> State:
    data = event.data
    due = {NAMES[deadline.kind]: deadline.due for deadline in data.deadlines}
    if data.holding is None:
        return replace(state, limits=replace(state.limits, **due))
    holder = state.holder
    if holder is None:
        return state
    limits = replace(holder.limits, **due)
    if event.causationid == holder.paused_by:
        return _change(state, limits=limits, paused_at=None)
    return _change(state, limits=limits)


def _paused(state: State, event: Message[events.Paused]) -> State:
    return _change(state, paused_at=event.time, paused_by=event.id)


def _resumed(state: State, _event: Message[events.Resumed]) -> State:
    return _change(state, paused_at=None, paused_by=None)


def _escalated(state: State, event: Message[events.Escalated]) -> State:
    pressure = Pressure(event.time, state.standing.holding, event.data.to_level)
    return replace(state, escalations=(*state.escalations, pressure))


def _supervised(state: State, event: Message[events.Supervised]) -> State:
    pressure = Pressure(event.time, state.standing.holding)
    return replace(state, supervisions=(*state.supervisions, pressure))


def _rated(state: State, event: Message[events.Rated]) -> State:
    """A later word of the same kind of rater on the same result replaces the earlier."""
    data = event.data
    latest = state.holdings[-1]
    others = tuple(rating for rating in latest.ratings if rating.by is not data.by)
    earlier = tuple(rating for rating in latest.ratings if rating.by is data.by)
    final = Stars(data.by, data.stars, data.solved, event.time, data.rater)
    return _change(state, ratings=(*others, final), replaced=(*latest.replaced, *earlier))


def _reopened(state: State, event: Message[events.Reopened]) -> State:
    return replace(_change(state, reopened_at=event.time), ended_at=None)


FOLDS: Mapping[type[Any], Callable[[State, Any], State]] = {
    events.Opened: _opened,
    events.Confirmed: _put_right,
    events.Corrected: _put_right,
    events.Assigned: _assigned,
    events.TriageRequested: lambda state, event: _end(state, event, Ending.REASSIGNED),
    events.Returned: lambda state, event: _end(state, event, Ending.RETURNED),
    events.Signed: _signed,
    events.Paused: _paused,
    events.Progressed: _handled,
    events.Resumed: _resumed,
    events.Extended: lambda state, _event: _change(state, extended=True),
    events.FeedbackGiven: _word_given,
    events.Resolved: _resolved,
    events.Withdrawn: _withdrawn,
    events.Merged: _withdrawn,
    events.Unmerged: lambda state, _event: replace(state, ended_at=None),
    events.DeadlineSet: _limits_set,
    events.Escalated: _escalated,
    events.Supervised: _supervised,
    events.Rated: _rated,
    events.Reopened: _reopened,
    events.Closed: lambda state, event: replace(state, ended_at=event.time),
}
