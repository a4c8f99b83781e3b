"""Intake on Kafka: `reports.submitted`, `triage.decisions` (confirm) → `case.events`,
`reports.rejected`; and reports by HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from faststream.asgi import AsgiResponse, Request, post
from pydantic import ValidationError

from schemas import envelope, ids, topics
from schemas.envelope import Unreadable
from schemas.inputs import Report
from services.intake.domain import DECIDER
from services.intake.doors import doors
from services.intake.nearby import Nearby
from services.intake.retention import expired
from services.intake.state import State
from services.intake.watching import Watching
from services.shell.desk import Outgoing
from services.shell.pages import as_json
from services.shell.publishing import Dress
from services.shell.runtime import Beside, Pages, Runtime, Service, Tools

RETENTION_SECONDS = 3600.0
NEARBY = Nearby()
"""The open cases as this process knows them: its doors ask, its follower of the log tells."""


def to_their_cases(_tools: Tools) -> Dress:
    """What one case says to another is a command about the other."""

    async def dress(out: list[Outgoing]) -> list[Outgoing]:
        return [
            replace(item, message=replace(item.message, subject=item.key))
            if item.topic == topics.INTAKE_COMMANDS.name
            else item
            for item in out
        ]

    return dress


def parts(runtime: Runtime[Any]) -> tuple[Pages, Beside]:
    """``POST /reports``: the same report, the same checks, for those who have no Kafka. Beside the
    step, the log of the county is followed."""

    async def submit(request: Request) -> AsgiResponse:
        body = await request.body()
        try:
            data, _ = envelope.bare(body)
            report = Report.model_validate(data)
        except Unreadable as error:
            return as_json({"error": str(error)}, 400)
        except ValidationError as error:
            return as_json({"error": envelope.explain(error)}, 422)
        topic = runtime.settings.topic(topics.REPORTS_SUBMITTED.name)
        await runtime.producer.send_and_wait(topic, body, key=report.report_id.encode())
        case = ids.case_id(report.source, report.report_id)
        return as_json({"case_id": case, "report_id": report.report_id}, 202)

    watching = Watching(runtime, NEARBY)
    erased: set[str] = set()

    async def retain() -> None:
        """Destroy what has been kept long enough."""
        now = runtime.step.clock if runtime.settings.clock == "stream" else datetime.now(UTC)
        if now is None:
            return
        cases = {
            e.id: e.state for desk in runtime.step.desks.values() for e in desk.entries.values()
        }
        for case in set(expired(cases, runtime.feed.rulebooks, now)) - erased:
            await runtime.vault.erase(case)
            erased.add(case)

    return [("/reports", post(submit, include_in_schema=False))], (
        watching.follow_log,
        runtime.every(RETENTION_SECONDS, retain),
    )


SERVICE: Service[State] = Service(
    DECIDER,
    doors=lambda tools: doors(tools, NEARBY),
    dress=to_their_cases,
    parts=parts,
)
