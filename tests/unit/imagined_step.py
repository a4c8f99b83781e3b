"""A step on a broker and a database that are only written down: one partition, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition
from pymongo.errors import AutoReconnect

from schemas.envelope import Message, read
from schemas.topics import PAYLOADS
from services.router.domain import DECIDER
from services.shell.desk import Entry
from services.shell.publishing import Publisher
from services.shell.settings import Settings
from services.shell.step import Step
from services.shell.timers import Timers
from tests.log import RULEBOOKS, Log

LOG = TopicPartition("case.events", 0)
COMMANDS = TopicPartition("router.commands", 0)


@dataclass
class Consumer:
    """One partition of the log, and of the commands."""

    log: Log
    start: int = 0
    committed_offsets: dict[TopicPartition, int] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    stopped: set[TopicPartition] = field(default_factory=set)

    def records(self, partition: TopicPartition) -> list[bytes]:
        return self.log.records if partition == LOG else self.log.commands

    def batch(self, partition: TopicPartition = LOG) -> dict[TopicPartition, list[Any]]:
        """What a fetch brings, unless the partition is paused."""
        position = self.positions.get(partition, 0)
        values = self.records(partition)[position:]
        if partition in self.stopped or not values:
            return {}
        self.positions[partition] = position + len(values)
        return {partition: made(partition, position, values)}

    def assignment(self) -> set[TopicPartition]:
        return {LOG, COMMANDS}

    def paused(self) -> set[TopicPartition]:
        return self.stopped

    def last_poll_timestamp(self, partition: TopicPartition) -> int | None:
        return self.positions.get(partition)

    def pause(self, *partitions: TopicPartition) -> None:
        self.stopped |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.stopped -= set(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    def highwater(self, partition: TopicPartition) -> int:
        return len(self.records(partition))

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return {0}

    async def committed(self, partition: TopicPartition) -> int | None:
        return self.committed_offsets.get(partition)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: len(self.records(partition)) for partition in partitions}

    async def beginning_offsets(
        self, partitions: list[TopicPartition]
    ) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.start)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed_offsets |= offsets


def made(partition: TopicPartition, first: int, values: Iterable[bytes]) -> list[Any]:
    return [
        SimpleNamespace(
            topic=partition.topic, partition=0, offset=offset, key=None, value=value, timestamp=0
        )
        for offset, value in enumerate(values, first)
    ]


@dataclass
class Producer:
    """Events reach the log at once."""

    log: Log
    refuses: bool = False
    acknowledged: asyncio.Future[None] | None = None
    """The broker's word, where it is not given at once."""

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> Any:
        if self.refuses:
            raise ConnectionError("the broker is away")
        if topic == LOG.topic:
            self.log.records += batch.values
        return self.acknowledged or done()


@dataclass
class Batch:
    """What the client puts together for one partition; it takes three records."""

    values: list[bytes] = field(default_factory=list)

    def append(self, *, value: bytes, **_more: Any) -> object | None:
        if len(self.values) == 3:
            return None
        self.values.append(value)
        return self

    def close(self) -> None: ...


async def done() -> None:
    return None


@dataclass
class Store:
    """MongoDB, as far as the step knows it."""

    documents: dict[str, Entry[Any]] = field(default_factory=dict)
    away: bool = False
    slow: asyncio.Future[None] | None = None
    """What a write waits for."""
    asked: list[list[str]] = field(default_factory=list)
    """The cases of each question."""
    offset: int | None = None
    """Up to where the log is in the documents."""

    def is_lost(self) -> None:
        self.documents.clear()
        self.offset = None

    def document(self, partition: int, entry: Entry[Any]) -> dict[str, Any]:
        kept = replace(entry.as_it_stands(), stored=entry.offset)
        return {"_id": entry.id, "partition": partition, "entry": kept}

    async def write(self, documents: Iterable[dict[str, Any]]) -> None:
        if self.slow is not None:
            await self.slow
        if self.away:
            raise AutoReconnect("away")
        self.documents |= {document["_id"]: document["entry"] for document in documents}

    async def keep_folded(self, offsets: Mapping[int, int]) -> None:
        self.offset = max(offsets.get(0, 0), self.offset or 0)

    async def folded(self, _partition: int) -> int | None:
        return 0 if self.offset is None and not self.documents else self.offset

    async def renew(self, _partition: int) -> None: ...

    async def are_at_most(self, _partition: int, number: int) -> bool:
        return len(self.documents) <= number

    async def load(self, _partition: int) -> list[Entry[Any]]:
        return await self.entries(self.documents)

    async def timers(self, _partition: int) -> Timers:
        return Timers((entry.id, entry.due) for entry in self.documents.values() if entry.due)

    async def entries(self, cases: Iterable[str]) -> list[Entry[Any]]:
        self.asked.append(sorted(cases))
        if self.away:
            raise AutoReconnect("away")
        return [replace(self.documents[case]) for case in cases if case in self.documents]


@dataclass
class World:
    log: Log = field(default_factory=Log)
    store: Store = field(default_factory=Store)

    async def owner(self, **settings: Any) -> Owner:
        owner = Owner(self, Settings(clock="stream", **settings))
        await owner.step.on_partitions_assigned([LOG, COMMANDS])
        return owner


class Owner:
    def __init__(self, world: World, settings: Settings) -> None:
        self.consumer = Consumer(world.log)
        self.producer = Producer(world.log)
        self.step = Step(
            DECIDER,
            settings,
            RULEBOOKS,
            cast(Any, world.store),
            Publisher("router", settings, cast(Any, self.producer)),
            cast(Any, None),
            on_demand="cases_in_memory" in settings.model_fields_set,
        )
        self.step.subscriber = SimpleNamespace(consumer=self.consumer)

    async def turns(self, number: int = 1) -> Owner:
        for _ in range(number):
            await self.step._turn(self.consumer.batch() | self.consumer.batch(COMMANDS))
            await self.step.published()
        return self

    @property
    def committed(self) -> int | None:
        return self.consumer.committed_offsets.get(LOG)


def types(log: Log) -> list[str]:
    messages: list[Message[Any]] = [read(record, PAYLOADS) for record in log.records]
    return [message.type for message in messages]
