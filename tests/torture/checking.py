"""From real broker and database to the history that `tests.invariants` judges."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import envelope, topics
from schemas.envelope import Payload, Unreadable
from schemas.reference import Reference
from schemas.rulebook import Rulebooks
from services.shell.consuming import read_to_end
from services.shell.settings import Settings
from services.shell.snapshots import connect
from services.shell.topic_plan import plan
from tests.history import History, Record
from tests.torture.load import NAME, PHONE, Load


async def history_of(settings: Settings, reference: Reference, load: Load) -> History:
    history = History(Rulebooks([reference]))
    history.log = await records_of(settings, topics.CASE_EVENTS.name, topics.EVENT_TYPES)
    history.commands = {
        service: await records_of(settings, topic.name, topics.PAYLOADS)
        for service, topic in topics.COMMANDS_OF.items()
    }
    codes = [unit.code for unit in reference.departments]
    told = [topics.REPORTS_REJECTED.name, topics.REPORTS_ANSWERED.name]
    told += [topics.ASSIGNMENTS.of(code) for code in codes]
    outside: list[Record] = []
    for topic in told:
        outside += await records_of(settings, topic, topics.PAYLOADS)
    history.outside = outside
    history.reasons = await reasons_of(settings, [row.name for row in plan(settings, codes)])
    history.documents = await documents_of(settings)
    history.committed = await committed_in(settings)
    history.clocks_differ = timedelta(seconds=1)
    history.reports_taken, history.words_taken = load.reports, load.words
    history.private = (NAME, PHONE)
    return history


async def records_of(
    settings: Settings, topic: str, types: Mapping[str, type[Payload]]
) -> list[Record]:
    found = []
    async for record in read_to_end(settings, settings.topic(topic)):
        try:
            message = envelope.read(record.value, types)
        except Unreadable:
            message = None
        key, written = (
            (record.key or b"").decode(),
            datetime.fromtimestamp(record.timestamp / 1e3, UTC),
        )
        where = (topic, record.partition, record.offset)
        found.append(Record(*where, key, message, None, written, record.value))
    return found


async def reasons_of(settings: Settings, names: list[str]) -> list[str]:
    """Why things were set aside, of all topics."""
    async with AIOKafkaConsumer(**settings.kafka_client()) as consumer:
        existing = await consumer.topics()
    found = []
    for name in sorted({topics.dead(name) for name in names} & existing):
        async for record in read_to_end(settings, name):
            headers = dict(record.headers)
            found.append(headers.get("reason", b"").decode())
    return found


async def documents_of(settings: Settings) -> dict[str, dict[str, dict[str, Any]]]:
    database = connect(settings.mongo, settings.database)
    return {
        service: {
            document["_id"]: document async for document in database[f"{service}_cases"].find({})
        }
        for service in topics.SERVICES
    }


async def committed_in(settings: Settings) -> dict[str, dict[tuple[str, int], int]]:
    found: dict[str, dict[tuple[str, int], int]] = {}
    for service in topics.SERVICES:
        names = [topics.CASE_EVENTS.name]
        names += [topics.COMMANDS_OF[service].name] if service in topics.COMMANDS_OF else []
        group = settings.group(service, "step")
        async with AIOKafkaConsumer(
            **settings.kafka_client(), group_id=group, enable_auto_commit=False
        ) as consumer:
            found[service] = {
                (name, number): offset
                for name in names
                for number in range(topics.KEYED_PARTITIONS)
                if (
                    offset := await consumer.committed(TopicPartition(settings.topic(name), number))
                )
            }
    return found
