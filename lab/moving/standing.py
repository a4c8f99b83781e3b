"""What must be so before a log is copied: nobody reads it, and its new topics are there and empty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import CASE_EVENTS, CO_PARTITIONED, SERVICES
from services.shell.acl_admin import admin_client
from services.shell.settings import Settings
from services.shell.topic_admin import TopicSpec, create_topics

SECONDS = 30
STILL = 3
"""Seconds after the longest session in which a member that is gone may still be shown."""


class NotMovedError(RuntimeError):
    """The log stays where it is; the text says what to do."""


async def until_nobody_reads(settings: Settings) -> None:
    """A static member is one until its session ends, however it went. Raises `NotMovedError` where
    one goes on longer: what a running service writes would not be copied."""
    reading: list[str] = []
    patience = settings.session_timeout_ms / 1000 + STILL
    try:
        async with asyncio.timeout(patience):
            while reading := await asyncio.to_thread(_read_by, settings):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise NotMovedError(
            f"{', '.join(reading)}: somebody has been reading for {patience:.0f} s. Stop all services"
        ) from None


def _read_by(settings: Settings) -> list[str]:
    """The services' groups that have members."""
    client = admin_client(settings)  # it ends what it was at when nobody holds it
    found = client.describe_consumer_groups([settings.group(service) for service in SERVICES])
    return sorted(g for g, future in found.items() if future.result(timeout=SECONDS).members)


async def make_empty_topics(old: Settings, new: Settings, *, begun: bool) -> None:
    """Empty topics with the new partitions, as often copied as the old log is."""
    client: dict[str, Any] = new.kafka_client()
    bootstrap = client.pop("bootstrap_servers")
    names = [new.topic(topic.name) for topic in CO_PARTITIONED]
    async with _admin(new) as admin:
        standing = {row["topic"]: row for row in await admin.describe_topics()}
        there = sorted(standing.keys() & set(names))
        if there and not begun:
            raise NotMovedError(
                f"{', '.join(there)}: there already, and not of a move that was interrupted. "
                "If nobody needs them, delete them"
            )
        if there:
            await admin.delete_topics(there)
            await _until_gone(admin, there)
    copies = len(standing[old.topic(CASE_EVENTS.name)]["partitions"][0]["replicas"])
    rows = [
        TopicSpec(new.topic(t.name), new.partitions, t.config(), copies) for t in CO_PARTITIONED
    ]
    await create_topics(bootstrap, rows, **client)


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _until_gone(admin: AIOKafkaAdminClient, names: Iterable[str]) -> None:
    async with asyncio.timeout(SECONDS):
        while set(names) & set(await admin.list_topics()):  # noqa: ASYNC110 - no broker tells
            await asyncio.sleep(0.1)
