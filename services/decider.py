"""The shape of every service: a few pure functions over one case, the Decider pattern.

    decide(state, cause, rules) -> Decision     what follows from a cause: one event, or none
    evolve(state, event)        -> State        the state after an event that the log accepted
    notify(state, event)        -> [Notice]     what outsiders are told of it
    due(state)                  -> Timer | None the next moment at which time itself is a cause

No clock, no randomness, no I/O: time arrives in the cause, and a timer that has run out arrives as
a `Tick`. A cause is a `Message`: an event of the log, a command, or a tick. One cause brings about
at most one event; what follows from that is decided when it comes back from the log.

`decide` may be asked again, later, on a newer state (after a crash, or when its answer was void):
it answers for the state that it is given, and says None where the moment has passed. `notify` may
be asked again as well: it takes from the state only what never changes about a case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from schemas.lifecycle import Standing
from schemas.rulebook import Rulebook

NOT_OPENED = Standing()


@dataclass(frozen=True, slots=True)
class CaseState:
    """What the state of every service starts with. The shell keeps `standing`, by the lifecycle
    table, before it calls `evolve`; domains only read it."""

    standing: Standing = NOT_OPENED


@dataclass(frozen=True, slots=True)
class Timer:
    """A moment at which time is a cause. `id` follows from the case and what the timer is for, so
    that firing twice is harmless; `because` is the id of the event that set it."""

    id: str
    at: datetime
    because: str


class Tick(Payload):
    """A timer ran out. Its message carries the timer's id, and as `time` the moment it was due."""

    TYPE = "timer.ticked.v1"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to the outside: topic, key and what to say."""

    topic: str
    key: str
    data: Payload

    @property
    def addressee(self) -> str:
        """Whom it is for, within the topic: the key, and the source that it answers, if any."""
        return f"{self.key}\x1f{getattr(self.data, 'source', '')}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the sender alone, which leaves nothing on the log."""

    notices: tuple[Notice, ...] = ()
    unheard: str | None = None
    """Why, where there is nobody to tell: the cause is set aside with these words."""


Cause: TypeAlias = Message[Any]
Decision: TypeAlias = CaseEvent | Reply | None
S = TypeVar("S", bound=CaseState)


def never_due(_state: Any) -> None:
    """For services that time alone never moves."""


def counts_nowhere(_state: Any) -> tuple[str, ...]:
    """For services whose gauges count no states."""
    return ()


def says_nothing(_state: Any, _event: Cause) -> list[Notice]:
    """For services that tell outsiders nothing."""
    return []


def opens_nothing(_state: Any, _event: Payload) -> bool:
    """For services that never see a contact."""
    return False


@dataclass(frozen=True, slots=True)
class Decider(Generic[S]):
    """One service's pure functions, as the shell takes them."""

    service: str
    initial: Callable[[], S]
    decide: Callable[[S, Cause, Rulebook], Decision]
    evolve: Callable[[S, Message[Any]], S]
    notify: Callable[[S, Message[Any]], list[Notice]] = says_nothing
    due: Callable[[S], Timer | None] = never_due
    opens: Callable[[S, Payload], bool] = opens_nothing
    """Whether `notify` will tell the case's contact, once this decided event is on the log: its key
    can be asked for while the event is on its way."""
    labels: Callable[[S], tuple[str, ...]] = counts_nowhere
    """What the gauges count a case under, words without spaces: ``overdue/vc-v11/village``."""
    revision: int = 1
    """Raised when `due` or `labels` say something else about the same state: what is stored of them
    is then said anew."""
    answers: frozenset[type[Payload]] | None = None
    """The events of the log that `decide` may answer, so that it is spared the others; None: any
    of them. Commands and ticks are always put to it."""

    def may_answer(self, event: Message[Any]) -> bool:
        return self.answers is None or type(event.data) in self.answers
