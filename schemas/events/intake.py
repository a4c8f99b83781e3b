"""intake: a report becomes a case, or joins one."""

from __future__ import annotations

from typing import Literal

from schemas.commands import MaskedAttachment, ReporterOnLog, Sealed
from schemas.envelope import Instant
from schemas.events.base import CaseEvent, Count
from schemas.inputs import Channel
from schemas.reference import Service, Urgency


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
