"""The envelope: CloudEvents 1.0 in structured JSON.

A `Message` is one CloudEvent whose `data` is one of the payload classes of this package; the
payload's ``TYPE`` is the CloudEvent's ``type``. `read` makes a message from bytes, `write` makes
bytes from a message. `read` refuses what it does not understand with `Unreadable`, never with
anything else, so that a poison record can be told from a fault of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, NotRequired, TypeVar, Union
from uuid import UUID

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from typing_extensions import TypedDict  # pydantic takes the standard one from Python 3.12 on

from schemas.unchanging import unchanging

CONTENT_TYPE = b"application/cloudevents+json"
HEADERS = [("content-type", CONTENT_TYPE)]

YEARS = range(1900, 2200)
"""Moments beyond these are mistakes, and no calendar reaches them."""
ROOM = 10
"""Years at the end in which nothing comes in."""
CANONICAL_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A UUID as we write it."""
MOST_NESTED = 64
"""How deep things may lie within things: writers give up at some 250."""


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC. Raises ValueError for one that has no zone (it could be any hour), or that
    is beyond all years that concern anybody."""
    if moment.tzinfo is None:
        raise ValueError("the time has no zone")
    if moment.year not in YEARS:
        raise ValueError(f"the year should be from {YEARS[0]} to {YEARS[-1]}")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def said_in_utc(moment: datetime) -> datetime:
    """`in_utc`, for what somebody outside says: ten years earlier at the latest, so that whatever
    follows from it has a moment too."""
    if moment.year > YEARS[-1] - ROOM:
        raise ValueError(f"the year should be {YEARS[-1] - ROOM} at the latest")
    return in_utc(moment)


Said = Annotated[AwareDatetime, AfterValidator(said_in_utc)]
"""A moment in an input, with its zone, kept in UTC."""
Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A moment with its zone, kept in UTC."""


class Payload(BaseModel):
    """The `data` of a message. Extra fields are ignored: a newer writer may know more. Errors do not
    show what was given: they reach logs and dead letters' headers, and it may be personal data."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    TYPE: ClassVar[str]
    RULED: ClassVar[bool] = False
    """Whether rules decided it, so that the envelope must name their version."""
    OURS: ClassVar[bool] = True
    """Whether a service writes it, and so chooses its id."""


class Input(Payload):
    """What comes from outside. Extra fields are kept: the sender's words are not ours to drop."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    OURS = False


P = TypeVar("P", bound=Payload, covariant=True)


class Unreadable(Exception):  # noqa: N818 - it names the record's state, as the dead letter does
    """The bytes are not a message of this contract; the text says why."""


@unchanging(frozen=True, slots=True)
class Message(Generic[P]):
    id: str
    source: str
    subject: str
    time: datetime
    data: P
    causationid: str | None = None
    policyversion: str | None = None
    traceparent: str | None = None

    @property
    def type(self) -> str:
        return self.data.TYPE


def write(message: Message[Payload], key: str | None = None) -> bytes:
    """The message as bytes; `key` is the record's key, where that is not the subject."""
    time = message.time
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": message.id,
        "source": message.source,
        "type": message.data.TYPE,
        "subject": message.subject,
        "time": time if time.tzinfo is UTC else time.astimezone(UTC),
        "datacontenttype": "application/json",
        "partitionkey": message.subject if key is None else key,
    }
    if message.causationid is not None:
        envelope["causationid"] = message.causationid
    if message.policyversion is not None:
        envelope["policyversion"] = message.policyversion
    if message.traceparent is not None:
        envelope["traceparent"] = message.traceparent
    envelope["data"] = message.data.model_dump(exclude_none=True)
    return orjson.dumps(envelope, option=orjson.OPT_UTC_Z)


def parse(value: bytes | None) -> dict[str, Any]:
    """The JSON object in `value`. Raises `Unreadable` for anything else."""
    if value is None:
        raise Unreadable("a tombstone: the record has no value")
    try:
        loaded = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not JSON in UTF-8: {error}") from error
    if not isinstance(loaded, dict):
        raise Unreadable(f"a JSON object was expected, not {type(loaded).__name__}")
    if value.count(b"{") + value.count(b"[") > MOST_NESTED and _is_deeper(loaded, MOST_NESTED):
        raise Unreadable(f"things are nested more than {MOST_NESTED} deep")
    return loaded


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether things lie within `value` deeper than so many times."""
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth < 0 or any(_is_deeper(each, depth - 1) for each in within)


def read(value: bytes | None, types: Mapping[str, type[Payload]]) -> Message[Any]:
    """The message in `value`, whose type must be one of `types`."""
    envelope = parse(value)
    payload = types.get(str(envelope.get("type")))
    if payload is None:
        raise Unreadable(f"unknown type {envelope.get('type')!r}")
    try:
        return Message(
            id=_identity(envelope) if payload.OURS else _text(envelope, "id"),
            source=_text(envelope, "source"),
            subject=_text(envelope, "subject"),
            time=in_utc(datetime.fromisoformat(_text(envelope, "time"))),
            data=payload.model_validate(envelope["data"]),
            causationid=_text_or_none(envelope, "causationid"),
            policyversion=_text_or_none(envelope, "policyversion"),
            traceparent=_text_or_none(envelope, "traceparent"),
        )
    except KeyError as error:
        raise Unreadable(f"the envelope lacks {error}") from error
    except ValidationError as error:
        raise Unreadable(explain(error)) from error
    except (TypeError, ValueError) as error:
        raise Unreadable(f"the envelope is malformed: {error}") from error


class Reader:
    """`read` for many records of the same types: bytes become the message in one pass of pydantic's
    own parser, at two thirds of the cost. What it does not take is put to `read`, which takes it
    after all or says why not."""

    def __init__(self, types: Mapping[str, type[Payload]]) -> None:
        self.types = types
        envelopes = tuple(_envelope(name, payload) for name, payload in types.items())
        tagged: Any = Annotated[Union[envelopes], Field(discriminator="type")]  # noqa: UP007
        self._validator = TypeAdapter(tagged).validator

    def read(self, value: bytes | None) -> Message[Any]:
        """The message in `value`. Raises `Unreadable`, as the function does."""
        if value is None or _may_mislead(value):
            return read(value, self.types)
        try:
            found: dict[str, Any] = self._validator.validate_json(value)
            return Message(
                found["id"],
                found["source"],
                found["subject"],
                in_utc(datetime.fromisoformat(found["time"])),
                found["data"],
                found.get("causationid"),
                found.get("policyversion"),
                found.get("traceparent"),
            )
        except ValueError:
            return read(value, self.types)


def _may_mislead(value: bytes) -> bool:
    """Deeply nested, or with numbers that are none in JSON: pydantic's parser takes both. A single
    letter is looked for first, which is found missing at once."""
    deep = value.count(b"{") + value.count(b"[") > MOST_NESTED
    nan = b"N" in value and b"NaN" in value
    return deep or nan or (b"I" in value and b"Infinity" in value)


def _envelope(name: str, payload: type[Payload]) -> Any:
    """The shape of an envelope with this payload."""
    identity = Annotated[str, Field(pattern=f"^{CANONICAL_ID.pattern}$")] if payload.OURS else str
    fields: dict[str, Any] = {
        "id": identity,
        "source": str,
        "type": Literal[name],
        "subject": str,
        "time": str,
        "data": payload,
        "causationid": NotRequired[str | None],
        "policyversion": NotRequired[str | None],
        "traceparent": NotRequired[str | None],
    }
    return TypedDict(f"Envelope_{payload.__name__}", fields)  # type: ignore[operator]


def _text(envelope: dict[str, Any], name: str) -> str:
    value = envelope[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    return value


def _text_or_none(envelope: dict[str, Any], name: str) -> str | None:
    value = envelope.get(name)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is not text")
    return value


def _identity(envelope: dict[str, Any]) -> str:
    """Senders choose theirs; our own ids are UUIDs, which a case's owners keep in 16 bytes each."""
    text = _text(envelope, "id")
    if CANONICAL_ID.fullmatch(text):
        return text
    try:
        return str(UUID(text))
    except ValueError as error:
        raise ValueError("the id is no UUID") from error


def bare(value: bytes | None) -> tuple[dict[str, Any], str | None]:
    """What a sender put in: the `data` and the id of a CloudEvent, or the bare object and None.

    A bare object is what `kcat` and curl users write; both are welcome on inbound topics.
    """
    loaded = parse(value)
    if "specversion" not in loaded:
        return loaded, None
    data = loaded.get("data")
    if not isinstance(data, dict):
        raise Unreadable("the CloudEvent has no `data` object")
    identity = loaded.get("id")
    return data, identity if isinstance(identity, str) else None


def explain(error: ValidationError) -> str:
    """The faults of a message in one line, without repeating what was in it: it may be private."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'message'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
    ]
    return "; ".join(faults)
