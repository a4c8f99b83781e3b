"""Reading topics outside any group: to follow one for ever, or to read it to its present end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from services.shell.settings import Settings


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic; waits while the broker does not show it."""
    while not (numbers := consumer.partitions_for_topic(topic)):
        await consumer._client.force_metadata_update()
        await asyncio.sleep(0.05)
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def reader(settings: Settings) -> AIOKafkaConsumer:
    """A consumer that belongs to no group and commits nothing."""
    return AIOKafkaConsumer(
        **settings.kafka_client(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.fetch_max_wait_ms,
        metadata_max_age_ms=settings.metadata_max_age_ms,
    )


async def follow(settings: Settings, topic: str) -> AsyncIterator[Any]:
    """All records of a topic from its beginning, for ever."""
    async with reader(settings) as consumer:
        partitions = await partitions_of(consumer, topic)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async for record in consumer:
            yield record


async def read_to_end(
    settings: Settings, topic: str, *, key: bytes | None = None
) -> AsyncIterator[Any]:
    """All records of a topic up to its present end, partition by partition; with a key, those of
    the partition where that key lies."""
    async with reader(settings) as consumer:
        partitions = await partitions_of(consumer, topic)
        if key is not None:
            numbers = [partition.partition for partition in partitions]
            partitions = [partitions[DefaultPartitioner()(key, numbers, numbers)]]
        for partition in partitions:
            async for record in read_partition(consumer, partition):
                yield record


async def read_partition(
    consumer: AIOKafkaConsumer, partition: TopicPartition, start: int | None = None
) -> AsyncIterator[Any]:
    """All records of one partition up to its present end, from its beginning or from an offset."""
    consumer.assign([partition])
    if start is None:
        await consumer.seek_to_beginning(partition)
    else:
        consumer.seek(partition, start)
    end = (await consumer.end_offsets([partition]))[partition]
    while await consumer.position(partition) < end:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                if record.offset < end:
                    yield record
