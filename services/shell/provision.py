"""Makes the topics of a county and publishes its reference data; harmless when done twice."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from schemas.reference import Reference
from schemas.topics import CASE_EVENTS, REFERENCE
from services.shell.incarnation import Incarnation, incarnation_of
from services.shell.reference import to_records
from services.shell.settings import Settings
from services.shell.topic_admin import create_topics
from services.shell.topic_plan import plan


async def provision(settings: Settings, reference: Reference, replication: int = 1) -> list[str]:
    """Topics, then rules. Returns the names of the topics that were made."""
    made = await make_topics(settings, reference, replication)
    await publish(settings, reference)
    return made


async def make_topics(settings: Settings, reference: Reference, replication: int = 1) -> list[str]:
    """Make what is missing. A log that is made anew gets a new incarnation, so that no snapshot of
    an older log is taken for one of this. Raises `WrongLogError` where the county's log has another
    number of partitions: a second log beside it would be empty."""
    client: dict[str, Any] = settings.kafka_client()
    bootstrap = client.pop("bootstrap_servers")
    departments = [department.code for department in reference.departments]
    rows = plan(settings, departments, replication)
    first = [row for row in rows if row.name == settings.topic(REFERENCE.name)]
    made = await create_topics(bootstrap, first, **client)
    if not made and (standing := await incarnation_of(settings)) is not None:
        standing.check(settings)
    made += await create_topics(bootstrap, rows, **client)
    if settings.topic(CASE_EVENTS.name) in made:
        name = str(uuid4())
        await put_incarnation(settings, Incarnation(name, name, settings.partitions))
    return made


async def put_incarnation(settings: Settings, log: Incarnation) -> None:
    """Say which log this is; services that wait for it begin."""
    await put(settings, [log.record()])


async def publish(settings: Settings, reference: Reference) -> int:
    """Publish a version of the rules; it exists once its manifest, the last record, is there."""
    records = to_records(reference)
    await put(settings, records)
    return len(records)


async def put(settings: Settings, records: list[tuple[str, bytes]]) -> None:
    """Write to `reference`, and return when the broker has acknowledged all."""
    topic = settings.topic(REFERENCE.name)
    async with AIOKafkaProducer(
        **settings.kafka_client(), acks="all", enable_idempotence=True, max_batch_size=256 * 1024
    ) as producer:
        futures = [await producer.send(topic, value, key=key.encode()) for key, value in records]
        await producer.flush()
        for future in futures:
            await future
