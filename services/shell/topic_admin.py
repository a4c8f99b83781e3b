"""Makes topics: on Kafka through its admin protocol, on our own mock cluster through its functions.

In: rows of `TopicSpec`. Out: the names that were made; those that exist already are left alone.
The one rule to remember: partitions are chosen once. A topic that stands with another number would
part what belongs together, so that is an error, found before anything is made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.shell.embedded.mock import mock_at

CHUNK = 1000
"""Topics a request. A broker takes up each request in one go, at a cost that hardly depends on its
size (600 topics: 0.9 s in one, 4–7 s in six); above 10,000 records in all it refuses one."""
ALREADY_EXISTS = 36
VISIBLE_SECONDS = 30.0


class TopicError(RuntimeError):
    """A topic cannot be made, or stands otherwise than it should; the text says what to do."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)
    """The broker's settings for the topic; a mock cluster knows none."""
    replication: int = 1


async def create_topics(bootstrap: str, rows: Iterable[TopicSpec], **client: Any) -> list[str]:
    """Make the topics that are missing and return their names once the broker shows them all.

    `client`: what every aiokafka client takes besides (security_protocol, ssl_context, sasl_…).
    Raises `TopicError` if one stands with another number of partitions, or the broker refuses one.
    """
    wanted = {row.name: row for row in rows}
    async with _admin(**client | {"bootstrap_servers": bootstrap}) as admin:
        standing = await _partitions(admin)
        _check(wanted, standing)
        missing = [row for row in wanted.values() if row.name not in standing]
        if mock := mock_at(bootstrap):
            for row in missing:
                await asyncio.to_thread(mock.create, row.name, row.partitions)
        else:
            await _create(admin, missing)
        await _until_visible(admin, wanted)
    return [row.name for row in missing]


@asynccontextmanager
async def _admin(**client: Any) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """How many partitions each topic has that a client can already use."""
    topics = await admin.describe_topics()
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in topics
        if topic["error_code"] == 0 and all(p["leader"] >= 0 for p in topic["partitions"])
    }


def _check(wanted: dict[str, TopicSpec], standing: dict[str, int]) -> None:
    differing = [
        f"{name} has {standing[name]} partitions and should have {row.partitions}"
        for name, row in wanted.items()
        if standing.get(name, row.partitions) != row.partitions
    ]
    if differing:
        raise TopicError(
            "; ".join(differing) + ". Partitions are never changed in place, since keys would move:"
            " ask for the number that stands, or move the log: `gridcase topics move`."
        )


async def _create(admin: AIOKafkaAdminClient, rows: Sequence[TopicSpec]) -> None:
    cluster = await admin.describe_cluster()
    brokers = {broker["node_id"] for broker in cluster["brokers"]}
    if rows and cluster["controller_id"] not in brokers:
        raise TopicError(
            "this is the mock cluster of another process, and only that process can make topics"
        )
    for first in range(0, len(rows), CHUNK):
        chunk = [_new_topic(row) for row in rows[first : first + CHUNK]]
        response = await admin.create_topics(chunk)
        refused = [
            f"{name}: {message or f'error {code}'}"
            for name, code, message in response.topic_errors
            if code not in (0, ALREADY_EXISTS)  # somebody else was faster: looked at afterwards
        ]
        if refused:
            raise TopicError("the broker refused " + "; ".join(refused))


def _new_topic(row: TopicSpec) -> NewTopic:
    # The client takes the broker's own default, -1, only beside an assignment that is not None.
    assignments: dict[int, list[int]] | None = {} if row.replication < 0 else None
    return NewTopic(row.name, row.partitions, row.replication, assignments, row.config)


async def _until_visible(admin: AIOKafkaAdminClient, wanted: dict[str, TopicSpec]) -> None:
    """A topic exists a moment before the broker leads its partitions."""
    deadline = time.monotonic() + VISIBLE_SECONDS
    while missing := wanted.keys() - (standing := await _partitions(admin)).keys():
        if time.monotonic() > deadline:
            raise TopicError(f"made, but not led by any broker: {', '.join(sorted(missing)[:10])}")
        await asyncio.sleep(0.05)
    _check(wanted, standing)
