"""What sla knows of a case: its clocks, who holds it, and when a clock stood still.

    State ─┬─ clocks   one per kind of deadline; sign and resolve belong to the holder
           ├─ holder   the department that leads, until the case moves on
           └─ history  when the case's own clock stopped (resolved) and ran again (reopened)

The rule to remember: a `Clock` is only what a `case.deadline-set` said, and what has fired of it;
whether it runs follows from the other facts (see `services.sla.timers`). So it makes no difference
whether a deadline landed before or after, say, the signature.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, assert_never

from schemas.envelope import Instant, Message
from schemas.events import Deadline, DeadlineSet
from schemas.reference import DeadlineKind, Level, Service, Urgency
from services.changing import replace
from services.decider import CaseState

KINDS = tuple(DeadlineKind)
"""The fixed order: sign, respond, resolve, case."""
HOLDERS = (DeadlineKind.SIGN, DeadlineKind.RESOLVE)
"""The kinds that belong to whoever leads; the others belong to the case."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that moves a deadline: its clock stopped, ran again, or got more time."""

    id: str
    what: Literal["stopped", "ran", "extended"]
    at: Instant
    reason: str | None = None
    """Why the holder paused, a code of the reference data."""
    until: Instant | None = None
    asked: Instant | None = None
    """When the extension was asked for."""


History = tuple[Step, ...]


def open_stop(history: Iterable[Step]) -> Step | None:
    """The stop that no run has ended yet."""
    stop: Step | None = None
    for step in history:
        if step.what != "extended":
            stop = step if step.what == "stopped" else None
    return stop


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline. `base` stands; `moved` counts instead while a pause may still change it."""

    base: Deadline
    set_by: str
    """The `case.deadline-set` that it is from; timers' ids follow from it."""
    settled: int = 0
    """How many steps of the history `base` has taken in."""
    moved: Deadline | None = None
    bounded: str | None = None
    """The pause whose longest end `moved` allows for already: time runs on against it."""
    risk_told: bool = False
    """It was called at risk."""
    reached: Instant | None = None
    """The moment of its last timer that fired; only later ones are still ahead."""

    @property
    def kind(self) -> DeadlineKind:
        return self.base.kind

    @property
    def deadline(self) -> Deadline:
        return self.moved or self.base


@dataclass(frozen=True, slots=True)
class Holder:
    department: str
    level: Level
    reopened: bool = False
    """Its limits are the shorter ones of a reopened case."""
    signed_at: Instant | None = None
    climbed: bool = False
    """A deadline of this holding has lifted the case, or brought supervision; one is enough."""
    history: History = ()
    asked_at: Instant | None = None
    """When it last asked for more time."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """The department under supervision has not answered: it is reminded again at `at`."""

    set_by: str
    """The event that set it; its timer's id follows from that."""
    at: Instant
    kind: DeadlineKind
    due: Instant
    """The deadline that brought the supervision about."""
    nth: int


@dataclass(frozen=True, slots=True)
class State(CaseState):
    service: Service | None = None
    category: str | None = None
    urgency: Urgency = Urgency.NORMAL
    tier: str | None = None
    """The reporter's household tier."""
    holder: Holder | None = None
    clocks: tuple[Clock, ...] = ()
    """In the order of `KINDS`."""
    history: History = ()
    answered_at: Instant | None = None
    """The first word to the reporter."""
    supervised: bool = False
    reminder: Reminder | None = None

    def clock(self, kind: DeadlineKind) -> Clock | None:
        for clock in self.clocks:
            if clock.base.kind is kind:
                return clock
        return None

    def history_of(self, kind: DeadlineKind) -> History:
        """What moved deadlines of this kind: the holder's pauses, or the case's time resolved."""
        match kind:
            case DeadlineKind.RESOLVE:
                return self.holder.history if self.holder else ()
            case DeadlineKind.CASE:
                return self.history
            case DeadlineKind.SIGN | DeadlineKind.RESPOND:
                return ()
            case _:
                assert_never(kind)


def with_holder(state: State, **facts: Any) -> State:
    """New facts about the holder, if there is one."""
    return replace(state, holder=replace(state.holder, **facts)) if state.holder else state


def with_clocks(state: State, *clocks: Clock) -> State:
    """The clocks in their places among the others."""
    known = {clock.base.kind: clock for clock in (*state.clocks, *clocks)}
    return replace(state, clocks=tuple([known[kind] for kind in KINDS if kind in known]))


def vacated(state: State) -> State:
    """Nobody leads any more: the holder's clocks go with the holder."""
    clocks = tuple(clock for clock in state.clocks if clock.kind not in HOLDERS)
    return replace(state, holder=None, clocks=clocks)


def with_deadlines(state: State, event: Message[DeadlineSet]) -> State:
    """The clocks as the event sets them."""
    return with_clocks(state, *[_as_set(state, each, event) for each in event.data.deadlines])


def _as_set(state: State, deadline: Deadline, event: Message[DeadlineSet]) -> Clock:
    """The clock as the event sets it: a first time, or as the step that it answers moved it."""
    known = state.clock(deadline.kind)
    history = state.history_of(deadline.kind)
    if not history:  # nothing has moved it, as with most
        clock = Clock(deadline, event.id)
        return _told(clock, known) if known else clock
    clock = replace(known or Clock(deadline, set_by=event.id), set_by=event.id)
    steps = next((n for n, step in enumerate(history, 1) if step.id == event.causationid), 0)
    stop = open_stop(history[:steps])
    if stop is None:
        settled = steps or clock.settled
        return replace(clock, base=deadline, settled=settled, moved=None)
    bounded = stop.id if stop.id == event.causationid else clock.bounded
    return replace(clock, moved=deadline, bounded=bounded)


def _told(clock: Clock, known: Clock) -> Clock:
    """What has been told of the deadline before is not told again."""
    return replace(clock, reached=known.reached, risk_told=known.risk_told)


def with_risk_told(state: State, kind: DeadlineKind) -> State:
    clock = state.clock(kind)
    return with_clocks(state, replace(clock, risk_told=True)) if clock else state


def with_reached(state: State, kind: DeadlineKind, moment: datetime) -> State:
    """A timer of this kind fired. It never goes back, whoever fired what in which order."""
    clock = state.clock(kind)
    if clock is None:
        return state
    return with_clocks(state, replace(clock, reached=max(moment, clock.reached or moment)))
