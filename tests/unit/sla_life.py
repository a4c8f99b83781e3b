"""The life of one case as sla lives it: `a_case().assigned(at=july(4, 9)).passes(july(7, 9)).told`.

Time passes, timers run out in their order, and what sla decides lands on the log at once and is a
cause in its turn, as in the shell. What the others say is given; the holding is named by itself.
Small county, Monday 4 July 2022; Monday to Friday 08:00-12:00 and 14:00-18:00 in Shanghai.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas import events
from schemas.envelope import Message, Payload
from schemas.events import AssignedBecause, CaseEvent, Deadline
from schemas.lifecycle import advance, void_because
from schemas.reference import DeadlineKind, DeadlinePolicy, Reference
from schemas.rulebook import Rulebooks
from services.decider import Tick, Timer
from services.sla.domain import DECIDER
from services.sla.state import State
from tests.county import small_county
from tests.story import message
from tests.unit.router_words import assigned, opened, reopened, ruled, said

SHANGHAI = ZoneInfo("Asia/Shanghai")
SIGN, RESPOND, RESOLVE, WHOLE = DeadlineKind
LEVELS = {unit.code: unit.level for unit in small_county().departments}
VC, TOWN, COUNTY = "vc-v11", "governance-t1", "county-bureau"


def july(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of July 2022 in Shanghai; the 4th is a Monday."""
    return datetime(2022, 7, day, hour, minute, tzinfo=SHANGHAI)


def limits(**durations: Any) -> Reference:
    """The small county with one policy alone, which resolves in 3wd unless it says otherwise."""
    policy: dict[str, Any] = {"id": "only", "resolve": "3wd"}
    return small_county(deadlines=(DeadlinePolicy(**policy | durations),))


class Life:
    def __init__(self, *versions: Reference) -> None:
        self.books = Rulebooks(versions or (small_county(),))
        self.state: State = DECIDER.initial()
        self.log: list[Message[Any]] = []
        self.fired: list[Timer] = []

    # ── what the others say ──────────────────────────────────────────────────────────────────

    def opened(self, at: datetime, **changes: Any) -> Life:
        return self.tell(opened(**changes), at)

    def assigned(
        self,
        at: datetime,
        to: str = VC,
        because: AssignedBecause = AssignedBecause.ROUTED,
        **changes: Any,
    ) -> Life:
        fields = {"level": LEVELS[to], "because": because} | changes
        return self.tell(assigned(to, self.holding, **fields), at)

    def says(self, event: type[events.DepartmentEvent], at: datetime, **more: Any) -> Life:
        assert self.state.holder is not None
        return self.tell(said(event, self.holding, self.state.holder.department, **more), at)

    def signed(self, at: datetime) -> Life:
        return self.says(events.Signed, at)

    def paused(self, at: datetime, reason: str = "waiting-for-reporter") -> Life:
        return self.says(events.Paused, at, reason=reason)

    def resumed(self, at: datetime) -> Life:
        return self.says(events.Resumed, at)

    def resolved(self, at: datetime) -> Life:
        return self.says(events.Resolved, at, result="done")

    def extended(self, at: datetime, until: datetime) -> Life:
        return self.tell(ruled(events.Extended, holding=self.holding, until=until), at)

    def reopened(self, at: datetime) -> Life:
        return self.tell(reopened(self.holding), at)

    # ── what sla makes of it ─────────────────────────────────────────────────────────────────

    def tell(self, data: CaseEvent, at: datetime) -> Life:
        self.passes(at)
        self._lands(data, at)
        return self

    def passes(self, to: datetime) -> Life:
        """Time comes to `to`: every timer up to then runs out."""
        while (timer := DECIDER.due(self.state)) and timer.at <= to:
            self.fired.append(timer)
            tick = message(Tick(), id=timer.id, at=timer.at, because=timer.because)
            assert self._answered(tick), "a timer that runs out must have an answer"
        return self

    def _lands(self, data: CaseEvent, at: datetime, because: str | None = None) -> None:
        name = f"e{len(self.log) + 1}"
        record = message(data, id=name, at=at.astimezone(UTC), because=because)
        self.log.append(record)
        self.state = folded(self.state, record)
        self._answered(record)

    def _answered(self, cause: Message[Any]) -> bool:
        answer = self.decides(cause)
        if answer is not None:
            because = cause.causationid if isinstance(cause.data, Tick) else cause.id
            self._lands(answer, cause.time, because)
        return answer is not None

    def decides(self, cause: Message[Any]) -> CaseEvent | None:
        answer = DECIDER.decide(self.state, cause, self.books.at(cause.time))
        assert answer is None or isinstance(answer, CaseEvent)
        return answer

    # ── what one may ask ─────────────────────────────────────────────────────────────────────

    @property
    def holding(self) -> str:
        return self.state.standing.holding or ""

    @property
    def last(self) -> Message[Any]:
        return self.log[-1]

    @property
    def told(self) -> list[tuple[str, datetime]]:
        """What sla said when time was up, and when: `[("warned resolve", july(6, 9, 48)), …]`."""
        return [
            (f"{record.type.split('.')[1]} {record.data.kind}", record.time.astimezone(SHANGHAI))
            for record in self.log
            if isinstance(record.data, events.DeadlineEvent)
        ]

    def deadline(self, kind: DeadlineKind) -> Deadline:
        clock = self.state.clock(kind)
        assert clock is not None, f"no {kind} deadline is set"
        return clock.deadline

    def due(self, kind: DeadlineKind) -> datetime:
        return self.deadline(kind).due.astimezone(SHANGHAI)

    def of(self, event: type[Payload]) -> list[Message[Any]]:
        return [record for record in self.log if isinstance(record.data, event)]


def folded(state: State, record: Message[Any]) -> State:
    """The state after an event, as the shell folds it."""
    reason = void_because(state.standing, record.data)
    assert reason is None, f"the story is impossible: {reason}"
    return DECIDER.evolve(replace(state, standing=advance(state.standing, record)), record)


MONDAY = july(4, 9)


def a_case(*versions: Reference, at: datetime = MONDAY, **changes: Any) -> Life:
    """A case opened on Monday at nine, unless told otherwise."""
    return Life(*versions).opened(at, **changes)


def a_held_case(*versions: Reference, to: str = VC) -> Life:
    """Opened and assigned on Monday at nine, signed at ten."""
    return a_case(*versions).assigned(july(4, 9), to).signed(july(4, 10))
