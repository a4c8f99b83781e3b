"""The events of `case.events`: every fact about a case, one writer each, kept forever.

`holding` names the event that last gave the case its place: the `case.opened`, `case.assigned`,
`case.returned`, `case.triage-requested` or `case.reopened` that still stood when this was decided.
An event with a stale `holding` is void (see `schemas.lifecycle`): what it concerns has moved on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.commands import MaskedAttachment, ReporterOnLog, Sealed
from schemas.envelope import Instant, Payload
from schemas.inputs import Action, Attachment, Channel, RatedBy
from schemas.reference import DeadlineKind, Level, Service, Urgency

Count = Annotated[int, Field(ge=0, lt=2**31)]
"""How many, or the how manieth. Larger numbers are mistakes, which parsers take differently."""


class CaseEvent(Payload):
    WRITER: ClassVar[str]
    REFUSAL: ClassVar[bool] = False
    """A refusal is only decided when the log has been read to its current end."""


# ── intake ───────────────────────────────────────────────────────────────────────────────────


class Opened(CaseEvent):
    """A report became a case. Text is masked; the contact is ciphertext."""

    TYPE = "case.opened.v1"
    WRITER = "intake"
    RULED = True

    source: str
    report_id: str
    digest: str
    submitted_at: Instant
    received_at: Instant
    text: str
    channel: Channel
    service: Service
    category: str | None = None
    """None: nothing told the category; the rules for any category apply."""
    category_by: Literal["given", "rule", "classifier", "unsure"]
    """`unsure`: the category is a best guess, and a person is asked."""
    category_why: tuple[str, ...] = ()
    """The words of the rule, or the groups of characters that spoke most for it."""
    category_chance: float | None = None
    """The classifier's, that its label is right (0 to 1); None where it was not asked."""
    category_model: str | None = None
    """The version of the classifier that was asked."""
    urgency: Urgency
    area: str
    area_level: Literal["grid", "village", "town", "county"]
    area_how: str
    area_certain: bool
    attachments: tuple[MaskedAttachment, ...] = ()
    reporter: ReporterOnLog
    contact: Sealed | None = None
    closes_after_days: Count = 7
    """Silence this long after `resolved` closes the case; frozen for the case, as all limits are."""


class ReportAdded(CaseEvent):
    """A duplicate or a supplement joined the case."""

    TYPE = "case.report-added.v1"
    WRITER = "intake"

    source: str
    report_id: str
    digest: str
    text: str
    case: str | None = None
    """The report's own case id, under whose key its contact is sealed."""
    submitted_at: Instant | None = None
    channel: Channel = Channel.TEXT
    likeness: float | None = None
    """Of its text to those of the case, 0 to 1."""
    attachments: tuple[MaskedAttachment, ...] = ()
    reporter: ReporterOnLog | None = None
    contact: Sealed | None = None


class Joining(CaseEvent):
    """A report asks to join an open case, and opens none meanwhile. Its own case id stays the place
    where what becomes of it is decided: it has joined, unless `case.opened` follows here."""

    TYPE = "case.joining.v1"
    WRITER = "intake"
    RULED = True

    into: str
    likeness: float
    """Of the texts, 0 to 1."""
    report: Opened
    """What it is opened as, should the other case decline it, or a person part them."""


class ReportDeclined(CaseEvent):
    """This case does not take in a report that asked to join it."""

    TYPE = "case.report-declined.v1"
    WRITER = "intake"
    REFUSAL = True

    case: str
    """The report's own case id."""
    source: str
    report_id: str
    reason: str


class ReportParted(CaseEvent):
    """A report that had joined this case by mistake has become a case of its own."""

    TYPE = "case.report-parted.v1"
    WRITER = "intake"

    case: str
    source: str
    report_id: str


class Confirmed(CaseEvent):
    """A petition officer confirmed, or put right, the category or the area."""

    TYPE = "case.confirmed.v1"
    WRITER = "intake"

    decision_id: str
    by: str
    category: str | None = None
    area: str
    changed: bool


# ── router ───────────────────────────────────────────────────────────────────────────────────


class AssignedBecause(StrEnum):
    ROUTED = "routed"
    RETURNED = "returned"
    ESCALATED = "escalated"
    REOPENED = "reopened"
    TRIAGE = "triage"
    CORRECTED = "corrected"


class TriageRequested(CaseEvent):
    """No rule can decide: the case waits on the queue of a petition officer."""

    TYPE = "case.triage-requested.v1"
    WRITER = "router"
    RULED = True

    holding: str
    reason: str


class Assigned(CaseEvent):
    """A department leads; its id names this holding until the case moves on."""

    TYPE = "case.assigned.v1"
    WRITER = "router"
    RULED = True

    holding: str
    lead: str
    assist: tuple[str, ...] = ()
    level: Level
    area: str
    category: str | None = None
    because: AssignedBecause
    rule: str | None = None
    why: str


class DepartmentEvent(CaseEvent):
    """An event that answers a department's update, and carries it."""

    WRITER = "router"

    holding: str
    department: str
    update_id: str
    by: str
    at: Instant
    reason: str | None = None
    result: str | None = None
    evidence: tuple[Attachment, ...] = ()
    until: Instant | None = None


class Signed(DepartmentEvent):
    """The lead accepts the assignment 签收."""

    TYPE = "case.signed.v1"


class Returned(DepartmentEvent):
    """ "Not ours": `reason` is a code from the reference data's list."""

    TYPE = "case.returned.v1"


class Progressed(DepartmentEvent):
    """Work goes on; `result` says how far it is."""

    TYPE = "case.progressed.v1"


class Paused(DepartmentEvent):
    """The holder's clock stops 挂起, for a reason from the reference data's list."""

    TYPE = "case.paused.v1"


class Resumed(DepartmentEvent):
    """The holder's clock runs again."""

    TYPE = "case.resumed.v1"


class ExtensionRequested(DepartmentEvent):
    """The holder asks for more time 延期, until `until`, before its deadline."""

    TYPE = "case.extension-requested.v1"


class Resolved(DepartmentEvent):
    """The work is done, says the lead. It implies `sign`."""

    TYPE = "case.resolved.v1"


class FeedbackGiven(DepartmentEvent):
    """A word to the reporter. It answers the `respond` deadline."""

    TYPE = "case.feedback-given.v1"


class UpdateRefused(DepartmentEvent):
    """An update that could not be, with the reason that its sender is told."""

    TYPE = "case.update-refused.v1"
    REFUSAL = True

    action: Action
    refusal: str


class DecisionEvent(CaseEvent):
    """An event that answers a petition officer's decision, and carries it."""

    WRITER = "router"

    decision_id: str
    by: str
    at: Instant
    reason: str | None = None


class Extended(DecisionEvent):
    """More time was granted, once, by the level above."""

    TYPE = "case.extended.v1"

    holding: str
    until: Instant


class Corrected(DecisionEvent):
    """Category or area were put right; the case is routed again."""

    TYPE = "case.corrected.v1"

    category: str | None = None
    area: str


class Withdrawn(DecisionEvent):
    """The case ended without handling: rejected by triage, withdrawn, or closed by hand."""

    TYPE = "case.withdrawn.v1"

    how: Literal["rejected", "withdrawn", "closed"]


class DecisionRefused(DecisionEvent):
    """A decision that the case's status did not allow."""

    TYPE = "case.decision-refused.v1"
    REFUSAL = True

    action: str
    refusal: str


# ── sla ──────────────────────────────────────────────────────────────────────────────────────


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


# ── rating ───────────────────────────────────────────────────────────────────────────────────


class Rated(CaseEvent):
    """What somebody thinks of a result: 1 to 5 stars, and whether the matter is solved."""

    TYPE = "case.rated.v1"
    WRITER = "rating"

    holding: str
    rating_id: str
    at: Instant
    by: RatedBy
    stars: Count
    solved: bool | None = None
    comment: str | None = None
    department: str | None = None
    rater: str | None = None
    """A pseudonym that joins a person's ratings without naming the person."""


class RatingRefused(CaseEvent):
    """A rating of a case that had no result to rate."""

    TYPE = "case.rating-refused.v1"
    REFUSAL = True
    WRITER = "rating"

    rating_id: str
    by: RatedBy
    stars: Count
    refusal: str


class Reopened(CaseEvent):
    """A low rating within its window: the same department again, with a shorter limit; the second
    time, one level up."""

    TYPE = "case.reopened.v1"
    WRITER = "rating"
    RULED = True

    holding: str
    because: str
    """The id of the `case.rated` event."""
    nth: Count
    climbs: bool


class Closed(CaseEvent):
    """Nobody has objected for long enough: the case is over 结案."""

    TYPE = "case.closed.v1"
    WRITER = "rating"
    RULED = True

    holding: str
    how: Literal["silence", "rated"]


EVENTS: tuple[type[CaseEvent], ...] = (
    Opened, ReportAdded, Confirmed, Joining, ReportDeclined, ReportParted,
    TriageRequested, Assigned, Signed, Returned, Progressed, Paused, Resumed, ExtensionRequested,
    Extended, Resolved, FeedbackGiven, Corrected, Withdrawn, UpdateRefused, DecisionRefused,
    DeadlineSet, Warned, AtRisk, Overdue, Escalated, Supervised,
    Rated, RatingRefused, Reopened, Closed,
)  # fmt: skip
