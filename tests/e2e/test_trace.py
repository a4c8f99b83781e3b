"""A report's trace, followed through all four services, and the spans that a collector is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import pytest

from lab.supervisor import Platform
from schemas.topics import SERVICES
from tests.county import small_county
from tests.deploy.serving import served
from tests.deploy.tools import lacking
from tests.e2e.conftest import Options_of
from tests.e2e.outside import Outside, a_rating, a_report, an_update, case_of, until
from tests.e2e.set_aside import HELD_BY, UPDATES
from tests.story import moment

TRACE_ID, SENDERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACE = f"00-{TRACE_ID}-{SENDERS_SPAN}-01"
EXPORTER = "opentelemetry.exporter.otlp.proto.http"


@dataclass
class Collector:
    """Takes OTLP over HTTP, as any collector does, and keeps the spans by service."""

    spans: dict[str, list[Any]] = field(default_factory=dict)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        request = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            kept = self.spans.setdefault(names["service.name"], [])
            kept += [span for scope in resource.scope_spans for span in scope.spans]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def of_trace(self, service: str) -> list[Any]:
        spans = self.spans.get(f"gridcase-{service}", [])
        return [span for span in spans if span.trace_id.hex() == TRACE_ID]


@pytest.fixture(scope="module")
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    collector = Collector()
    async with served(collector) as address:
        yield collector, address


@pytest.fixture(scope="module")
async def platform(
    options: Options_of, collector: tuple[Collector, str]
) -> AsyncIterator[Platform]:
    """Traced, where what traces is installed."""
    chosen = options("traced", small_county())
    if _can_trace():
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector[1], "OTEL_BSP_SCHEDULE_DELAY": "100"}
        chosen = replace(chosen, environment=chosen.environment | traced)
    async with Platform(chosen) as platform:
        yield platform


def _can_trace() -> bool:
    return find_spec("opentelemetry") is not None and find_spec(EXPORTER) is not None


def traced(type: str, id: str, data: dict[str, Any]) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": id, "source": "/hotline", "type": type}
    return event | {"traceparent": TRACE, "data": data}


@pytest.fixture(scope="module")
async def case(outside: Outside) -> str:
    """Reported, resolved and rated, each with the sender's trace."""
    report = a_report()
    case, name = case_of(report), report["report_id"]
    await outside.sends("reports.submitted", traced("report.submitted.v1", name, report))
    done = an_update(case, "resolve", moment(1), result="好了")
    await outside.sends(UPDATES, traced("update.submitted.v1", done["update_id"], done))
    rated = a_rating(case, 5, moment(2))
    await outside.sends("ratings.submitted", traced("rating.submitted.v1", "r", rated))
    return case


async def test_a_reports_trace_is_on_its_events_and_on_what_its_department_is_told(
    outside: Outside, case: str
) -> None:
    events = [event for event in outside.events if event.subject == case]
    assert {event.source for event in events} == {f"/services/{name}" for name in SERVICES}
    assert {event.traceparent for event in events} == {TRACE}
    told = await outside.told(HELD_BY, case_id=case)
    assert told
    assert {word.traceparent for word in told} == {TRACE}


@pytest.mark.long
async def test_a_collector_gets_spans_of_all_four_services_below_the_senders_own(
    collector: tuple[Collector, str], outside: Outside, case: str
) -> None:
    if not _can_trace():
        lacking(EXPORTER)
    found = collector[0]

    async def all_sent() -> bool:
        return all(found.of_trace(service) for service in SERVICES)

    await until(all_sent)
    events = {event.id for event in outside.events if event.subject == case}
    for service in SERVICES:
        for span in found.of_trace(service):
            named = {a.key: a.value.string_value for a in span.attributes}
            assert span.parent_span_id.hex() == SENDERS_SPAN
            assert named["gridcase.case"] == case
    spans = [span for service in SERVICES for span in found.of_trace(service)]
    named_events = {
        a.value.string_value for s in spans for a in s.attributes if a.key == "gridcase.event"
    }
    assert events <= named_events
