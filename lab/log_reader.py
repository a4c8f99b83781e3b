"""Reads `case.events` from the broker: one case's partition, or all of them to their ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from schemas.topics import CASE_EVENTS
from services.shell.settings import Settings


async def read_log(settings: Settings, key: str | None = None) -> AsyncIterator[Any]:
    """Every record of the log up to its present end, partition by partition; with a key, only
    the partition where that key lies."""
    topic = settings.topic(CASE_EVENTS.name)
    async with AIOKafkaConsumer(
        **settings.kafka_client(), enable_auto_commit=False, fetch_max_wait_ms=50
    ) as consumer:
        await consumer.topics()  # loads the metadata
        numbers = sorted(consumer.partitions_for_topic(topic) or ())
        if key is not None:
            numbers = [DefaultPartitioner()(key.encode(), numbers, numbers)]
        for number in numbers:
            async for record in _partition(consumer, TopicPartition(topic, number)):
                yield record


async def _partition(consumer: AIOKafkaConsumer, partition: TopicPartition) -> AsyncIterator[Any]:
    consumer.assign([partition])
    await consumer.seek_to_beginning(partition)
    end = (await consumer.end_offsets([partition]))[partition]
    while await consumer.position(partition) < end:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                if record.offset < end:
                    yield record
