"""Publishing: what a turn of the step has to say, and the broker's word on each message.

    send([Outgoing]) ─► one batch a partition, in order ─► acknowledged, or an exception

Batches are put together here and not by the client's `send`, which makes a future and a task switch
of every message.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner

from schemas import envelope, topics
from schemas.envelope import Message
from services.shell import metrics
from services.shell.desk import Outgoing
from services.shell.logs import about
from services.shell.settings import Settings
from services.shell.tracing import Tracing

logger = logging.getLogger(__name__)
PARTITIONER = DefaultPartitioner()
OVERHEAD_BYTES = 1_000
"""Room that a record's key, headers and lengths may take."""


class Dress:
    """What a service does to its messages just before they go: nothing, if it does not say."""

    def foresee(self, answers: Iterable[Outgoing]) -> None:
        """These are on their way to the log. What will be told of them may be prepared."""

    async def __call__(self, out: list[Outgoing]) -> list[Outgoing]:
        return out


as_they_are = Dress()


@lru_cache(8192)
def partition_of(key: str, partitions: int) -> int:
    """Where the records of a key lie, by the rule that all clients of Kafka share. Remembered: what
    is said of a case comes close together, and the rule costs as much as reading a message."""
    return partition_of_bytes(key.encode(), partitions)


def partition_of_bytes(key: bytes, partitions: int) -> int:
    numbers = list(range(partitions))
    return int(PARTITIONER(key, numbers, numbers))


class Publisher:
    def __init__(
        self,
        service: str,
        settings: Settings,
        producer: AIOKafkaProducer,
        dress: Dress = as_they_are,
        traces: Tracing | None = None,
    ) -> None:
        self.service = service
        self.settings = settings
        self.producer = producer
        self.dress = dress
        self.traces = traces or Tracing(service)
        self._said: dict[bytes, Message[Any]] = {}
        """Our events that are not back from the log yet: at most one for each cause that waits
        for it in memory."""
        self._partitions: dict[str, int] = {}
        """How many each topic has; chosen once, so never asked twice."""

    async def send(self, out: list[Outgoing]) -> None:
        """Send all as they are, and wait until the broker has acknowledged each."""
        batches: dict[TopicPartition, list[Any]] = {}
        for item in out:
            partition = TopicPartition(
                topic := self.settings.topic(item.topic),
                await self._partition(topic, item.key)
                if item.partition is None
                else item.partition,
            )
            self._append(batches.setdefault(partition, []), item)
        with self.traces.publishing(item.message for item in out):
            await self._send(batches)
        metrics.count_out(self.service, ((item.topic, item.message) for item in out))
        if logger.isEnabledFor(logging.DEBUG):
            for item in out:
                logger.debug("%s", item.message.type, extra=about(item.message))

    def echo(self, value: bytes | None) -> Message[Any] | None:
        """Our own event, back from the log: the same bytes are the same message, so nobody parses
        them again. None for what others wrote."""
        return None if value is None else self._said.pop(value, None)

    def forget(self) -> None:
        """What was said is another's to read."""
        self._said.clear()

    async def _send(self, batches: dict[TopicPartition, list[Any]]) -> None:
        acknowledged = []
        for partition, parts in batches.items():
            for batch in parts:
                batch.close()
                acknowledged.append(
                    await self.producer.send_batch(
                        batch, partition.topic, partition=partition.partition
                    )
                )
        await asyncio.gather(*acknowledged)

    def _append(self, batches: list[Any], item: Outgoing) -> None:
        """Into the last batch of its partition; into a new one where that is full."""
        value = envelope.write(item.message, item.key)
        if len(value) > topics.MAX_DEAD_BYTES - OVERHEAD_BYTES:
            raise MessageSizeTooLargeError(
                f"{item.message.type} of case {item.message.subject} has {len(value)} bytes"
            )
        if item.partition is not None:
            self._said[bytes(memoryview(value))] = item.message  # as written it takes 4 KB
        record = {
            "key": item.key.encode(),
            "value": value,
            "timestamp": None,
            "headers": envelope.HEADERS,
        }
        if not batches or batches[-1].append(**record) is None:
            batches.append(self.producer.create_batch())
            batches[-1].append(**record)

    async def _partition(self, topic: str, key: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = len(await self.producer.partitions_for(topic))
        partitions = self._partitions[topic]
        return partition_of(key, partitions) if partitions > 1 else 0
