"""The published contract: what others build on is what the code does, and nothing is left out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from schemas import envelope, events, json_schemas, publish
from schemas.envelope import Input, Message, Payload
from schemas.lifecycle import LIFECYCLE
from schemas.topics import CASE_EVENTS, PAYLOADS, SERVICES, TOPICS, Topic
from tests.json_refs import references, resolves

OUTSIDERS = {
    "other systems",
    "that department",
    "petition officers",
    "residents' channels",
    "gridcase reference publish",
    "the driver",
}
PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![0-9A-Za-z])")
LANDLINE = re.compile(r"(?<![0-9A-Za-z])0\d{2,3}[- ]\d{7,8}(?![0-9A-Za-z])")
INVENTED = re.compile(r"199000000\d\d")
SAMPLES = publish.read_samples()
every_message = pytest.mark.parametrize("name", PAYLOADS)
every_input = pytest.mark.parametrize(
    "name", [n for n, p in PAYLOADS.items() if issubclass(p, Input)]
)


def sample_bytes(name: str) -> bytes:
    return (publish.PUBLISHED / "samples" / f"{name}.json").read_bytes()


def sample(name: str) -> Message[Any]:
    return envelope.read(sample_bytes(name), PAYLOADS)


# ── what is published ────────────────────────────────────────────────────────────────────────


def test_the_published_files_are_up_to_date() -> None:
    assert publish.faults() == []


def test_every_message_has_a_sample_and_nothing_else_has() -> None:
    assert SAMPLES.keys() == PAYLOADS.keys()


def published_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(publish.PUBLISHED, tmp_path / "published"))


def test_a_message_without_a_sample_cannot_be_published(tmp_path: Path) -> None:
    folder = published_copy(tmp_path)
    (folder / "samples/case.signed.v1.json").unlink()
    with pytest.raises(publish.NotPublishable, match=r"case\.signed\.v1 has no sample"):
        publish.write(folder)


def test_a_sample_that_its_own_model_refuses_cannot_be_published(tmp_path: Path) -> None:
    folder = published_copy(tmp_path)
    path = folder / "samples/rating.submitted.v1.json"
    path.write_text(path.read_text().replace('"stars": 2', '"stars": 6'))
    with pytest.raises(publish.NotPublishable, match="stars"):
        publish.write(folder)


def test_a_file_that_was_changed_by_hand_is_shown_and_written_anew(tmp_path: Path) -> None:
    folder = published_copy(tmp_path)
    (folder / "topics.md").write_text("changed by hand\n")
    (folder / "json/case.forgotten.v1.json").write_text("{}")
    stray, changed = publish.faults(folder)
    assert stray.startswith("json/case.forgotten.v1.json")
    assert "-changed by hand" in changed
    publish.write(folder)
    assert publish.faults(folder) == []


# ── samples ──────────────────────────────────────────────────────────────────────────────────


@every_message
def test_a_sample_is_read_and_written_as_it_is(name: str) -> None:
    message = sample(name)
    assert message.type == name
    assert envelope.read(envelope.write(message), PAYLOADS) == message


@every_input
def test_an_input_is_read_as_a_bare_object_too(name: str) -> None:
    data, identity = envelope.bare(sample_bytes(name))
    assert identity == sample(name).id
    bare, none = envelope.bare(orjson.dumps(data))
    assert none is None
    assert PAYLOADS[name].model_validate(bare) == sample(name).data


@every_message
def test_what_may_be_null_is_left_out_and_read_back(name: str) -> None:
    message = sample(name)
    for emptied in with_a_null(message.data):
        written = replace(message, data=emptied)
        assert envelope.read(envelope.write(written), PAYLOADS) == written


def with_a_null(data: Payload) -> Iterator[Payload]:
    """The same data with each field null, one at a time, where its model allows it."""
    for field in type(data).model_fields:
        try:
            yield type(data).model_validate({**data.model_dump(), field: None})
        except ValidationError:
            continue


@every_message
def test_a_sample_of_what_rules_decide_names_their_version(name: str) -> None:
    if PAYLOADS[name].RULED:
        assert sample(name).policyversion


def test_no_sample_holds_a_phone_number_that_could_be_somebodys() -> None:
    assert PHONE.search(sample_bytes("report.submitted.v1").decode()), "the pattern finds phones"
    for name in SAMPLES:
        text = sample_bytes(name).decode()
        assert not [found for found in PHONE.findall(text) if not INVENTED.fullmatch(found)], name
        assert not LANDLINE.search(text), name


def test_no_sample_of_the_log_holds_a_phone_number_or_the_reporters_name() -> None:
    reporter = sample("report.submitted.v1").data.reporter
    for event in CASE_EVENTS.messages:
        text = sample_bytes(event.TYPE).decode()
        assert not PHONE.search(text), event.TYPE
        assert reporter.name not in text, event.TYPE


# ── schemas ──────────────────────────────────────────────────────────────────────────────────


@every_message
def test_a_schema_stands_alone_and_has_its_sample(name: str) -> None:
    schema = json_schemas.document(PAYLOADS[name])
    assert schema["$id"] == f"urn:gridcase:{name}"
    assert all(resolves(schema, ref) for ref in references(schema))
    assert has(schema, SAMPLES[name])
    assert has(schema["$defs"][PAYLOADS[name].__name__], SAMPLES[name]["data"])


def has(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    """Whether an object has all that its schema asks for, and nothing that it does not name."""
    needed, named = set(schema.get("required", ())), set(schema["properties"])
    return needed <= set(value) <= named


def test_the_words_under_a_field_are_its_description() -> None:
    made = json_schemas.of_models([events.Opened])["Opened"]
    assert "rules for any category apply" in made["properties"]["category"]["description"]


# ── the tables behind it ─────────────────────────────────────────────────────────────────────


def test_every_event_class_is_on_the_log_and_has_a_lifecycle_row() -> None:
    classes = {
        found
        for found in vars(events).values()
        if isinstance(found, type)
        and issubclass(found, events.CaseEvent)
        and hasattr(found, "TYPE")
    }
    assert classes == set(events.EVENTS) == set(LIFECYCLE) == set(CASE_EVENTS.messages)


def test_a_message_type_stands_on_one_topic() -> None:
    assert sum(len(topic.messages) for topic in TOPICS) == len(PAYLOADS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_written_by_services_or_by_outsiders_that_we_know(topic: Topic) -> None:
    assert topic.writers
    assert set(topic.writers) <= set(SERVICES) | OUTSIDERS
    assert {m.WRITER for m in topic.messages if issubclass(m, events.CaseEvent)} <= set(
        topic.writers
    )


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_what_outsiders_write_through_a_door_is_an_input(topic: Topic) -> None:
    if topic.door_of:
        assert topic.door_of in topic.readers
        assert all(issubclass(message, Input) for message in topic.messages)
