"""A log that is read in lots, beside commands that are answered at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from services.shell import lots
from services.shell.lots import FEW, SECONDS, Lots

LOG = [TopicPartition("case.events", number) for number in range(2)]
COMMANDS = [TopicPartition("intake.commands", number) for number in range(2)]


@dataclass
class Consumer:
    """As much of the client as lots need; it raises where the client does."""

    own: set[TopicPartition] = field(default_factory=lambda: {*LOG, *COMMANDS})
    stopped: set[TopicPartition] = field(default_factory=set)
    looked: dict[TopicPartition, int] = field(default_factory=dict)
    """When a fetch that asked for a partition came back."""

    def assignment(self) -> set[TopicPartition]:
        return self.own

    def paused(self) -> set[TopicPartition]:
        return self.stopped & self.own

    def pause(self, *partitions: TopicPartition) -> None:
        assert self.own >= set(partitions)
        self.stopped |= set(partitions)

    def last_poll_timestamp(self, partition: TopicPartition) -> int | None:
        return self.looked.get(partition)

    def resume(self, *partitions: TopicPartition) -> None:
        assert self.own >= set(partitions)
        self.stopped -= set(partitions)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is; a test may say another."""
    now = [100.0]
    monkeypatch.setattr(lots, "monotonic", lambda: now[0])
    return now


def fetched(
    consumer: Consumer, some: Lots, *partitions: TopicPartition, records: int = 1, at: int = 1
) -> None:
    """A fetch comes back that asked for whatever was not held, and found records in these."""
    consumer.looked |= dict.fromkeys(consumer.own - consumer.stopped, at)
    some.came({partition: [None] * records for partition in partitions}, cast(Any, consumer))


def let_go(consumer: Consumer, some: Lots) -> float:
    return some.let_go(cast(Any, consumer))


def test_once_a_fetch_has_looked_at_the_log_only_commands_are_for_a_while(
    clock: list[float],
) -> None:
    consumer, some = Consumer(), Lots("case.events")
    fetched(consumer, some, COMMANDS[1])
    assert consumer.stopped == set(LOG)
    assert let_go(consumer, some) == pytest.approx(SECONDS)
    clock[0] += SECONDS * 3 / 4
    assert let_go(consumer, some) == pytest.approx(SECONDS / 4)
    assert consumer.stopped == set(LOG)
    clock[0] += SECONDS / 4
    assert let_go(consumer, some) == 0
    assert not consumer.stopped


def test_it_is_not_held_again_before_a_fetch_has_looked_at_it(clock: list[float]) -> None:
    """The fetch that was on its way while it was held asked for commands alone; it may take any
    time, and bring some."""
    consumer, some = Consumer(), Lots("case.events")
    fetched(consumer, some, COMMANDS[0])
    clock[0] += SECONDS
    let_go(consumer, some)
    some.came({COMMANDS[0]: [None]}, cast(Any, consumer))
    some.came({}, cast(Any, consumer))
    assert not consumer.stopped
    fetched(consumer, some, LOG[1], at=2)
    assert consumer.stopped == set(LOG)


def test_where_much_comes_it_is_read_as_fast_as_it_can_be(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events")
    fetched(consumer, some, LOG[0], records=FEW + 1)
    assert not consumer.stopped


def test_what_waits_for_its_first_pass_is_not_let_go(clock: list[float]) -> None:
    consumer, some = Consumer(stopped={LOG[1], COMMANDS[1]}), Lots("case.events")
    fetched(consumer, some, LOG[0])
    assert consumer.stopped == {*LOG, COMMANDS[1]}
    clock[0] += 1
    let_go(consumer, some)
    assert consumer.stopped == {LOG[1], COMMANDS[1]}


def test_a_partition_that_has_gone_is_not_touched_again(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots("case.events")
    fetched(consumer, some, LOG[0])
    some.forget()
    consumer.own = {LOG[1], COMMANDS[1]}
    consumer.stopped = {LOG[1], COMMANDS[1]}
    clock[0] += 1
    assert let_go(consumer, some) == 0
    assert consumer.stopped == {LOG[1], COMMANDS[1]}


def test_who_takes_no_lots_reads_on(clock: list[float]) -> None:
    consumer, some = Consumer(), Lots(None)
    fetched(consumer, some, *LOG)
    assert not consumer.stopped
