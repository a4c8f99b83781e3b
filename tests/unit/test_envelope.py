"""The envelope: what is written is read again, and both ways of reading it agree."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas import publish
from schemas.envelope import MOST_NESTED, Message, Reader, Unreadable, read, write
from schemas.inputs import ClockTick
from schemas.topics import EVENT_TYPES

SAMPLES = {
    name: (publish.PUBLISHED / "samples" / f"{name}.json").read_bytes() for name in EVENT_TYPES
}
READER = Reader(EVENT_TYPES)
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.floats(), st.just([]), st.just({})
)


def outcome(way: object, value: bytes) -> Message[Any] | str:
    try:
        return READER.read(value) if way is READER else read(value, EVENT_TYPES)
    except Unreadable as error:
        return str(error)


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_both_ways_read_the_same_message(name: str) -> None:
    message = read(SAMPLES[name], EVENT_TYPES)
    assert READER.read(SAMPLES[name]) == message
    assert READER.read(write(message)) == message, "and it survives being written"


@settings(max_examples=400)
@given(
    name=st.sampled_from(sorted(EVENT_TYPES)),
    at=st.floats(min_value=0, max_value=1),
    byte=st.integers(min_value=0, max_value=255),
)
def test_both_ways_agree_on_a_record_with_a_byte_gone_wrong(
    name: str, at: float, byte: int
) -> None:
    value = bytearray(SAMPLES[name])
    value[int(at * (len(value) - 1))] = byte
    assert outcome(READER, bytes(value)) == outcome(read, bytes(value))


@settings(max_examples=400)
@given(name=st.sampled_from(sorted(EVENT_TYPES)), data=st.data(), odd=ODD)
def test_both_ways_agree_on_a_record_with_an_odd_field(
    name: str, data: st.DataObject, odd: object
) -> None:
    envelope = orjson.loads(SAMPLES[name])
    part = data.draw(st.sampled_from([envelope, envelope["data"]]))
    part[data.draw(st.sampled_from(sorted(part)))] = odd
    value = json.dumps(envelope).encode()  # writes NaN and endless integers too
    assert outcome(READER, value) == outcome(read, value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "a tombstone"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b"[]", "a JSON object was expected, not list"),
        (b'{"type": "case.dreamt.v1"}', "unknown type 'case.dreamt.v1'"),
        (b'{"type": "case.opened.v1", "x": ' + b"[" * 70 + b"]" * 70 + b"}", str(MOST_NESTED)),
        (b'{"type": "case.opened.v1", "id": "me"}', "the id is no UUID"),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(value: bytes | None, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        READER.read(value)


def test_an_id_in_capitals_is_the_same_id() -> None:
    envelope = orjson.loads(SAMPLES["case.signed.v1"])
    shouted = orjson.dumps(envelope | {"id": envelope["id"].upper()})
    assert READER.read(shouted).id == envelope["id"]


def test_a_moment_is_written_in_utc_whatever_its_zone() -> None:
    message = READER.read(SAMPLES["case.signed.v1"])
    elsewhere = message.time.astimezone(timezone(timedelta(hours=8)))
    assert write(replace(message, time=elsewhere)) == write(message)


def test_what_is_said_leaves_room_for_what_follows_from_it() -> None:
    tick = TypeAdapter(ClockTick)
    tick.validate_python({"now": "2189-12-31T23:59:59Z"})
    with pytest.raises(ValidationError, match="2189 at the latest"):
        tick.validate_python({"now": "2190-01-01T00:00:00Z"})
