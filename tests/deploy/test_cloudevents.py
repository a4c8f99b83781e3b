"""Our messages under the official CloudEvents SDKs, and theirs under our reader."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas import envelope
from schemas.publish import PUBLISHED
from tests.deploy.tools import TOOLS, node_package, run, tool

SAMPLES = sorted((PUBLISHED / "samples").glob("*.json"))
HEADERS = {"content-type": envelope.CONTENT_TYPE}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_pythons_sdk_reads_what_we_write(sample: Path) -> None:
    value = sample.read_bytes()
    event = from_structured(KafkaMessage(HEADERS, None, value), JSONFormat())
    ours = orjson.loads(value)
    assert event.get_id() == ours["id"]
    assert event.get_type() == sample.stem
    assert event.get_subject() == ours.get("subject")
    assert event.get_data() == ours["data"]


def test_we_read_what_pythons_sdk_writes() -> None:
    data = orjson.loads((PUBLISHED / "samples" / "report.submitted.v1.json").read_bytes())["data"]
    event = CloudEvent({"id": "a", "source": "/s", "type": "report.submitted.v1"}, data)
    message = to_structured(event, JSONFormat())
    assert message.headers["content-type"] == envelope.CONTENT_TYPE
    assert envelope.bare(bytes(message.value or b"")) == (data, "a")


def test_javascripts_sdk_reads_what_we_write_and_writes_what_we_read() -> None:
    node_package("cloudevents")
    said = run(tool("node"), TOOLS / "read_cloudevents.mjs", *SAMPLES)
    events = [orjson.loads(line) for line in said.splitlines()]
    assert [event["type"] for event in events] == [sample.stem for sample in SAMPLES]
    for event, sample in zip(events, SAMPLES, strict=True):
        ours = orjson.loads(sample.read_bytes())
        assert envelope.bare(orjson.dumps(event)) == (ours["data"], ours["id"])
