"""A log that is read in lots, beside commands that are answered at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from services.shell import lots
from services.shell.lots import FEW, Lots

LOG = [TopicPartition("case.events", number) for number in range(2)]
COMMANDS = [TopicPartition("intake.commands", number) for number in range(2)]


@dataclass
class Consumer:
    """As much of the client as lots need; it raises where the client does."""

    own: set[TopicPartition] = field(default_factory=lambda: {*LOG, *COMMANDS})
    stopped: set[TopicPartition] = field(default_factory=set)

    def assignment(self) -> set[TopicPartition]:
        return self.own

    def paused(self) -> set[TopicPartition]:
        return self.stopped & self.own

    def pause(self, *partitions: TopicPartition) -> None:
        assert self.own >= set(partitions)
        self.stopped |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        assert self.own >= set(partitions)
        self.stopped -= set(partitions)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is; a test may say another."""
    now = [100.0]
    monkeypatch.setattr(lots, "monotonic", lambda: now[0])
    return now


def read(consumer: Consumer, some: Lots, *partitions: TopicPartition, records: int = 1) -> None:
    some.came({partition: [None] * records for partition in partitions}, cast(Any, consumer))


def let_go(consumer: Consumer, some: Lots) -> float:
    return some.let_go(cast(Any, consumer))


def test_after_some_of_the_log_was_read_only_commands_are_for_a_while(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events", 0.04)
    read(consumer, some, LOG[0], COMMANDS[1])
    assert consumer.stopped == set(LOG)
    assert let_go(consumer, some) == pytest.approx(0.04)
    clock[0] += 0.03
    assert let_go(consumer, some) == pytest.approx(0.01)
    assert consumer.stopped == set(LOG)
    clock[0] += 0.01
    assert let_go(consumer, some) == 0
    assert not consumer.stopped


def test_commands_alone_hold_nothing_up(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events", 0.04)
    read(consumer, some, *COMMANDS)
    assert not consumer.stopped


def test_where_much_comes_it_is_read_as_fast_as_it_can_be(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events", 0.04)
    read(consumer, some, LOG[0], records=FEW + 1)
    assert not consumer.stopped


def test_what_waits_for_its_first_pass_is_not_let_go(clock: list[float]) -> None:
    consumer, some = Consumer(stopped={LOG[1], COMMANDS[1]}), Lots("case.events", 0.04)
    read(consumer, some, LOG[0])
    clock[0] += 1
    let_go(consumer, some)
    assert consumer.stopped == {LOG[1], COMMANDS[1]}


def test_a_partition_that_has_gone_is_not_touched_again(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events", 0.04)
    read(consumer, some, LOG[0])
    some.forget()
    consumer.own = {LOG[1], COMMANDS[1]}
    consumer.stopped = {LOG[1], COMMANDS[1]}
    clock[0] += 1
    assert let_go(consumer, some) == 0
    assert consumer.stopped == {LOG[1], COMMANDS[1]}


def test_who_takes_no_lots_reads_on(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events", 0)
    read(consumer, some, *LOG)
    assert not consumer.stopped
