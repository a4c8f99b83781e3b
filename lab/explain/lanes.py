"""The clocks of a case as lanes of time, from its events alone.

    events ─► sla's own fold ─► one Lane for each clock of the case and of each holder
                                 spans: running, paused, late     dues: when it was due, since when

The rule to remember: **what is drawn is what sla knew**: the events are folded as sla folds them,
voids and copies left out, and every due time names the event, the policy and the version of the
rules that it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from schemas import events
from schemas.envelope import Message
from schemas.lifecycle import ENDED, advance, void_because
from schemas.reference import DeadlineKind, Level
from services.sla.clocks import ReadingStatus, clocks
from services.sla.domain import DECIDER
from services.sla.state import HOLDERS, State


@dataclass(frozen=True, slots=True)
class Span:
    start: datetime
    end: datetime
    how: ReadingStatus
    """running, paused or late."""


@dataclass(frozen=True, slots=True)
class Due:
    """From `since` on the clock was due at `at`."""

    at: datetime
    since: datetime
    duration: str
    policy: str
    version: str | None
    why: str
    provisional: bool = False


@dataclass(slots=True)
class Lane:
    """One clock, of the case (no department) or of one holding."""

    kind: DeadlineKind
    holding: str | None
    department: str | None
    level: Level | None
    spans: list[Span] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)
    outcome: ReadingStatus = "running"
    """What the clock says at the end."""

    @property
    def due(self) -> Due:
        return self.dues[-1]

    @property
    def started(self) -> datetime:
        return self.dues[0].since


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to the clocks."""

    at: datetime
    event: Message[Any]


@dataclass(slots=True)
class Timeline:
    case: str
    opened: datetime
    now: datetime
    lanes: list[Lane] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    @property
    def end(self) -> datetime:
        """The last moment that is drawn: now, or what is still to come."""
        ahead = (lane.due.at for lane in self.lanes if lane.outcome in ("running", "paused"))
        past = (span.end for lane in self.lanes for span in lane.spans)
        return max([*ahead, *past, *(mark.at for mark in self.marks), self.opened])


MARKED = (
    events.Assigned, events.TriageRequested, events.Signed, events.Returned, events.Paused,
    events.Resumed, events.Extended, events.Resolved, events.Reopened, events.Warned, events.AtRisk,
    events.Overdue, events.Escalated, events.Supervised, events.Withdrawn, events.Closed,
)  # fmt: skip


def timeline(log: Iterable[Message[Any]], now: datetime) -> Timeline:
    """The lanes of one case. Its events in the log's order, the first being `case.opened`."""
    accepted = list(_accepted(log))
    first = accepted[0][1]
    drawn = Timeline(first.subject, first.time, now)
    lanes: dict[tuple[DeadlineKind, str | None], Lane] = {}
    ends = [event.time for _, event in accepted[1:]] + [max(now, accepted[-1][1].time)]
    for (state, event), until in zip(accepted, ends, strict=True):
        if isinstance(event.data, MARKED):
            drawn.marks.append(Mark(event.time, event))
        _set(lanes, state, event)
        _run(lanes, state, event.time, until)
    drawn.lanes = sorted(lanes.values(), key=lambda lane: (lane.holding is not None, lane.started))
    return drawn


def _accepted(log: Iterable[Message[Any]]) -> Iterator[tuple[State, Message[Any]]]:
    """Each event that counts, with sla's state after it."""
    state, seen = DECIDER.initial(), set[str]()
    for event in log:
        if event.id in seen or void_because(state.standing, event.data) is not None:
            continue
        seen.add(event.id)
        state = DECIDER.evolve(replace(state, standing=advance(state.standing, event)), event)
        yield state, event


def _set(
    lanes: dict[tuple[DeadlineKind, str | None], Lane], state: State, event: Message[Any]
) -> None:
    data = event.data
    if not isinstance(data, events.DeadlineSet):
        return
    for deadline in data.deadlines:
        holding = data.holding if deadline.kind in HOLDERS else None
        key = (deadline.kind, holding)
        lane = lanes.setdefault(key, Lane(deadline.kind, holding, data.department, data.level))
        lane.dues.append(
            Due(
                deadline.due,
                event.time,
                deadline.duration,
                deadline.policy,
                event.policyversion,
                data.why,
                deadline.provisional,
            )
        )


def _run(
    lanes: dict[tuple[DeadlineKind, str | None], Lane],
    state: State,
    start: datetime,
    end: datetime,
) -> None:
    """What each clock did from one event to the next."""
    held = state.standing.holding
    readings = {reading.kind: reading for reading in clocks(state, start)}
    for (kind, holding), lane in lanes.items():
        if holding is not None and holding != held:
            lane.outcome = "ended" if lane.outcome in ("running", "paused") else lane.outcome
            continue
        reading = readings.get(kind)
        if reading is None:
            continue
        lane.outcome = reading.status
        if reading.status in ("met", "ended") or _is_over(state, kind):
            continue
        due = reading.due
        if reading.status == "running" and start <= due < end:
            lane.outcome = "late"
            _span(lane, Span(start, due, "running"))
            _span(lane, Span(due, end, "late"))
        else:
            _span(lane, Span(start, end, reading.status))


def _is_over(state: State, kind: DeadlineKind) -> bool:
    """Late and done: time counts no further."""
    if state.standing.status in ENDED or state.standing.status == "resolved":
        return True
    match kind:
        case DeadlineKind.SIGN:
            return bool(state.holder and state.holder.signed_at)
        case DeadlineKind.RESPOND:
            return state.answered_at is not None
        case _:
            return False


def _span(lane: Lane, span: Span) -> None:
    """Joined to the one before, where nothing changed."""
    if span.start == span.end:
        return
    if lane.spans and lane.spans[-1].how == span.how and lane.spans[-1].end == span.start:
        lane.spans[-1] = Span(lane.spans[-1].start, span.end, span.how)
    else:
        lane.spans.append(span)
