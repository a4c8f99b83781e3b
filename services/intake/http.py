"""Reports by HTTP: `POST /reports`, as a bare object or as CloudEvents, one or a batch of them.

    bare JSON · CloudEvent structured · CloudEvent binary (ce-… headers) · CloudEvents batch
       ─► who may, how often ─► the same checks as on the topic ─► `reports.submitted`

The one rule to remember: **sending twice is sending once**. A report's id is its source's own, so a
repeat is answered with the same case id, and needs no other key of idempotency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from faststream.asgi import AsgiResponse, Request
from pydantic import ValidationError

from schemas import envelope, ids, topics
from schemas.envelope import Unreadable
from schemas.inputs import Report
from services.intake.open311.calls import RateLimit
from services.shell.access import Refused
from services.shell.limits import MOST_IN_RECORD, body_of
from services.shell.pages import as_json
from services.shell.runtime import Runtime

BATCH = "application/cloudevents-batch+json"
MOST_IN_BATCH = 100


@dataclass(frozen=True, slots=True)
class ReportsByHttp:
    runtime: Runtime[Any]
    limit: RateLimit

    async def submit(self, request: Request) -> AsgiResponse:
        """202 with the case ids; else the reason, and nothing of the batch was sent."""
        source = self._caller(request)
        reports = [self._report(item, source) for item in await _items(request)]
        for report, body in reports:
            await self.send(report, body)
        answers = [
            {"case_id": ids.case_id(r.source, r.report_id), "report_id": r.report_id}
            for r, _ in reports
        ]
        return as_json(answers if _is_batch(request) else answers[0], 202)

    async def send(self, report: Report, body: bytes | None = None) -> None:
        """Put it on the topic, as it was written."""
        topic = self.runtime.settings.topic(topics.REPORTS_SUBMITTED.name)
        written = body or report.model_dump_json(exclude_none=True).encode()
        await self.runtime.producer.send_and_wait(topic, written, key=report.report_id.encode())

    def _caller(self, request: Request) -> str | None:
        """The source that the token speaks for; None where none is needed."""
        source = self.runtime.access.reporter(request.headers)
        wait = self.limit.wait(source or "")
        if wait:
            raise Refused(429, f"too many calls: again in {wait} s", retry_after=str(wait))
        return source

    def _report(self, item: bytes, source: str | None) -> tuple[Report, bytes]:
        try:
            data, _ = envelope.bare(item)
            report = Report.model_validate(data)
        except Unreadable as error:
            raise Refused(400, str(error)) from None
        except ValidationError as error:
            raise Refused(422, envelope.explain(error)) from None
        if source is not None and report.source != source:
            raise Refused(403, f"the token speaks for {source}: `source` names another")
        return report, item


def _is_batch(request: Request) -> bool:
    return str(request.headers.get("content-type", "")).startswith(BATCH)


async def _items(request: Request) -> list[bytes]:
    """The records of a request. In binary mode the body is the data itself."""
    if not _is_batch(request):
        return [await body_of(request)]
    body = await request.body()
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"not JSON in UTF-8: {error}") from None
    if not isinstance(events, list) or not 1 <= len(events) <= MOST_IN_BATCH:
        raise Refused(400, f"a batch is a list of 1 to {MOST_IN_BATCH} CloudEvents")
    items = [_written(event) for event in events]
    if any(len(item) > MOST_IN_RECORD for item in items):
        raise Refused(413, f"too large: a message has at most {MOST_IN_RECORD} bytes")
    return items


def _written(event: Any) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError as error:  # deeper than can be written
        raise Refused(400, f"not an event: {error}") from None
