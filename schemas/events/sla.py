"""sla: clocks, and what they bring about."""

from __future__ import annotations

from typing import Any, ClassVar

from schemas.envelope import Instant, Payload
from schemas.events.base import CaseEvent, Count
from schemas.reference import DeadlineKind, Level

_ASKED_BY_NOBODY: set[str] = set()


class Deadline(Payload):
    """One clock: what must happen by when, frozen when set."""

    TYPE: ClassVar[str] = "deadline.v1"

    kind: DeadlineKind
    started: Instant
    due: Instant
    duration: str
    policy: str
    climbs: bool = False
    climbs_to: Level | None = None
    """Where it climbs at once, past the levels between; None: one level up."""
    warn_at: tuple[Instant, ...] = ()
    risk_at: Instant | None = None
    """From then on a case that is still open is so likely to be late that it is called at risk."""
    risk: float | None = None
    """How likely it is then, by the department's own past."""
    provisional: bool = False
    """The calendar does not cover the due year yet."""

    def model_post_init(self, _context: Any) -> None:
        """Which fields were given is nobody's question, and would take half of a deadline's memory:
        sla holds four of them for a case."""
        object.__setattr__(self, "__pydantic_fields_set__", _ASKED_BY_NOBODY)


class DeadlineSet(CaseEvent):
    """Clocks were started or moved. Without a `holding` they are the case's own."""

    TYPE = "case.deadline-set.v1"
    WRITER = "sla"
    RULED = True

    holding: str | None = None
    level: Level | None = None
    department: str | None = None
    deadlines: tuple[Deadline, ...]
    why: str


class DeadlineEvent(CaseEvent):
    """Something that a deadline brought about. `department` is who held the case."""

    WRITER = "sla"

    holding: str | None = None
    kind: DeadlineKind
    due: Instant
    department: str | None = None
    level: Level | None = None


class Warned(DeadlineEvent):
    """The holder is reminded; `nth` counts the reminders of this deadline from 1."""

    TYPE = "case.warned.v1"

    nth: Count
    supervision: bool = False
    """A reminder of the supervision that the deadline brought about, not of the deadline."""
    remind_at: Instant | None = None
    """When the next of these follows, unless the department answers."""


class AtRisk(DeadlineEvent):
    """The case is likely to be late: early warning, by the department's own handling times."""

    TYPE = "case.at-risk.v1"

    likelihood: float
    """0 to 1: so many of those that were open as long became late."""


class Overdue(DeadlineEvent):
    """A deadline has passed unmet; `climbs` says whether that lifts the case."""

    TYPE = "case.overdue.v1"

    climbs: bool


class Escalated(DeadlineEvent):
    """The case climbs: the unit one level up takes the lead."""

    TYPE = "case.escalated.v1"
    RULED = True

    from_level: Level
    to_level: Level


class Supervised(DeadlineEvent):
    """Overdue at county, or the case's own clock ran out: efficiency supervision 效能监察."""

    TYPE = "case.supervised.v1"
    RULED = True

    remind_at: Instant | None = None
    """When the department is reminded of it, unless it answers."""
