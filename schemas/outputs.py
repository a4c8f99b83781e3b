"""What goes out to others: assignments to departments, answers to sources, refusals, scorecards.

All are told by `notify` when an event has come back from the log, so outsiders hear only what the
log accepted; after a crash a message may be repeated under the same id.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from schemas.commands import MaskedAttachment, Sealed
from schemas.envelope import Instant, Payload
from schemas.reference import DeadlineKind, Level, Service, Urgency


class ReportRejected(Payload):
    """`reports.rejected`: why a report did not become a case. The original bytes ride along as
    ciphertext for as long as the topic keeps them."""

    TYPE: ClassVar[str] = "report.rejected.v1"

    report_id: str | None = None
    source: str | None = None
    reason: str
    received_at: Instant
    original: Sealed | None = None


class ReportAnswered(Payload):
    """`reports.answered`: how far the matter is, for whoever sent it in."""

    TYPE: ClassVar[str] = "report.answered.v1"

    source: str
    report_id: str
    case_id: str
    stage: Literal["received", "assigned", "resolved", "result", "closed"]
    at: Instant
    department: str | None = None
    words: str | None = None
    """What to tell the person, in the department's words where it gave some."""


class HotspotDetected(Payload):
    """`hotspots`: a surge of one kind of matter in one town, and the cases that make it."""

    TYPE: ClassVar[str] = "hotspot.detected.v1"

    area: str
    category: str
    since: Instant
    until: Instant
    """The last report of the surge when it was seen."""
    reports: int
    usual: float
    """Reports in a span of that length, by the four weeks before."""
    cases: tuple[str, ...]


class AssignmentMessage(Payload):
    """What all messages to a department say."""

    case_id: str
    holding: str | None = None
    at: Instant


class AssignmentCreated(AssignmentMessage):
    """A case is yours to lead, or to assist with. `contact` stands in the lead's message alone,
    and never for a whistle-blower."""

    TYPE: ClassVar[str] = "assignment.created.v1"

    role: Literal["lead", "assist"]
    lead: str
    level: Level
    area: str
    category: str | None = None
    service: Service
    urgency: Urgency
    text: str
    attachments: tuple[MaskedAttachment, ...] = ()
    why: str
    contact: dict[str, str] | None = None
    sealed: SkipJsonSchema[Sealed | None] = Field(None, exclude=True)
    """The contact before router's shell opens it; never on the topic."""


class AssignmentChanged(AssignmentMessage):
    """Something about the case that you hold changed; `event` is the type of what happened."""

    TYPE: ClassVar[str] = "assignment.changed.v1"

    event: str
    deadlines: dict[str, Instant] = Field(default_factory=dict)
    """By kind of deadline."""
    words: str | None = None


class AssignmentRevoked(AssignmentMessage):
    """The case is no longer yours."""

    TYPE: ClassVar[str] = "assignment.revoked.v1"

    reason: str


class AssignmentReminder(AssignmentMessage):
    """A deadline of yours comes near."""

    TYPE: ClassVar[str] = "assignment.reminder.v1"

    kind: DeadlineKind
    due: Instant


class AssignmentOverdue(AssignmentMessage):
    """A deadline of yours has passed."""

    TYPE: ClassVar[str] = "assignment.overdue.v1"

    kind: DeadlineKind
    due: Instant


class AssignmentSupervised(AssignmentMessage):
    """The case is under efficiency supervision 效能监察, and it is yours."""

    TYPE: ClassVar[str] = "assignment.supervised.v1"

    kind: DeadlineKind
    due: Instant


class UpdateRefusal(AssignmentMessage):
    """Your update did not count, and why."""

    TYPE: ClassVar[str] = "update.refused.v1"

    update_id: str | None = None
    action: str | None = None
    reason: str


class Rate(Payload):
    """A share that can be argued with: what was counted, out of what, and what was left out."""

    TYPE: ClassVar[str] = "rate.v1"

    numerator: int
    denominator: int
    excluded: dict[str, int] = Field(default_factory=dict)

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


class Scorecard(Payload):
    """`scorecards`: how well one unit did in one period; closed periods stay as published."""

    TYPE: ClassVar[str] = "scorecard.v1"

    period: str
    scope: str
    id: str
    name: str = ""
    name_en: str = ""
    version: int = 1
    group: str | None = None
    """Whom it is ranked among; None for what is not ranked: levels, services, categories."""
    rules: str = ""
    """The version of the rules that it was made with."""
    as_of: Instant | None = None
    """When the figures were taken."""
    counts: dict[str, int]
    rates: dict[str, Rate]
    stars: dict[str, Any]
    """``n``, ``mean`` and ``histogram`` of the ratings that count."""
    times: dict[str, Any]
    """For each span ``n``, and ``p50`` and ``p90`` of hours ``elapsed`` and ``working``."""
    rank: int | None = None
    wilson: float | None = None
    """What ranks: the lower bound of the on-time rate, see `services.rating.league`."""
    unranked_because: str | None = None
    reason: str | None = None
    """Why there is another version than the first."""
    compared_with: str | None = None
    """The period before, where figures of it were published."""
    change: dict[str, float] = Field(default_factory=dict)
    """Against that period, by rate: the difference of the shares; and of ``rank``, places gained."""


class VisitRequested(Payload):
    """`visits.requested`: a closed case of the month's sample, to be asked about again 回访. The
    answer comes in on `ratings.submitted`, with `by` visit. There is no contact in it: whoever makes
    the visit asks the county's own register."""

    TYPE: ClassVar[str] = "visit.requested.v1"

    case_id: str
    period: str
    department: str
    """Whose closed cases it was drawn from."""
    resolved_at: Instant
    stratum: int
    """How many closed cases the department had in the month."""
    drawn: int
    """Its place in the draw, from 1."""


ASSIGNMENT_MESSAGES: tuple[type[Payload], ...] = (
    AssignmentCreated, AssignmentChanged, AssignmentRevoked, AssignmentReminder,
    AssignmentOverdue, AssignmentSupervised, UpdateRefusal,
)  # fmt: skip
