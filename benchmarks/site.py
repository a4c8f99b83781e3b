"""Where it is measured: a broker, a database, and counties that come and go.

    site() ─► Site ─► county(site, clock) ─► Settings
                  └─► chain(site, hops)   ─► bare topics in a row

`KAFKA_BOOTSTRAP_SERVERS` and `MONGO_URL` name existing servers; else they are started for the run,
in a temporary folder. The one rule to remember: nothing stays behind. Each county has a prefix of
its own, and its topics and its database are deleted when it is left.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import KEYED_PARTITIONS
from services.shell.embedded import Embedded, start_kafka, start_mongod
from services.shell.provision import provision
from services.shell.settings import Settings
from services.shell.snapshots import connect
from services.shell.topic_admin import TopicSpec, create_topics
from tests.county import small_county

Clock = Literal["wall", "stream"]


@dataclass(frozen=True, slots=True)
class Site:
    kafka: str
    mongo: str
    folder: Path
    pids: Mapping[str, int | None] = field(default_factory=dict)
    """The broker's and the database's processes, where they are ours to look at."""


@contextmanager
def site() -> Iterator[Site]:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # topics come and go under it
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridcase-bench-")))
        kafka, mongo = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("MONGO_URL")
        broker = Embedded("kafka", kafka) if kafka else stack.enter_context(start_kafka(folder))
        database = Embedded("mongod", mongo) if mongo else stack.enter_context(start_mongod(folder))
        pids = {"broker": broker.pid, "database": database.pid}
        yield Site(broker.url, database.url, folder, pids)


@asynccontextmanager
async def county(site: Site, clock: Clock) -> AsyncIterator[Settings]:
    """A small county's topics and rules."""
    settings = _fresh(site, clock)
    try:
        await provision(settings, small_county())
        yield settings
    finally:
        await _forget(settings)


@asynccontextmanager
async def chain(site: Site, hops: int) -> AsyncIterator[tuple[Settings, list[str]]]:
    """Bare topics in a row, one more than there are hops between them."""
    settings = _fresh(site, "wall")
    names = [f"{settings.prefix}hop.{number}" for number in range(hops + 1)]
    try:
        await create_topics(site.kafka, [TopicSpec(name, KEYED_PARTITIONS) for name in names])
        yield settings, names
    finally:
        await _forget(settings)


def _fresh(site: Site, clock: Clock) -> Settings:
    prefix = f"bench-{uuid4().hex[:8]}-"
    return Settings(kafka=site.kafka, mongo=site.mongo, prefix=prefix, clock=clock)


async def _forget(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(**settings.kafka_client())
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(settings.prefix)]
        await admin.delete_topics(names)
    finally:
        await admin.close()
    database = connect(settings.mongo, settings.database)
    await database.client.drop_database(settings.database)
    await database.client.close()
