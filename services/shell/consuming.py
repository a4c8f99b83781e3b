"""Consumers: how an owner commits; and reading topics outside any group, to follow one for ever or to
read it to its present end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.partitioner import DefaultPartitioner

from services.shell.settings import Settings

logger = logging.getLogger(__name__)
IDLE_MS = 500
"""How long the broker lets a reader wait that has nothing to read. What comes ends the wait; each
wait that is over has its price, and there are many readers to whom little comes."""
MANY_BYTES = 1024 * 1024
"""What a fetch brings before its wait is over; with more to come, nobody waits."""


def idle_ms(settings: Settings) -> int:
    """In stream time everybody waits for everybody, and the broker may be the mock, which lets a wait
    run out whatever comes."""
    return settings.fetch_max_wait_ms if settings.clock == "stream" else IDLE_MS


async def commit(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> bool:
    """Commit for a group, if there is anything. False where that has to wait, or is no longer
    ours to do: whoever has taken over reads it again."""
    if not offsets:
        return True
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        logger.info("another instance has taken over: %s", error)
    except KafkaError as error:
        logger.warning("offsets are committed later: %s", error)
    else:
        return True
    return False


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic; waits while the broker does not show it."""
    while not (numbers := consumer.partitions_for_topic(topic)):
        await consumer._client.force_metadata_update()
        await asyncio.sleep(0.05)
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def reader(
    settings: Settings, *, fetch_min_bytes: int = 1, fetch_max_wait_ms: int | None = None
) -> AIOKafkaConsumer:
    """A consumer that belongs to no group and commits nothing."""
    return AIOKafkaConsumer(
        **settings.kafka_client(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_min_bytes=fetch_min_bytes,
        fetch_max_wait_ms=fetch_max_wait_ms or settings.fetch_max_wait_ms,
        metadata_max_age_ms=settings.metadata_max_age_ms,
    )


async def follow(settings: Settings, topic: str, *, unhurried: bool = False) -> AsyncIterator[Any]:
    """All records of a topic from its beginning, for ever. `unhurried`: those of a fetch's whole
    wait at once, which costs a fraction of a fetch for each."""
    wait = (
        {"fetch_min_bytes": MANY_BYTES} if unhurried else {"fetch_max_wait_ms": idle_ms(settings)}
    )
    async with reader(settings, **wait) as consumer:
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
