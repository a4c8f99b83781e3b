"""From real broker and database to the history that `tests.invariants` judges."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from schemas import envelope, topics
from schemas.envelope import Payload, Unreadable
from schemas.outputs import Scorecard
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
    history.behind = await behind(settings)
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


async def behind(settings: Settings) -> dict[str, int]:
    """How many records each group of the services, doors included, has yet to be done with."""
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    groups = [
        each.group_id
        for each in (await _in_a_thread(admin.list_consumer_groups)).valid
        if each.group_id.startswith(tuple(settings.group(name, "") for name in topics.SERVICES))
    ]
    found: dict[str, int] = {}
    async with AIOKafkaConsumer(**settings.kafka_client()) as consumer:
        for group in groups:
            asked = [ConsumerGroupTopicPartitions(group)]
            (answer,) = admin.list_consumer_group_offsets(asked).values()
            said = (await asyncio.to_thread(answer.result)).topic_partitions
            done = {TopicPartition(each.topic, each.partition): each.offset for each in said}
            ends = await consumer.end_offsets(list(done))
            found |= {f"{group} at {tp}": ends[tp] - max(at, 0) for tp, at in done.items()}
    return found


async def _in_a_thread(asks: Callable[[], Future[Any]]) -> Any:
    return await asyncio.to_thread(lambda: asks().result())


async def figures(
    settings: Settings, address: str, period: str
) -> tuple[list[Scorecard], dict[int, int]]:
    """The figures of all units as the rating service gives them, and up to where, by partition, it
    had read the log before and after that."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        for _ in range(100):
            before = (await http.get("/quiet")).json()["positions"]
            asked = {"period": period, "live": "1"}
            answer = (await http.get("/api/scorecards", params=asked)).raise_for_status()
            after = (await http.get("/quiet")).json()["positions"]
            if before == after:
                read = after[settings.topic(topics.CASE_EVENTS.name)]
                cards = [Scorecard.model_validate(card) for card in answer.json()]
                return cards, {int(number): offset for number, offset in read.items()}
    raise TimeoutError("the log did not stand still for one question: is something still at work?")
