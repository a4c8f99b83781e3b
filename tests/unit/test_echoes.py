"""Our own events, back from the log: known by their bytes, once, until the partitions go."""

from __future__ import annotations

from typing import Any, cast

import pytest

from schemas import ids, topics
from schemas.envelope import Message, write
from services.shell.desk import Outgoing
from services.shell.publishing import Publisher
from services.shell.settings import Settings
from tests.log import Log
from tests.story import CASE, START
from tests.unit.imagined_step import Producer
from tests.unit.router_words import opened

EVENT = Message(ids.derive("an answer"), "/services/router", CASE, START, opened())


@pytest.fixture
def publisher() -> Publisher:
    return Publisher("router", Settings(clock="stream"), cast(Any, Producer(Log())))


async def test_an_answer_that_comes_back_is_not_parsed_again(publisher: Publisher) -> None:
    await publisher.send([Outgoing(topics.CASE_EVENTS.name, CASE, EVENT, 0)])
    assert publisher.echo(write(EVENT)) is EVENT
    assert publisher.echo(write(EVENT)) is None, "a copy is read as anybody's"


async def test_words_to_others_and_what_others_own_now_are_not_waited_for(
    publisher: Publisher,
) -> None:
    await publisher.send([Outgoing("reports.answered", CASE, EVENT)])
    assert publisher.echo(write(EVENT)) is None
    await publisher.send([Outgoing(topics.CASE_EVENTS.name, CASE, EVENT, 0)])
    publisher.forget()
    assert publisher.echo(write(EVENT)) is None
