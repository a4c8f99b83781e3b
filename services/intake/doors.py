"""The doors of intake: what a sender wrote becomes a command without personal data in the clear.

reports.submitted ─► masked text, sealed contact ─► intake.commands
                       └► reports.rejected (JSON, but not a report) or a dead letter
triage.decisions  ─► `confirm` alone; the rest is the router's
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from schemas import ids, topics
from schemas.commands import (
    ConfirmReport,
    MaskedAttachment,
    ReporterOnLog,
    SubmitReport,
    SuggestedCategory,
)
from schemas.envelope import Message, Payload
from schemas.inputs import Report, Reporter, TriageDecision, Verdict
from schemas.outputs import ReportRejected
from schemas.reference import Service
from services.decider import Notice
from services.intake.classifier import SHIPPED, Classifier, Words, load
from services.intake.domain import preview
from services.intake.masking import mask
from services.intake.nearby import Nearby
from services.intake.transcribing import HttpTranscriber, Transcriber, with_words
from services.intake.writing import plain_writing
from services.shell import metrics
from services.shell.doors import Admitted, Arrival, Door, to_dead_letters
from services.shell.runtime import Tools
from services.shell.seal import pseudonym, seal, seal_original

SOURCE = "/services/intake"
LARGE = 256 * 1024
"""Bytes that take so long to mask (a megabyte of names up to four seconds) that heartbeats must go
on beside it: a member that falls silent loses its batch, and reads the same batch again."""


def doors(tools: Tools, nearby: Nearby | None = None) -> list[Door[Any]]:
    reports = ReportDoor(tools, nearby or Nearby())
    return [
        Door(topics.REPORTS_SUBMITTED, Report, reports.admit, reports.refuse),
        Door(topics.TRIAGE_DECISIONS, TriageDecision, ConfirmDoor(tools).admit, to_dead_letters),
    ]


class ReportDoor:
    """Masks and seals; the keys of a batch are fetched at once."""

    def __init__(self, tools: Tools, nearby: Nearby) -> None:
        self.tools = tools
        self.nearby = nearby
        self.classifier = classifier_at(tools.settings.classifier)
        hook = tools.settings.transcriber
        self.transcriber: Transcriber | None = HttpTranscriber(hook) if hook else None
        self._pseudonyms: bytes | None = None

    async def admit(self, arrivals: Sequence[tuple[Arrival, Report]]) -> list[Admitted]:
        secret = await self._secret()
        private = [
            ids.case_id(report.source, report.report_id)
            for _, report in arrivals
            if contact_of(report.reporter)
        ]
        coming = asyncio.create_task(self.tools.vault.keys(private), name="keys")
        try:
            heard = await self._heard([report for _, report in arrivals])
            if sum(len(arrival.value or b"") for arrival, _ in arrivals) > LARGE:
                unsealed = await asyncio.to_thread(self._commands, arrivals, heard, secret)
            else:
                await asyncio.sleep(0)  # the question is on its way while the words are masked
                unsealed = self._commands(arrivals, heard, secret)
        finally:
            keys = await coming
        commands = [
            self._sealed(command, report, keys.get(command.subject))
            for command, (_, report) in zip(unsealed, arrivals, strict=True)
        ]
        in_order = sorted(range(len(commands)), key=lambda n: commands[n].data.submitted_at)
        for number in in_order:  # so that whoever reported first has the case
            commands[number] = self._compared(commands[number])
        return list(commands)

    async def _secret(self) -> bytes:
        """The secret of pseudonyms; made once, so asked for once."""
        if self._pseudonyms is None:
            self._pseudonyms = await self.tools.vault.secret("pseudonyms")
        return self._pseudonyms

    async def _heard(self, reports: list[Report]) -> list[Report]:
        """The reports with what was spoken in words, where somebody transcribes."""
        return reports if self.transcriber is None else await with_words(reports, self.transcriber)

    def _commands(
        self,
        arrivals: Sequence[tuple[Arrival, Report]],
        heard: Sequence[Report],
        secret: bytes,
    ) -> list[Message[SubmitReport]]:
        """Without their contacts."""
        return [
            self._command(arrival, digest_of(report, self.tools.secret), words, secret)
            for (arrival, report), words in zip(arrivals, heard, strict=True)
        ]

    def _compared(self, command: Message[SubmitReport]) -> Message[SubmitReport]:
        """The command with the open case that it may be one more word on."""
        rules = self.tools.rulebooks.at(command.time)
        if rules.settings.duplicates is None:
            return command
        opened = preview(command.data, rules)
        if opened is None:
            return command
        near = self.nearby.find(command.subject, opened, rules)
        if near is None:
            self.nearby.expect(command.subject, opened, rules)
            return command
        metrics.JOINED.inc()
        return replace(command, data=command.data.model_copy(update={"near": near}))

    def _command(
        self,
        arrival: Arrival,
        digest: str,
        report: Report,
        secret: bytes,
    ) -> Message[SubmitReport]:
        """`digest` is that of the report as it was sent, whatever was heard in it since."""
        case = ids.case_id(report.source, report.report_id)
        fields = masked(report)
        return Message(
            id=arrival.command_id(f"{report.source}/{report.report_id}/{digest}"),
            source=SOURCE,
            subject=case,
            time=self.tools.effective_time(report.submitted_at, arrival.received_at),
            data=SubmitReport(
                origin=arrival.topic,
                received_at=arrival.received_at,
                digest=digest,
                reporter=reporter_on_log(report, secret),
                original=seal_original(self.tools.secret, arrival.value),
                suggestion=self._suggest(report, fields),
                **fields,
            ),
        )

    def _sealed(
        self, command: Message[SubmitReport], report: Report, key: bytes | None
    ) -> Message[SubmitReport]:
        """The command with the reporter's contact; without, where there is none or it was erased."""
        if key is None:
            return command
        contact = seal(key, command.subject, contact_of(report.reporter), report.report_id)
        return replace(command, data=command.data.model_copy(update={"contact": contact}))

    def _suggest(self, report: Report, fields: dict[str, Any]) -> SuggestedCategory | None:
        """What the classifier makes of the masked words: the log must bear out its reasons."""
        if self.classifier is None or report.category is not None:
            return None
        heading, text = "", fields["text"]
        if _heading(report):
            heading, _, text = text.partition("\n")
        spoken = [a.transcript for a in fields["attachments"] if a.transcript]
        found = self.classifier.suggest(Words(heading, "\n".join([text, *spoken])))
        if found is None:
            return None
        version = self.classifier.card.version
        return SuggestedCategory(
            label=found.label,
            chance=found.chance,
            sure=found.sure,
            because=found.because,
            model=version,
        )

    def refuse(self, arrival: Arrival, data: dict[str, Any], reason: str) -> Notice:
        named = {k: data[k][:200] for k in ("report_id", "source") if isinstance(data.get(k), str)}
        rejected = ReportRejected(
            **named,
            reason=reason,
            received_at=arrival.received_at,
            original=seal_original(self.tools.secret, arrival.value),
        )
        key = named.get("report_id") or f"{arrival.partition}/{arrival.offset}"
        return Notice(topics.REPORTS_REJECTED.name, key, rejected)


class ConfirmDoor:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    async def admit(self, arrivals: Sequence[tuple[Arrival, TriageDecision]]) -> list[Admitted]:
        return [self._command(arrival, decision) for arrival, decision in arrivals]

    def _command(self, arrival: Arrival, decision: TriageDecision) -> Message[Payload] | None:
        if decision.action is not Verdict.CONFIRM:
            return None
        return Message(
            id=arrival.command_id(decision.decision_id),
            source=SOURCE,
            subject=decision.case_id,
            time=self.tools.effective_time(decision.at, arrival.received_at),
            data=ConfirmReport(
                origin=arrival.topic, received_at=arrival.received_at, decision=decision
            ),
        )


@lru_cache(maxsize=2)
def classifier_at(setting: str) -> Classifier | None:
    """The model that the settings name. Raises `ModelError`: a service with another model than the
    one asked for must not start."""
    return None if setting == "none" else load(Path(setting) if setting else SHIPPED)


def digest_of(report: Report, secret: bytes) -> str:
    """What tells one content from another, whatever the order of its fields. It is keyed, since it
    stands on the log: nobody is to try phone numbers against it."""
    written = report.model_dump(mode="json", exclude_unset=True)
    canonical = orjson.dumps(written, option=orjson.OPT_SORT_KEYS)
    return hmac.new(secret, canonical, hashlib.sha256).hexdigest()


def contact_of(reporter: Reporter) -> dict[str, str]:
    """What a department needs to call back. A grid worker's or device's own id is no secret."""
    given = {"name": reporter.name, "phone": reporter.phone}
    return {name: value for name, value in given.items() if value}


def reporter_on_log(report: Report, secret: bytes) -> ReporterOnLog:
    """A pseudonym joins a person's reports; a whistle-blower's reports are not to be joined."""
    hidden = report.service is Service.VIOLATION
    return ReporterOnLog(
        kind=report.reporter.kind,
        ref=None if hidden else pseudonym(secret, report.source, report.reporter.id),
        household_tier=None if hidden else report.reporter.household_tier,
    )


def _heading(report: Report) -> str:
    """The heading in one line: no line of it may pass for the text."""
    return " ".join((report.subject or "").split())


def _text_of(report: Report) -> str:
    heading = _heading(report)
    return f"{heading}\n{report.text}" if heading else report.text


def masked(report: Report) -> dict[str, Any]:
    """The report's own fields as the log may know them."""
    names = [plain_writing(report.reporter.name)] if report.reporter.name else []
    where = report.location
    return {
        "source": report.source,
        "report_id": report.report_id,
        "submitted_at": report.submitted_at,
        "text": mask(plain_writing(_text_of(report)), names),
        "channel": report.channel,
        "service": report.service,
        "category": report.category,
        "urgency": report.urgency,
        "grid": where.grid,
        "village": where.village,
        "town": where.town,
        "lat": where.lat,
        "lon": where.lon,
        "datum": where.datum,
        "address": mask(plain_writing(where.address), names) if where.address else None,
        "attachments": tuple(
            MaskedAttachment(
                uri=attachment.uri,
                media_type=attachment.media_type,
                transcript=mask(plain_writing(attachment.transcript), names)
                if attachment.transcript
                else None,
            )
            for attachment in report.attachments
        ),
    }
