"""The contract as one AsyncAPI 3.0 document, made from the topics table.

    TOPICS ─┬─► channels     a family `assignments.<department>` is one channel with a parameter
            ├─► operations   what the four services receive and send
            └─► messages ──► schemas: the CloudEvent, and the `data` in it

The rule to remember: **nothing about a topic is said here**. Its row in the table and the classes of
its messages say it all, so that this document cannot tell anything else than the code does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from schemas import json_schemas
from schemas.envelope import CONTENT_TYPE, Payload
from schemas.reference import CODE_PATTERN, Reference
from schemas.topics import PAYLOADS, REFERENCE, SERVICES, TOPICS, Topic

Samples = Mapping[str, Any]
"""A whole CloudEvent for each message type, to be shown as its example."""

VERSION = "1.0.0"
"""Of the contract: a new message or field raises the second number; nothing raises the first, as a
published message never changes its meaning but gets a new type."""

CLOUD_EVENT = CONTENT_TYPE.decode()
JSON = "application/json"
REFS = "#/components/schemas/{model}"
BINDING = {"bindingVersion": "0.5.0"}
BARE = ".bare"
"""Marks the message that is the bare `data` of another, as doors let it in."""

ABOUT = f"""\
Case routing and deadlines for a county's grid workers, departments and residents 网格化治理:
what is reported becomes a case, gets to the right department in time, and is judged in public.

Every message but the reference data is a CloudEvent 1.0 in structured JSON, `content-type: \
{CLOUD_EVENT}`; what it says stands in `data`. On topics that others write, the bare `data` object \
is welcome too. Fields that are not named here may turn up any time and are to be passed over; \
fields that are null are left out.

The same id is the same message, however often it comes. A department hears of its cases on \
`assignments.<department>` and answers on `updates.<department>`. What cannot be read on a topic \
goes to `<topic>.dead`. An installation may put a prefix before all topics."""


def document(samples: Samples | None = None) -> dict[str, Any]:
    """The AsyncAPI document as JSON values; `samples` become the messages' examples."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:gridcase:contract",
        "info": {
            "title": "gridcase",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CLOUD_EVENT,
        "servers": {"county": _server()},
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(_operations()),
        "components": {
            "messages": dict(_messages(samples or {})),
            "schemas": _schemas(),
        },
    }


def _server() -> dict[str, Any]:
    brokers = {"default": "localhost:9092", "description": "`KAFKA_BOOTSTRAP_SERVERS`"}
    return {"host": "{brokers}", "protocol": "kafka", "variables": {"brokers": brokers}}


# ── channels ─────────────────────────────────────────────────────────────────────────────────


def _channel(topic: Topic) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": topic.of("{department}") if topic.per_department else topic.name,
        "title": topic.name,
        "summary": topic.about,
        "description": f"Written by {_list(topic.writers)}; read by {_list(topic.readers)}.",
        "messages": {name: _ref("components", "messages", name) for name in names(topic)},
        "bindings": {"kafka": _kafka(topic)},
    }
    if topic.per_department:
        channel["parameters"] = {"department": _department()}
    return channel


def _department() -> dict[str, Any]:
    words = f"the department's code, as the reference data has it: `{CODE_PATTERN}`"
    return {"description": words, "examples": ["water-office", "village-7"]}


def _kafka(topic: Topic) -> dict[str, Any]:
    config: dict[str, Any] = {
        name: int(value) if value.lstrip("-").isdigit() else value
        for name, value in topic.config().items()
    }
    config["cleanup.policy"] = [config["cleanup.policy"]]
    return {"partitions": topic.partitions, "topicConfiguration": config, **BINDING}


def names(topic: Topic) -> list[str]:
    """The names of a channel's messages, those that are bare `data` included."""
    if topic is REFERENCE:
        return [_record_name(row) for row in rows()]
    bare = [f"{message.TYPE}{BARE}" for message in topic.messages if _door(topic)]
    return [*(message.TYPE for message in topic.messages), *bare]


def _door(topic: Topic) -> bool:
    return topic.door_of is not None


# ── operations ───────────────────────────────────────────────────────────────────────────────


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in TOPICS:
        readers = [reader for reader in topic.readers if reader in SERVICES]
        if readers:
            summary = f"{_list(readers)} read {topic.about}"
            yield f"receive-{topic.name}", _operation("receive", topic, names(topic), summary)
        for service in topic.writers:
            if service in SERVICES:
                sent = [m.TYPE for m in topic.messages if _writer(m, service) == service]
                summary = f"{service} tells {topic.about}"
                yield f"{service}-send-{topic.name}", _operation("send", topic, sent, summary)


def _writer(message: type[Payload], otherwise: str) -> str:
    """Who writes it: events name their one writer."""
    return str(getattr(message, "WRITER", otherwise))


def _operation(action: str, topic: Topic, sent: list[str], summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": _ref("channels", topic.name),
        "summary": summary,
        "messages": [_ref("channels", topic.name, "messages", name) for name in sent],
    }


# ── messages ─────────────────────────────────────────────────────────────────────────────────


def _messages(samples: Samples) -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in TOPICS:
        for message in topic.messages:
            sample = samples.get(message.TYPE)
            yield message.TYPE, _message(topic, message, CLOUD_EVENT, message.TYPE, sample)
            if _door(topic):
                name, data = f"{message.TYPE}{BARE}", sample and sample["data"]
                yield name, _message(topic, message, JSON, message.__name__, data)
    for row in rows():
        yield _record_name(row), _record(row)


def _message(
    topic: Topic, payload: type[Payload], content_type: str, schema: str, sample: Any
) -> dict[str, Any]:
    bare = content_type == JSON
    message: dict[str, Any] = {
        "name": payload.TYPE,
        "title": json_schemas.title(payload) + (", bare" if bare else ""),
        **json_schemas.said("summary", payload),
        "contentType": content_type,
        "payload": {"$ref": REFS.format(model=schema)},
        "bindings": {"kafka": _key(topic)},
    }
    if not bare:
        message["headers"] = _headers()
    if sample:
        message["examples"] = [{"payload": sample}]
    return message


def _headers() -> dict[str, Any]:
    return {"type": "object", "properties": {"content-type": {"const": CLOUD_EVENT}}}


def _key(topic: Topic) -> dict[str, Any]:
    return {"key": {"type": "string", "description": topic.key}, **BINDING}


# ── reference data: bare rows, under version/kind/id ─────────────────────────────────────────


def rows() -> list[type[BaseModel]]:
    """The kinds of record on the topic `reference`: each part of a `Reference` is one, or many."""
    parts = [field.annotation for field in Reference.model_fields.values()]
    return [kind for part in parts for kind in (get_args(part) or (part,)) if kind is not ...]


def _record_name(row: type[BaseModel]) -> str:
    return f"reference.{row.__name__}"


def _record(row: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": _record_name(row),
        "title": f"{row.__name__} of the reference data",
        **json_schemas.said("summary", row),
        "contentType": JSON,
        "payload": {"$ref": REFS.format(model=row.__name__)},
        "bindings": {"kafka": _key(REFERENCE)},
    }


# ── schemas ──────────────────────────────────────────────────────────────────────────────────


def _schemas() -> dict[str, Any]:
    envelopes = {name: json_schemas.cloud_event(p, REFS) for name, p in PAYLOADS.items()}
    return envelopes | json_schemas.of_models([*PAYLOADS.values(), *rows()], REFS)


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(path)}


def _list(words: list[str] | tuple[str, ...]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
