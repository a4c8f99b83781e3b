"""Carrying a topic's records over, holding the copy against them, and each group's place in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from lab.moving.copying import Fingerprints, Offsets, Places, together
from schemas.topics import CASE_EVENTS, COMMANDS_OF, MAX_DEAD_BYTES, SERVICES, Topic
from services.shell.consuming import partitions_of, read_partition, read_to_end, reader
from services.shell.settings import Settings

AT_ONCE = 2_000
"""Records that are on their way to the broker at a time."""
GROUPS_OF = {CASE_EVENTS.name: SERVICES} | {t.name: (s,) for s, t in COMMANDS_OF.items()}
"""The services whose steps read a topic."""


class NoTrueCopyError(RuntimeError):
    """Two topics do not hold the same; the text says what to do."""


async def copied(old: Settings, new: Settings, topic: Topic) -> Places:
    """Copy all records of a topic. Returns where they went."""
    committed = {s: await _committed(old, topic, s) for s in GROUPS_OF[topic.name]}
    places = Places(new.partitions, committed)
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(_producer(new))
        sent: list[asyncio.Future[Any]] = []
        async for record in together(await _lanes(old, topic, stack)):
            sent.append(
                await producer.send(
                    new.topic(topic.name),
                    record.value,
                    record.key,
                    partition=places.place(record),
                    timestamp_ms=record.timestamp,
                    headers=list(record.headers),
                )
            )
            if len(sent) >= AT_ONCE:
                await asyncio.gather(*sent)
                sent.clear()
        await asyncio.gather(*sent)
    return places


def _producer(settings: Settings) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        **settings.kafka_client(),
        acks="all",
        enable_idempotence=True,
        max_request_size=MAX_DEAD_BYTES,
        max_batch_size=256 * 1024,
    )


async def _lanes(
    settings: Settings, topic: Topic, stack: AsyncExitStack
) -> list[AsyncIterator[Any]]:
    """Each partition's records up to its present end, each with a reader of its own."""
    first = await stack.enter_async_context(reader(settings))
    partitions = await partitions_of(first, settings.topic(topic.name))
    others = [await stack.enter_async_context(reader(settings)) for _ in partitions[1:]]
    return [read_partition(c, at) for c, at in zip([first, *others], partitions, strict=True)]


async def compare(old: Settings, new: Settings, topic: Topic) -> None:
    """Read both, and hold them against each other, key by key. Raises `NoTrueCopyError`."""
    ours, theirs = [await _fingerprints(s, topic) for s in (old, new)]
    if ours != theirs:
        raise NoTrueCopyError(
            f"{new.topic(topic.name)} is no true copy: {theirs.records} records of {ours.records}. "
            "The old log is as it was: run it again, or `gridcase topics move --give-up`"
        )


async def _fingerprints(settings: Settings, topic: Topic) -> Fingerprints:
    found = Fingerprints()
    async for record in read_to_end(settings, settings.topic(topic.name)):
        found.add(record)
    return found


# ── offsets ──────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _member(settings: Settings, service: str) -> AsyncIterator[AIOKafkaConsumer]:
    """One that speaks for a group without joining it."""
    async with AIOKafkaConsumer(
        **settings.kafka_client(), group_id=settings.group(service), enable_auto_commit=False
    ) as consumer:
        yield consumer


async def _committed(settings: Settings, topic: Topic, service: str) -> Offsets:
    async with _member(settings, service) as consumer:
        partitions = await partitions_of(consumer, settings.topic(topic.name))
        consumer.assign(partitions)
        return {at.partition: await consumer.committed(at) or 0 for at in partitions}


async def commit(settings: Settings, topic: Topic, places: Places) -> None:
    """Put each group where it had answered to."""
    name = settings.topic(topic.name)
    for service in GROUPS_OF[topic.name]:
        offsets = {TopicPartition(name, n): at for n, at in places.answered(service).items()}
        async with _member(settings, service) as consumer:
            consumer.assign(list(offsets))
            await consumer.commit(offsets)
