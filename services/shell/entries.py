"""What lies on a desk: cases, causes that wait, and what goes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.unchanging import unchanging
from services.decider import Cause, S

LOG = "log"
COMMANDS = "commands"
TICKS = "ticks"
"""The lanes by which causes come."""


@dataclass(slots=True)
class Pending:
    """A cause that waits for its answer. `bar` is the log's end when a refusal was first thought
    of: only a log read up to there can refuse."""

    cause: Cause
    lane: str
    offset: int
    bar: int | None = None


@dataclass(slots=True)
class Entry(Generic[S]):
    """One case on the desk."""

    id: str
    state: S
    seen: bytes = b""
    """Ids of all records read for it, 16 bytes each."""
    void: bytes = b""
    """Ids of those that were void."""
    offset: int = -1
    """The last log record folded into `state`."""
    copies: tuple[int, ...] = ()
    """Offsets of records whose id had come before. Another owner, who knew less, may have said
    something else under it: outsiders hear of the first alone, also from an owner that begins
    anew and reads the copy again."""
    queue: list[Pending] = field(default_factory=list)
    """Mostly empty, and there is one for each case: a deque would take half of a case's memory."""
    in_flight: str | None = None
    due: datetime | None = None
    """When the next timer of `state` runs out."""
    fired: bool = False
    """That timer is a cause already; it is set anew by whatever lands next."""
    stored: int = -1
    """The database has the state up to this record of the log, or further."""
    used: bool = True
    """Somebody asked for it since eviction last came by."""

    @property
    def is_idle(self) -> bool:
        """Nothing waits for an answer, and none is on its way."""
        return not self.queue and self.in_flight is None

    @property
    def is_stored(self) -> bool:
        """The database has all that is known here."""
        return self.stored >= self.offset

    def next_attempt(self, cause: str, service: str) -> int | None:
        """The first attempt at an answer that the log does not show; None if an earlier one
        holds."""
        attempt = 0
        while True:
            identity = pack(ids.event_id(cause, service, attempt))
            if identity not in self.seen:
                return attempt
            if identity not in self.void:
                return None
            attempt += 1

    def as_it_stands(self) -> Entry[S]:
        """What a snapshot keeps, apart from what the desk goes on to do."""
        return Entry(
            self.id, self.state, self.seen, self.void, self.offset, self.copies, due=self.due
        )


@unchanging(frozen=True, slots=True)
class Outgoing:
    """A message to publish: events into the desk's own partition, the rest by their key."""

    topic: str
    key: str
    message: Message[Payload]
    partition: int | None = None
    opens: bool = False
    """What is told of it will bear the case's contact."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A record on which the domain broke, or whose sender cannot be told: it is set aside, so that
    nothing else is disturbed."""

    lane: str
    offset: int
    message: Message[Payload]
    reason: str


def pack(identity: str) -> bytes:
    """An id as 16 bytes. Raises ValueError if it is not a UUID."""
    packed = bytes.fromhex(identity.replace("-", ""))
    if len(packed) != 16:
        raise ValueError(f"not a UUID: {identity!r}")
    return packed
