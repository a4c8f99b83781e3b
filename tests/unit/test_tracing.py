"""Traces: handed on as they came, spans only where somebody wants them, and no personal data."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import envelope
from schemas.envelope import Message
from schemas.publish import PUBLISHED
from schemas.topics import PAYLOADS
from services.shell.tracing import ENDPOINT, Tracing, of_record, tracing, valid
from tests.deploy.tools import module

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"  # pragma: allowlist secret
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def assigned(traceparent: str | None) -> Message[Any]:
    value = (PUBLISHED / "samples" / "case.assigned.v1.json").read_bytes()
    found = envelope.read(value, PAYLOADS)
    return Message(
        found.id, found.source, found.subject, found.time, found.data, traceparent=traceparent
    )


@pytest.mark.parametrize(
    "wrong", [None, 7, "", "00-abc-def-01", PARENT.upper(), PARENT.replace(TRACE, "0" * 32)]
)
def test_what_is_no_trace_context_is_passed_over(wrong: object) -> None:
    assert valid(wrong) is None


def test_a_record_belongs_to_the_trace_of_its_header_or_else_of_its_attribute() -> None:
    said = f'{{"specversion": "1.0", "traceparent": "{PARENT}"}}'.encode()
    assert of_record([], said) == PARENT
    assert of_record([("traceparent", PARENT.replace("4bf9", "0000").encode())], said) != PARENT
    assert of_record([("traceparent", b"nonsense")], said) == PARENT
    assert of_record([], None) is None


def test_nothing_is_traced_unless_an_endpoint_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    quiet = tracing("router")
    assert quiet.provider is None
    with quiet.publishing([assigned(PARENT)]):
        pass


def test_with_an_endpoint_there_is_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    module("opentelemetry.sdk.trace")
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    traced = tracing("router")
    assert traced.provider is not None
    traced.provider.shutdown()


def test_a_span_hangs_below_the_senders_and_bears_ids_alone() -> None:
    sdk = module("opentelemetry.sdk.trace")
    export = module("opentelemetry.sdk.trace.export")
    memory = module("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(memory))
    event = assigned(PARENT)
    with Tracing("router", provider).publishing([event, assigned(None)]):
        assert memory.get_finished_spans() == ()
    [span] = memory.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT.split("-")[2]
    assert span.name == "case.assigned.v1"
    assert span.attributes["gridcase.case"] == event.subject
    assert set(span.attributes) == {
        "gridcase.case", "gridcase.event", "gridcase.cause", "messaging.system",
    }  # fmt: skip
