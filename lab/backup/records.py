"""The records out of an archive: on to their topics, read back, and compared to the byte.

file of a partition ─► the same partition, in order ─► read back ─► the same checksum
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from lab.backup.archive import Archive, ArchiveError, Summed
from lab.backup.keeping import Say, records
from lab.backup.lines import Kept, record_of
from schemas.topics import MAX_DEAD_BYTES
from services.shell.consuming import reader
from services.shell.settings import Settings

ON_THEIR_WAY = 20
"""Batches that the broker has not acknowledged yet."""


async def put_records(archive: Archive, settings: Settings, say: Say) -> int:
    count = 0
    async with AIOKafkaProducer(
        **settings.kafka_client(),
        acks="all",
        enable_idempotence=True,
        max_request_size=MAX_DEAD_BYTES,
        max_batch_size=256 * 1024,
    ) as producer:
        for topic, files in archive.topics().items():
            for number, name in files.items():
                place = TopicPartition(settings.topic(topic), number)
                kept = map(record_of, archive.lines(name))
                count += await _put(producer, place, kept, partial(say, topic))
    return count


async def _put(
    producer: AIOKafkaProducer,
    place: TopicPartition,
    kept: Iterator[Kept],
    say: Callable[[int], None],
) -> int:
    """The records of one partition, in their order, as many as the client holds at a time."""
    count, batch = 0, producer.create_batch()
    waiting: list[Any] = []
    for record in kept:
        fields: dict[str, Any] = {"key": record.key, "value": record.value}
        fields |= {"timestamp": record.at, "headers": list(record.headers)}
        if batch.append(**fields) is None:
            waiting.append(await _send(producer, batch, place))
            if len(waiting) >= ON_THEIR_WAY:
                await waiting.pop(0)
            batch = producer.create_batch()
            batch.append(**fields)
        count += 1
        say(count)
    if batch.record_count():
        waiting.append(await _send(producer, batch, place))
    for acknowledged in waiting:
        await acknowledged
    return count


async def _send(producer: AIOKafkaProducer, batch: Any, place: TopicPartition) -> Any:
    batch.close()
    return await producer.send_batch(batch, place.topic, partition=place.partition)


async def compare(archive: Archive, settings: Settings, say: Say) -> None:
    """Read it back, write it as an archive would, and compare to the byte."""
    async with reader(settings) as consumer:
        for topic, files in archive.topics().items():
            for number, name in files.items():
                summed = Summed()
                place = TopicPartition(settings.topic(topic), number)
                async for kept in records(consumer, place, topic):
                    summed.add(kept.line())
                    say(f"comparing {topic}", summed.lines)
                if summed.as_dict() != archive.files[name]:
                    raise ArchiveError(
                        f"{place.topic}/{number} is not what the archive has: does the broker stamp "
                        "its own times (log.message.timestamp.type)? Mend that, delete the topics "
                        "and the database, and restore again"
                    )
