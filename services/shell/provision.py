"""Makes the topics of a county and publishes its reference data; harmless when done twice."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer

from schemas.reference import Reference
from schemas.topics import CASE_EVENTS, REFERENCE
from services.shell.consuming import read_to_end
from services.shell.reference import to_records
from services.shell.reference_feed import INCARNATION_KEY
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
    an older log is taken for one of this."""
    client: dict[str, Any] = settings.kafka_client()
    bootstrap = client.pop("bootstrap_servers")
    departments = [department.code for department in reference.departments]
    rows = plan(settings, departments, replication)
    made = await create_topics(bootstrap, rows, **client)
    if settings.topic(CASE_EVENTS.name) in made:
        await put_incarnation(settings, str(uuid4()))
    return made


async def put_incarnation(settings: Settings, identity: str) -> None:
    """Say which log this is; services that wait for it begin."""
    await _put(settings, [(INCARNATION_KEY, orjson.dumps({"id": identity}))])


async def publish(settings: Settings, reference: Reference) -> int:
    """Publish a version of the rules; it exists once its manifest, the last record, is there."""
    records = to_records(reference)
    await _put(settings, records)
    return len(records)


async def _put(settings: Settings, records: list[tuple[str, bytes]]) -> None:
    topic = settings.topic(REFERENCE.name)
    async with AIOKafkaProducer(
        **settings.kafka_client(), acks="all", enable_idempotence=True, max_batch_size=256 * 1024
    ) as producer:
        futures = [await producer.send(topic, value, key=key.encode()) for key, value in records]
        await producer.flush()
        for future in futures:
            await future


async def incarnation_of(settings: Settings) -> str:
    """What `make_topics` wrote when it made the log; empty if it never did."""
    found = ""
    async for record in read_to_end(settings, settings.topic(REFERENCE.name)):
        if record.key == INCARNATION_KEY.encode():
            found = orjson.loads(record.value)["id"]
    return found
