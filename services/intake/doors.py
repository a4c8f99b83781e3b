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
from typing import Any

import orjson

from schemas import ids, topics
from schemas.commands import ConfirmReport, MaskedAttachment, ReporterOnLog, SubmitReport
from schemas.envelope import Message, Payload
from schemas.inputs import Report, Reporter, TriageDecision, Verdict
from schemas.outputs import ReportRejected
from schemas.reference import Service
from services.decider import Notice
from services.intake.masking import mask
from services.shell.doors import Admitted, Arrival, Door, to_dead_letters
from services.shell.runtime import Tools
from services.shell.seal import pseudonym, seal, seal_original

SOURCE = "/services/intake"
LARGE = 256 * 1024
"""Bytes that take so long to mask (a megabyte of names up to four seconds) that heartbeats must go
on beside it: a member that falls silent loses its batch, and reads the same batch again."""


def doors(tools: Tools) -> list[Door[Any]]:
    reports = ReportDoor(tools)
    return [
        Door(topics.REPORTS_SUBMITTED, Report, reports.admit, reports.refuse),
        Door(topics.TRIAGE_DECISIONS, TriageDecision, ConfirmDoor(tools).admit, to_dead_letters),
    ]


class ReportDoor:
    """Masks and seals; the keys of a batch are fetched at once."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    async def admit(self, arrivals: Sequence[tuple[Arrival, Report]]) -> list[Admitted]:
        secret = await self.tools.vault.secret("pseudonyms")
        private = [
            ids.case_id(report.source, report.report_id)
            for _, report in arrivals
            if contact_of(report.reporter)
        ]
        keys = await self.tools.vault.keys(private)
        if sum(len(arrival.value or b"") for arrival, _ in arrivals) > LARGE:
            return await asyncio.to_thread(self._commands, arrivals, keys, secret)
        return self._commands(arrivals, keys, secret)

    def _commands(
        self,
        arrivals: Sequence[tuple[Arrival, Report]],
        keys: dict[str, bytes | None],
        secret: bytes,
    ) -> list[Admitted]:
        return [self._command(arrival, report, keys, secret) for arrival, report in arrivals]

    def _command(
        self, arrival: Arrival, report: Report, keys: dict[str, bytes | None], secret: bytes
    ) -> Message[Payload]:
        case = ids.case_id(report.source, report.report_id)
        key = keys.get(case)
        digest = digest_of(report, self.tools.secret)
        contact = seal(key, case, contact_of(report.reporter), report.report_id) if key else None
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
                contact=contact,
                original=seal_original(self.tools.secret, arrival.value),
                **masked(report),
            ),
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


def masked(report: Report) -> dict[str, Any]:
    """The report's own fields as the log may know them."""
    names = [report.reporter.name] if report.reporter.name else []
    where = report.location
    return {
        "source": report.source,
        "report_id": report.report_id,
        "submitted_at": report.submitted_at,
        "text": mask(report.text, names),
        "channel": report.channel,
        "service": report.service,
        "category": report.category,
        "urgency": report.urgency,
        "grid": where.grid,
        "village": where.village,
        "town": where.town,
        "lat": where.lat,
        "lon": where.lon,
        "address": mask(where.address, names) if where.address else None,
        "attachments": tuple(
            MaskedAttachment(
                uri=attachment.uri,
                media_type=attachment.media_type,
                transcript=mask(attachment.transcript, names) if attachment.transcript else None,
            )
            for attachment in report.attachments
        ),
    }
