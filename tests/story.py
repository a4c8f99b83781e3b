"""Stories: `given(DECIDER, opened(), assigned("housing")).when(cause).then(event)`.

Folds events as the shell does (standing first, voids left out), asks the pure functions, and gives
every event an id that follows from its place in the story: ``e1`` for the first, ``e2`` …
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from schemas.lifecycle import advance, void_because
from schemas.rulebook import Rulebook
from services.decider import Cause, Decider, Decision, Notice, S, Tick

CASE = ids.case_id("test", "r1")
START = datetime(2022, 7, 4, 1, 0, tzinfo=UTC)
"""Monday 4 July 2022, 09:00 in Shanghai."""


def moment(hours: float = 0, **more: float) -> datetime:
    return START + timedelta(hours=hours, **more)


def message(
    data: Payload, *, id: str = "c1", at: datetime = START, because: str | None = None
) -> Message[Any]:
    writer = getattr(data, "WRITER", "outside")
    return Message(id, f"/services/{writer}", CASE, at, data, causationid=because)


class Story(Generic[S]):
    """The state of one service after some events, and what it does next."""

    def __init__(self, decider: Decider[S], rules: Rulebook) -> None:
        self.decider = decider
        self.rules = rules
        self.state: S = decider.initial()
        self.count = 0
        self.decision: Decision = None
        self.told: list[Notice] = []

    def and_(self, *events: CaseEvent | Message[Any]) -> Story[S]:
        """Fold events; a bare payload happens at `START` plus an hour for each event before it."""
        for event in events:
            self.count += 1
            record = (
                event
                if isinstance(event, Message)
                else message(event, id=f"e{self.count}", at=moment(self.count - 1))
            )
            reason = void_because(self.state.standing, record.data)
            assert reason is None, f"the story is impossible: {reason}"
            standing = advance(self.state.standing, record)
            self.state = self.decider.evolve(replace(self.state, standing=standing), record)
            self.told = self.decider.notify(self.state, record)
        return self

    def when(
        self, cause: Payload | Cause, *, at: datetime | None = None, id: str = "c1"
    ) -> Story[S]:
        """Ask what follows from a cause; it must be a decision that the lifecycle allows."""
        asked = (
            cause
            if isinstance(cause, Message)
            else message(cause, id=id, at=at or moment(self.count))
        )
        self.decision = self.decider.decide(self.state, asked, self.rules)
        if isinstance(self.decision, CaseEvent):
            assert void_because(self.state.standing, self.decision) is None, self.decision
        return self

    def when_due(self) -> Story[S]:
        """Let the next timer run out."""
        timer = self.decider.due(self.state)
        assert timer is not None, "no timer is running"
        return self.when(
            Message(timer.id, "/timer", CASE, timer.at, Tick(), causationid=timer.because)
        )

    def happens(self, at: datetime | None = None) -> Story[S]:
        """The decided event comes back from the log."""
        assert isinstance(self.decision, CaseEvent), f"no event was decided: {self.decision}"
        self.count += 1
        return self._fold(self.decision, at or moment(self.count - 1))

    def _fold(self, data: CaseEvent, at: datetime) -> Story[S]:
        self.count -= 1
        return self.and_(message(data, id=f"e{self.count + 1}", at=at))

    def then(self, expected: type[Payload] | None, **fields: Any) -> Story[S]:
        """The decision is of this type and has these fields."""
        if expected is None:
            assert self.decision is None, self.decision
            return self
        assert isinstance(self.decision, expected), self.decision
        for name, value in fields.items():
            assert getattr(self.decision, name) == value, (name, getattr(self.decision, name))
        return self


def given(
    decider: Decider[S], *events: CaseEvent | Message[Any], rules: Rulebook | None = None
) -> Story[S]:
    from tests.county import small_county

    return Story(decider, rules or Rulebook(small_county())).and_(*events)
