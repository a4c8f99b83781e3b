"""Kafka, as far as the step knows it: topics, a producer and a consumer.

What is kept true of the real one: a partition has one order; one producer's batches to a partition
keep theirs; positions move when records are handed out, and only if nobody sought or paused
meanwhile; what a consumer knows of the log's end is as old as its last fetch; a commit counts only
for a present member of the group.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
)

from schemas import topics
from tests.simulation.loop import PROCESS
from tests.simulation.network import Network

DOORS = frozenset(topic.name for topic in topics.COMMANDS_OF.values())
KEYED = DOORS | {topics.CASE_EVENTS.name}


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in the broker's hands. `at` counts all records of all topics in the order in which
    they came, `wall` is the true time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    at: int
    wall: float
    timestamp: int = 0


@dataclass
class Broker:
    network: Network
    partitions: int
    chance: Random
    wall: Callable[[], float]
    logs: dict[TopicPartition, list[Stored]] = field(default_factory=dict)
    committed: dict[str, dict[TopicPartition, int]] = field(default_factory=dict)
    """By group."""
    batch_size: int = 1_000
    held_back: float = 0.0
    longest_wait: float = inf
    """Seconds for which a fetch waits for news at most, whatever it asks for."""
    count: int = 0
    """All records of all topics."""
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def log(self, partition: TopicPartition) -> list[Stored]:
        return self.logs.setdefault(partition, [])

    def append(self, partition: TopicPartition, key: bytes | None, value: bytes | None) -> None:
        log = self.log(partition)
        self.count += 1
        where = (partition.topic, partition.partition, len(log))
        log.append(Stored(*where, key, value, self.count, self.wall()))
        self.wakes()

    def wakes(self) -> None:
        """All who wait for records look again."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def news(self) -> asyncio.Future[None]:
        """Done when the next record comes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def partitions_of(self, topic: str) -> set[int]:
        return set(range(self.partitions)) if topic in KEYED else {0}


class Batch:
    def __init__(self, size: int) -> None:
        self.size = size
        self.records: list[tuple[bytes, bytes]] = []

    def append(self, *, key: bytes, value: bytes, **_more: Any) -> object | None:
        if len(self.records) >= self.size:
            return None
        self.records.append((key, value))
        return self

    def close(self) -> None: ...


class Producer:
    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._last: dict[TopicPartition, float] = {}
        """When the last batch to each partition arrives: the next comes later."""
        self._sent: Counter[TopicPartition] = Counter()
        self._landed: Counter[TopicPartition] = Counter()

    async def partitions_for(self, topic: str) -> set[int]:
        return self.broker.partitions_of(topic)

    def create_batch(self) -> Batch:
        return Batch(self.broker.batch_size)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        target = TopicPartition(topic, partition)
        number = self._sent[target]
        self._sent[target] += 1

        def land() -> None:
            if self._landed[target] != number:
                raise OutOfOrderSequenceNumber  # the one before was lost: idempotence
            self._landed[target] += 1
            for key, value in batch.records:
                self.broker.append(target, key, value)

        def arrived(when: float) -> None:
            self._last[target] = when + 1e-6

        if (process := PROCESS.get()) is not None:
            process.speaks()
        await self.broker.network.trip()
        return self.broker.network.request(
            land, KafkaTimeoutError, after=self._last.get(target, 0.0), arrived=arrived
        )


@dataclass(slots=True)
class Place:
    """Where a consumer is in one partition."""

    position: int | None = None
    paused: bool = False
    highwater: int | None = None
    back_until: float = 0.0
    looked: int | None = None
    """When a fetch last asked for it, in milliseconds."""


class Consumer:
    """One member's. The group (`tests.simulation.group`) gives it partitions and takes them."""

    def __init__(self, broker: Broker, group: str, chance: Random) -> None:
        self.broker = broker
        self.group = group
        self.chance = chance
        self.places: dict[TopicPartition, Place] = {}
        self.is_member: Callable[[], bool] = lambda: False

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    async def getmany(
        self, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Stored]]:
        loop = asyncio.get_running_loop()
        until = loop.time() + min(timeout_ms / 1000, self.broker.longest_wait)
        while loop.time() < until:
            if any(self._has_news(tp, place) for tp, place in self.places.items()):
                await self.broker.network.trip()
                if batch := self._fetch(max_records):
                    return batch
                continue
            news = self.broker.news()
            waker = loop.call_at(until, _wake, news)
            await news
            waker.cancel()
        return {}

    def _has_news(self, partition: TopicPartition, place: Place) -> bool:
        if place.position is None or place.paused:
            return False
        if place.back_until > asyncio.get_running_loop().time():
            return False
        end = len(self.broker.log(partition))
        if place.position >= end:
            place.highwater = end
            place.looked = round(asyncio.get_running_loop().time() * 1000)
        return place.position < end

    def _fetch(self, max_records: int) -> dict[TopicPartition, list[Stored]]:
        """Some of the partitions that have news, some of their records."""
        found = {}
        ready = [tp for tp, place in self.places.items() if self._has_news(tp, place)]
        for partition in ready:
            if len(ready) > 1 and self.chance.random() < 0.3:
                continue
            place, log = self.places[partition], self.broker.log(partition)
            if self.broker.held_back and self.chance.random() < self.broker.held_back:
                place.back_until = asyncio.get_running_loop().time() + 2 * self.chance.random()
                continue
            most = 1 if self.chance.random() < 0.1 else max_records
            start = place.position or 0
            found[partition] = log[start : start + most]
            place.position = start + len(found[partition])
            place.highwater = len(log)
            place.looked = round(asyncio.get_running_loop().time() * 1000)
        return found

    # ── positions ────────────────────────────────────────────────────────────────────────────

    def _place(self, partition: TopicPartition) -> Place:
        place = self.places.get(partition)
        if place is None:
            raise IllegalStateError(f"No current assignment for partition {partition}")
        return place

    def pause(self, *partitions: TopicPartition) -> None:
        for partition in partitions:
            self._place(partition).paused = True

    def resume(self, *partitions: TopicPartition) -> None:
        for partition in partitions:
            self._place(partition).paused = False

    def assignment(self) -> set[TopicPartition]:
        return set(self.places)

    def paused(self) -> set[TopicPartition]:
        return {partition for partition, place in self.places.items() if place.paused}

    def last_poll_timestamp(self, partition: TopicPartition) -> int | None:
        return self._place(partition).looked

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._place(partition).position = offset

    def highwater(self, partition: TopicPartition) -> int | None:
        assert partition in self.places, "Partition is not assigned"
        return self.places[partition].highwater

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self.broker.partitions_of(topic)

    async def committed(self, partition: TopicPartition) -> int | None:
        offsets = self.broker.committed.setdefault(self.group, {})
        return await self.broker.network.request(lambda: offsets.get(partition), KafkaTimeoutError)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return await self.broker.network.request(
            lambda: {tp: len(self.broker.log(tp)) for tp in partitions}, KafkaTimeoutError
        )

    async def beginning_offsets(
        self, partitions: list[TopicPartition]
    ) -> dict[TopicPartition, int]:
        await self.broker.network.trip()
        return dict.fromkeys(partitions, 0)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        for partition in offsets:
            self._place(partition)
        kept = self.broker.committed.setdefault(self.group, {})

        def land() -> None:
            if not self.is_member():
                raise CommitFailedError
            kept.update(offsets)

        await self.broker.network.request(land, KafkaTimeoutError)


def _wake(news: asyncio.Future[None]) -> None:
    if not news.done():
        news.set_result(None)
