"""The task that all do: three events a case come in, each is answered by one durable change event.

    opened, assigned, signed of a case ─► state of the case: how many came, and the last
                                       ─► case.deadline-set, named after its cause, saying so

Every engine in Python reads with `envelope.read` and writes with `envelope.write`, so that what is
compared is how they carry messages and keep state, not how they parse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.cases import history
from benchmarks.traffic import Record
from schemas import envelope, events, ids
from schemas.envelope import Message
from schemas.rulebook import Rulebook
from schemas.topics import EVENT_TYPES
from services.changing import replace
from services.decider import CaseState, Cause, Decider

EVENTS_A_CASE = 3
CASES_TOGETHER = 1_000
"""The events of so many cases lie between each other."""


def records(cases: int) -> Iterator[list[Record]]:
    """What comes in, in portions of `CASES_TOGETHER` cases."""
    now = datetime.now(UTC)
    for first in range(0, cases, CASES_TOGETHER):
        lives = [
            history("sla", number, now)[:EVENTS_A_CASE]
            for number in range(first, min(first + CASES_TOGETHER, cases))
        ]
        yield [
            (message.subject, envelope.write(message))
            for same in zip(*lives, strict=True)
            for message in same
        ]


@dataclass(frozen=True, slots=True)
class Came(CaseState):
    """What has come for a case."""

    events: int = 0
    last: str = ""


def _decide(state: Came, cause: Cause, _rules: Rulebook) -> events.DeadlineSet:
    # The cause is folded already: it is the last.
    return events.DeadlineSet(deadlines=(), why=f"{state.last} is number {state.events}")


def _evolve(state: Came, event: Message[Any]) -> Came:
    if isinstance(event.data, events.DeadlineSet):
        return state
    return replace(state, events=state.events + 1, last=event.type)


DECIDER: Decider[Came] = Decider(
    service="sla",
    initial=Came,
    decide=_decide,
    evolve=_evolve,
    answers=frozenset({events.Opened, events.Assigned, events.Signed}),
)


class InMemory:
    """The task without any engine: the state is a dictionary, and gone with the process."""

    def __init__(self) -> None:
        self.cases: dict[str, tuple[int, str]] = {}

    def answer(self, value: bytes) -> Message[events.DeadlineSet]:
        message = envelope.read(value, EVENT_TYPES)
        came = self.cases.get(message.subject, (0, ""))[0] + 1
        self.cases[message.subject] = (came, message.type)
        return answered(message, came)


def answered(cause: Message[Any], came: int) -> Message[events.DeadlineSet]:
    return Message(
        ids.event_id(cause.id, "sla", 0),
        "/services/sla",
        cause.subject,
        cause.time,
        events.DeadlineSet(deadlines=(), why=f"{cause.type} is number {came}"),
        cause.id,
    )
