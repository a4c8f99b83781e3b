"""Traces, where somebody wants them: off unless `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector.

    a report's traceparent ─► command ─► event ─► … ─► assignment      carried unchanged, on or off
                                 └─► span        └─► span              made where tracing is on

The rule to remember: **a trace changes no message.** The sender's `traceparent` is handed on as it
came, so a repeat is equal to the byte; each service's spans hang below it. Spans bear ids of case,
event and cause, and never what a person wrote.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from schemas.envelope import Message, Payload

logger = logging.getLogger(__name__)
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00."""
ATTRIBUTE = re.compile(rb'"traceparent"\s*:\s*"([0-9a-f-]{55})"')
"""Looked for in the bytes: one parse of each record is enough."""


def valid(traceparent: object) -> str | None:
    """The text, if it is a trace context; a sender's mistake in it is no reason to refuse."""
    if isinstance(traceparent, bytes):
        traceparent = traceparent.decode("ascii", "replace")
    if isinstance(traceparent, str) and TRACEPARENT.fullmatch(traceparent):
        return traceparent
    return None


def of_record(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> str | None:
    """The trace that a record belongs to: by its header, else by the CloudEvents attribute."""
    written = ATTRIBUTE.search(value or b"")
    return valid(dict(headers).get("traceparent")) or valid(written and written[1])


class Tracing:
    """One service's tracer; without a provider it does nothing."""

    def __init__(self, service: str, provider: Any = None) -> None:
        self.service = service
        self.provider = provider

    @contextmanager
    def publishing(self, messages: Iterable[Message[Payload]]) -> Iterator[None]:
        """A span for each message that belongs to a trace, as long as the broker takes."""
        spans = [self._span(m) for m in messages if m.traceparent] if self.provider else []
        try:
            yield
        finally:
            for span in spans:
                span.end()

    def _span(self, message: Message[Payload]) -> Any:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {"traceparent": message.traceparent}
        attributes = {
            "gridcase.case": message.subject,
            "gridcase.event": message.id,
            "gridcase.cause": message.causationid or "",
            "messaging.system": "kafka",
        }
        return self.provider.get_tracer("gridcase").start_span(
            message.type,
            context=TraceContextTextMapPropagator().extract(carrier),
            kind=SpanKind.PRODUCER,
            attributes=attributes,
        )


def tracing(service: str) -> Tracing:
    """As the environment asks for it."""
    if not os.environ.get(ENDPOINT):
        return Tracing(service)
    try:
        return Tracing(service, _provider(service))
    except ImportError:
        logger.warning(
            "%s is set, but nothing is traced: pip install 'gridcase[tracing]'", ENDPOINT
        )
        return Tracing(service)


def _provider(service: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"gridcase-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
