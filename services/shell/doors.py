"""Doors: what comes from outside is read, validated, stamped, and re-keyed by case.

    records of an outside topic ─► Arrival ─► the input model ─► a command on `<service>.commands`
                                                └► a refusal to its sender, or a dead letter

What was read and what goes out of a record is pure; the loop around it is the relay's
(`services.shell.relay`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from schemas import ids, topics
from schemas.envelope import Input, Message, Payload
from schemas.topics import Topic
from services.decider import Notice

I = TypeVar("I", bound=Input)  # noqa: E741
LARGEST = topics.MAX_OWN_BYTES - 1024
"""What the broker takes, less the frame of a record. A refused send would cost the producer its
place in the sequence, and the process its life."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record as it came in, and when the broker received it."""

    topic: str
    partition: int
    offset: int
    received_at: datetime
    key: bytes | None
    value: bytes | None
    traceparent: str | None = None

    @property
    def department(self) -> str:
        """The department is the topic's name, never a field of the message."""
        return self.topic.partition(".")[2]

    def command_id(self, sender_id: str | None) -> str:
        return ids.command_id(self.topic, sender_id, self.partition, self.offset)


Admitted = Message[Payload] | Notice | None
"""A command, a notice that refuses, or None: not for this service."""
Admit = Callable[[Sequence[tuple[Arrival, I]]], Awaitable[list[Admitted]]]
Refuse = Callable[[Arrival, dict[str, Any], str], Notice | None]
"""A notice to the sender of a message that is JSON but not valid; None: to the dead letters."""


@dataclass(frozen=True, slots=True)
class Door(Generic[I]):
    """One outside topic of one service: what it carries, and what becomes of it."""

    topic: Topic
    reads: type[I]
    admit: Admit[I]
    refuse: Refuse


def to_dead_letters(_arrival: Arrival, _data: dict[str, Any], _reason: str) -> None:
    """For topics on which nobody waits for an answer."""


def effective_time(at: datetime, received: datetime, tolerance: timedelta | None) -> datetime:
    """The moment that counts: the sender's, unless it lies further from the broker's receipt time
    than the tolerance (nobody backdates). Without a tolerance, in stream time, it is the sender's.
    """
    if tolerance is not None and abs(at - received) > tolerance:
        return received
    return at
