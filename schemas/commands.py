"""What the doors make of inputs: validated, stamped, re-keyed by case id, on `<service>.commands`.

Each command carries where it came from and when the broker received it. Its envelope's `time` is
the moment that counts for the rules (see `services.shell.doors.effective_time`).
"""

from __future__ import annotations

from typing import ClassVar

from schemas.envelope import Instant, Payload
from schemas.inputs import Channel, Rating, ReporterKind, TriageDecision, Update
from schemas.reference import Datum, Service, Urgency


class Command(Payload):
    origin: str
    """The topic that it came in on."""
    received_at: Instant
    """The broker's receipt time."""


class Sealed(Payload):
    """Personal data as ciphertext, AES-256-GCM under the case's own key (base64)."""

    TYPE: ClassVar[str] = "sealed.v1"

    alg: str = "A256GCM"
    nonce: str
    ciphertext: str


class MaskedAttachment(Payload):
    TYPE: ClassVar[str] = "attachment.v1"

    uri: str
    media_type: str
    transcript: str | None = None


class ReporterOnLog(Payload):
    """Who reported, as far as the log may know: the kind, and a pseudonym that joins a person's
    reports without naming the person (none for a whistle-blower)."""

    TYPE: ClassVar[str] = "reporter.v1"

    kind: ReporterKind
    ref: str | None = None
    household_tier: str | None = None


class ReportNamed(Payload):
    """A report by its source and the source's id."""

    TYPE: ClassVar[str] = "report-name.v1"

    source: str
    report_id: str


class SuggestedCategory(Payload):
    """What the trained classifier made of a report's words, at the door."""

    TYPE: ClassVar[str] = "suggestion.v1"

    label: str
    """A category's code or name, as in the rows that the model was trained on."""
    chance: float
    """That the label is right, 0 to 1."""
    sure: bool
    """Whether that is enough to pass without asking a person."""
    because: tuple[str, ...] = ()
    """The groups of characters that speak most for it."""
    model: str
    """The version of the model."""


class NearCase(Payload):
    """An open case that a report seems to be one more word on, as the door saw it."""

    TYPE: ClassVar[str] = "near-case.v1"

    case: str
    likeness: float
    """Of the texts, 0 to 1."""


class SubmitReport(Command):
    """A report with its personal data masked and sealed; place and category still as given."""

    TYPE: ClassVar[str] = "intake.submit-report.v1"

    source: str
    report_id: str
    submitted_at: Instant
    text: str
    digest: str
    """Keyed digest of what the sender wrote: tells a copy from another content under its id."""
    channel: Channel
    service: Service | None = None
    category: str | None = None
    urgency: Urgency | None = None
    grid: str | None = None
    village: str | None = None
    town: str | None = None
    lat: float | None = None
    lon: float | None = None
    datum: Datum = Datum.WGS84
    address: str | None = None
    attachments: tuple[MaskedAttachment, ...] = ()
    reporter: ReporterOnLog
    contact: Sealed | None = None
    suggestion: SuggestedCategory | None = None
    """None where the sender named the category, or no model could tell."""
    near: NearCase | None = None
    """None: no open case is like it, or the rules do not look for any."""
    original: Sealed | None = None
    """The sender's bytes as ciphertext, to go with a rejection."""


class ConfirmReport(Command):
    """`confirm` of the petition officer: which category or area it really is."""

    TYPE: ClassVar[str] = "intake.confirm-report.v1"

    decision: TriageDecision


class SubmitUpdate(Command):
    """What a department says; `department` comes from the topic's name."""

    TYPE: ClassVar[str] = "router.submit-update.v1"

    department: str
    update: Update


class SubmitDecision(Command):
    """What a petition officer decides about a case."""

    TYPE: ClassVar[str] = "router.submit-decision.v1"

    decision: TriageDecision


class AdoptCase(Payload):
    """From one case to another, earlier one: take over my reports, we are the same matter."""

    TYPE: ClassVar[str] = "router.adopt-case.v1"

    from_case: str
    opened_at: Instant
    merging: str
    """The `case.merging` event that asks."""
    reports: tuple[ReportNamed, ...]
    decision_id: str
    by: str


class AnswerMerge(Payload):
    """The other case's answer to `router.adopt-case`."""

    TYPE: ClassVar[str] = "router.answer-merge.v1"

    into: str
    merging: str
    refusal: str | None = None
    """None: it has taken over the reports."""


class HandOver(Payload):
    """A version of the rules has abolished the department that has the case."""

    TYPE: ClassVar[str] = "router.hand-over.v1"

    holding: str
    department: str
    version: str


class SubmitRating(Command):
    """What a resident, a return visit or a poll says of a result; the comment is masked, and the
    account that rates is left out: two digests stand for it."""

    TYPE: ClassVar[str] = "rating.submit-rating.v1"

    rating: Rating
    rater: str | None = None
    """A pseudonym that joins a person's ratings without naming the person."""
    mark: str | None = None
    """The account's mark in this case (`schemas.ids.mark`): tells whether it handled the case."""
