"""Any life of a case that the lifecycle allows, for properties of facts and figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from schemas import events
from schemas.events import AssignedBecause
from schemas.inputs import RatedBy
from schemas.lifecycle import LIFECYCLE
from schemas.reference import Level
from services.rating.facts import Ending, State
from tests.story import moment
from tests.unit.rating_life import DEPARTMENTS, LEVEL_OF, Life
from tests.unit.router_words import assigned, clocked, reopened, ruled, said

Make = Callable[[st.DrawFn, Life, float], Any]
AREAS = ("g111", "g122", "g211", "nowhere")
UP = {"from_level": Level.VILLAGE, "to_level": Level.TOWN}


def _assigned(draw: st.DrawFn, life: Life, _at: float) -> events.Assigned:
    to = draw(st.sampled_from(DEPARTMENTS))
    climbed = any(pressure.holding == life.holding for pressure in life.state.escalations)
    because = AssignedBecause.ESCALATED if climbed else AssignedBecause.ROUTED
    returned = any(h.ended is Ending.RETURNED and h.department == to for h in life.state.holdings)
    wrong = returned and not climbed and draw(st.booleans())
    said = {"level": LEVEL_OF[to], "because": because, "wrong_return": wrong}
    return assigned(to, life.holding, **said)


def _rated(draw: st.DrawFn, life: Life, at: float) -> events.Rated:
    return events.Rated(
        holding=life.holding,
        rating_id="r",
        at=moment(at),
        by=draw(st.sampled_from(RatedBy)),
        stars=draw(st.integers(1, 5)),
        solved=draw(st.sampled_from((None, True, False))),
    )


def _due(draw: st.DrawFn, at: float, *kinds: str) -> dict[str, float]:
    return {kind: at + draw(st.floats(0, 300)) for kind in kinds}


def _clock(draw: st.DrawFn, life: Life, at: float) -> events.DeadlineSet:
    if life.state.holder is not None and draw(st.booleans()):
        return life.clock(_due(draw, at, "resolve"), at, own=True)
    return life.clock(_due(draw, at, "respond", "case"), at, own=False)


def _says(event: type[events.DepartmentEvent]) -> Make:
    return lambda _draw, life, _at: said(event, life.holding)


def _presses(event: type[events.DeadlineEvent], **more: Any) -> Make:
    return lambda _draw, life, _at: clocked(event, life.holding, **more)


MAKERS: dict[type[Any], Make] = {
    events.Assigned: _assigned,
    events.TriageRequested: lambda _d, life, _at: events.TriageRequested(
        holding=life.holding, reason="no rule"
    ),
    events.Confirmed: lambda _d, _life, _at: events.Confirmed(
        decision_id="d", by="b", category="land", area="g211", changed=True
    ),
    events.Corrected: lambda _d, _life, _at: ruled(events.Corrected, category=None, area="g121"),
    events.Withdrawn: lambda _d, _life, _at: ruled(events.Withdrawn, how="withdrawn"),
    events.Extended: lambda _d, life, at: ruled(
        events.Extended, holding=life.holding, until=moment(at + 48)
    ),
    events.DeadlineSet: _clock,
    events.Escalated: _presses(events.Escalated, **UP),
    events.Supervised: _presses(events.Supervised),
    events.Overdue: _presses(events.Overdue, climbs=True),
    events.Rated: _rated,
    events.Reopened: lambda _d, life, _at: reopened(life.holding, nth=life.state.reopened + 1),
    events.Closed: lambda _d, life, _at: events.Closed(holding=life.holding, how="silence"),
}
for told in (
    events.Signed,
    events.Returned,
    events.Paused,
    events.Resumed,
    events.Resolved,
    events.FeedbackGiven,
):
    MAKERS[told] = _says(told)


OFTEN: tuple[type[Any], ...] = (
    events.Assigned,
    events.Signed,
    events.Resolved,
    events.Resolved,
    events.Rated,
)
"""Drawn more often than the others, or few lives would come to a result."""


@st.composite
def lives(draw: st.DrawFn) -> State:
    """Facts of a case that lasts up to three months around July 2022."""
    at = draw(st.floats(-900, 1000))
    life = Life(at=at, area=draw(st.sampled_from(AREAS)))
    for hours in draw(st.lists(st.floats(0, 200), max_size=14)):
        at += hours
        status = life.state.standing.status
        possible = [event for event in (*MAKERS, *OFTEN) if status in LIFECYCLE[event].after]
        if not possible:
            break
        event = draw(st.sampled_from(possible))
        life.tell(MAKERS[event](draw, life, at), at)
        if event is events.Assigned and draw(st.booleans()):
            life.limits(_due(draw, at, "sign", "resolve"), at)
    return life.state
