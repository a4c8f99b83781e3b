"""No bytes make a reader, a door's model or a decider raise anything but a refusal with a reason.

`GRIDCASE_FUZZ` says how many inputs, `GRIDCASE_FUZZ_SEED` which; a failure names its bytes.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from lab.replay.case_fold import DECIDERS
from schemas import envelope, topics
from schemas.envelope import Message, Reader, Unreadable
from schemas.publish import read_samples
from services.shell.desk import Desk
from tests.fuzz.mutating import mutated
from tests.log import RULEBOOKS

INPUTS = int(os.environ.get("GRIDCASE_FUZZ", "50000"))
SEED = int(os.environ.get("GRIDCASE_FUZZ_SEED", "1"))
SAMPLES = read_samples()
DOORS = [topic for topic in topics.TOPICS if topic.door_of]
OWN = [topics.CASE_EVENTS, *topics.COMMANDS_OF.values()]
SHARE = INPUTS // (len(DOORS) + len(OWN))


def samples_of(topic: topics.Topic) -> list[bytes]:
    return [orjson.dumps(SAMPLES[message.TYPE]) for message in topic.messages]


def inputs(topic: topics.Topic) -> Any:
    chance = Random(f"{SEED}/{topic.name}")
    good = samples_of(topic)
    return (mutated(chance.choice(good), chance) for _ in range(SHARE))


@pytest.mark.parametrize("topic", DOORS, ids=lambda topic: topic.name)
def test_a_door_takes_or_refuses_with_a_reason(topic: topics.Topic) -> None:
    (model,) = topic.messages
    refused = 0
    for value in inputs(topic):
        try:
            data, _ = envelope.bare(value)
            model.model_validate(data)
        except Unreadable as error:
            assert str(error)
            refused += 1
        except ValidationError as error:
            assert envelope.explain(error)
            refused += 1
    assert 0 < refused < SHARE


@pytest.mark.parametrize("topic", OWN, ids=lambda topic: topic.name)
def test_what_a_service_reads_is_a_message_or_has_a_reason(topic: topics.Topic) -> None:
    """Both ways of reading agree on what is a message."""
    types = {message.TYPE: message for message in topic.messages}
    reader, taken = Reader(types), 0
    for value in inputs(topic):
        fast, slow = outcome(reader.read, value), outcome(lambda v: envelope.read(v, types), value)
        assert isinstance(fast, Message) == isinstance(slow, Message), value
        taken += isinstance(fast, Message)
    assert 0 < taken < SHARE


def outcome(read: Any, value: bytes) -> Message[Any] | str:
    try:
        found: Message[Any] = read(value)
    except Unreadable as error:
        assert str(error)
        return str(error)
    return found


@pytest.mark.parametrize("service", sorted(topics.COMMANDS_OF))
def test_no_command_breaks_a_domain(service: str) -> None:
    """On cases that the log does not know; failures are what would be set aside as broken."""
    topic = topics.COMMANDS_OF[service]
    reader = Reader({message.TYPE: message for message in topic.messages})
    desk = Desk(DECIDERS[service], RULEBOOKS, 0)
    for offset, value in enumerate(inputs(topic)):
        message = outcome(reader.read, value)
        if not isinstance(message, Message):
            continue
        desk.command(offset, message)
        desk.settle()
        desk.log_ends_at(0)
        desk.settle()
        broken = [f.reason for f in desk.take_failures() if "Error:" in f.reason.split(" ")[0]]
        assert broken == [], value
        desk.take_outgoing()
