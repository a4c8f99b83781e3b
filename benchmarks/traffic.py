"""Our side of the topics: what is written to them, and how much stands on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.shell.consuming import partitions_of, reader
from services.shell.settings import Settings

Record = tuple[str, bytes]
"""Key and value."""
AT_ONCE = 5_000


class Traffic:
    def __init__(self, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        self.producer = producer
        self.consumer = consumer

    async def fill(self, topic: str, records: Sequence[Record]) -> None:
        """Write all, acknowledged."""
        for first in range(0, len(records), AT_ONCE):
            futures = [
                await self.producer.send(topic, value, key=key.encode())
                for key, value in records[first : first + AT_ONCE]
            ]
            await asyncio.gather(*futures)

    async def written(self, topic: str) -> int:
        """How many records have been written to a topic."""
        ends = await self.consumer.end_offsets(await partitions_of(self.consumer, topic))
        return sum(ends.values())

    async def has(self, topic: str, records: int) -> bool:
        return await self.written(topic) >= records

    async def follow(self, *topics: str) -> None:
        """From now on, `consumer` reads what is written to these topics."""
        partitions = [p for topic in topics for p in await partitions_of(self.consumer, topic)]
        self.consumer.assign(partitions)
        await self.consumer.seek_to_end(*partitions)


@asynccontextmanager
async def traffic(settings: Settings) -> AsyncIterator[Traffic]:
    producer = AIOKafkaProducer(
        **settings.kafka_client(), acks="all", enable_idempotence=True, max_batch_size=256 * 1024
    )
    async with producer, reader(settings) as consumer:
        yield Traffic(producer, consumer)
