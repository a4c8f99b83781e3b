"""What comes in from outside: reports, departments' updates, triage decisions, ratings, the clock.

Senders may write a CloudEvent or the bare object. Extra fields are kept; an unknown value of an
enumeration is refused with a reason.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.envelope import Input, Said
from schemas.reference import Datum, Service, Urgency

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
"""Longer texts are attachments; a report of a megabyte is refused, not cut."""


class Channel(StrEnum):
    TEXT = "text"
    VOICE = "voice"
    PHOTO = "photo"
    VIDEO = "video"
    PATROL = "patrol"


class ReporterKind(StrEnum):
    RESIDENT = "resident"
    GRID_WORKER = "grid_worker"
    OFFICIAL = "official"
    DEPUTY = "deputy"
    DEVICE = "device"


class Attachment(Input):
    uri: Annotated[str, StringConstraints(max_length=2_000)]
    media_type: Annotated[str, StringConstraints(max_length=200)]
    transcript: Text | None = None


class Location(Input):
    """Where it is, by whatever the sender knows; intake makes one area of it."""

    grid: Annotated[str, StringConstraints(max_length=64)] | None = None
    village: Annotated[str, StringConstraints(max_length=200)] | None = None
    town: Annotated[str, StringConstraints(max_length=200)] | None = None
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    datum: Datum = Datum.WGS84
    """What `lat` and `lon` refer to; an app on a Chinese map says `gcj02` or `bd09`."""
    address: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class Reporter(Input):
    kind: ReporterKind
    id: Identifier
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    phone: Annotated[str, StringConstraints(max_length=50)] | None = None
    household_tier: Annotated[str, StringConstraints(max_length=50)] | None = None


class Report(Input):
    """`reports.submitted`: what somebody sent in."""

    TYPE: ClassVar[str] = "report.submitted.v1"

    report_id: Identifier
    source: Identifier
    submitted_at: Said
    subject: Annotated[str, StringConstraints(max_length=500)] | None = None
    """A heading, where the channel has one; it becomes the first line of the text."""
    text: Text
    service: Service | None = None
    category: Annotated[str, StringConstraints(max_length=64)] | None = None
    channel: Channel = Channel.TEXT
    urgency: Urgency | None = None
    attachments: tuple[Attachment, ...] = Field((), max_length=50)
    location: Location = Location()
    reporter: Reporter


class Settlement(Input):
    """How mediation of a dispute ended 调解结果: what the parties agreed, if they did."""

    outcome: Literal["settled", "failed"]
    terms: Text | None = None
    parties: int | None = Field(None, ge=1)
    """How many sides there were."""


class Attendance(Input):
    """Who was there, by role, never by name: 3 villagers' representatives."""

    role: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    number: int = Field(1, ge=1)


class Deliberation(Input):
    """A meeting of officials and villagers 两说一商: officials explain, people speak, and what
    matters is decided together."""

    held_on: date
    attendance: tuple[Attendance, ...] = Field(min_length=1, max_length=50)
    outcome: Literal["agreed", "adjourned", "failed"]
    decided: Text | None = None


class Action(StrEnum):
    """What a department may say about a case."""

    SIGN = "sign"
    RETURN = "return"
    PROGRESS = "progress"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    RESOLVE = "resolve"
    FEEDBACK = "feedback"
    PART_DONE = "part-done"
    WHISTLE = "whistle"
    PASS_UP = "pass-up"
    ANSWER_SUPERVISION = "answer-supervision"


class Update(Input):
    """`updates.<department>`: the department is the topic's name, never a field of the message."""

    TYPE: ClassVar[str] = "update.submitted.v1"

    update_id: Identifier
    case_id: Identifier
    action: Action
    at: Said
    by: Identifier
    reason: Text | None = None
    result: Text | None = None
    evidence: tuple[Attachment, ...] = Field((), max_length=50)
    until: Said | None = None
    teams: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = Field((), max_length=20)
    """Whom a whistle calls: kinds of units, or codes. None: the unit one level up."""
    major: bool = False
    """With `progress`: a major decision is at hand, which needs a legal review first."""
    settlement: Settlement | None = None
    deliberation: Deliberation | None = None


class Verdict(StrEnum):
    """What a petition officer may decide."""

    ASSIGN = "assign"
    CONFIRM = "confirm"
    CORRECT = "correct"
    GRANT_EXTENSION = "grant_extension"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    MERGE = "merge"
    LEGAL_REVIEW = "legal_review"
    WHISTLE = "whistle"
    EXCUSE_PART = "excuse_part"
    UNMERGE = "unmerge"


class TriageDecision(Input):
    """`triage.decisions`: a person decides where no rule can."""

    TYPE: ClassVar[str] = "triage.decided.v1"

    case_id: Identifier
    decision_id: Identifier
    at: Said
    by: Identifier
    action: Verdict
    department: Annotated[str, StringConstraints(max_length=64)] | None = None
    category: Annotated[str, StringConstraints(max_length=64)] | None = None
    grid: Annotated[str, StringConstraints(max_length=64)] | None = None
    into: Identifier | None = None
    outcome: Literal["approved", "objected"] = "approved"
    """Of a `legal_review`."""
    reason: Text | None = None


class RatedBy(StrEnum):
    RESIDENT = "resident"
    VISIT = "visit"
    POLL = "poll"


class Rating(Input):
    """`ratings.submitted`: from residents' channels, return visits and polls."""

    TYPE: ClassVar[str] = "rating.submitted.v1"

    case_id: Identifier
    rating_id: Identifier
    at: Said
    by: RatedBy
    stars: int = Field(ge=1, le=5)
    solved: bool | None = None
    comment: Text | None = None
    rater: Identifier | None = None
    """The account that rates, as the channel knows it. It is not kept: see `commands.SubmitRating`."""


class ClockTick(Input):
    """`clock`, in stream time only: the driver says what time it is.

    Between two ticks for all, time may have come further for some cases: cases do not meet, so each
    may live on its own time until the next tick for all."""

    TYPE: ClassVar[str] = "clock.ticked.v1"

    now: Said
    cases: dict[str, Said] = Field(default_factory=dict)
    """Case id to how far its own time has come."""
