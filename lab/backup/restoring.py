"""Restoring: an archive on to a cluster and a database that hold nothing yet.

    check ─► nothing here? ─► topics ─► the database's records ─► log, rules, commands
          ─► read back, equal to the byte ─► offsets ─► the log's incarnation, a new one

The rule to remember: **the incarnation comes last**. Services wait for it, so none ever runs on half a
county; and it is a new one, so that nothing which an older database keeps of the old log is believed.
Stored cases are not in the archive: each service folds the log when it takes its partitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from lab.backup.archive import Archive, ArchiveError
from lab.backup.documents import Database, lock_of, put_documents
from lab.backup.keeping import Say
from lab.backup.lines import record_of
from lab.backup.records import compare, put_records
from schemas.reference import Reference
from schemas.topics import CASE_EVENTS, KEYED_PARTITIONS, REFERENCE
from services.shell.consuming import reader
from services.shell.incarnation import Incarnation
from services.shell.provision import put_incarnation
from services.shell.reference import Collector
from services.shell.settings import Settings
from services.shell.snapshots import connect
from services.shell.topic_admin import create_topics
from services.shell.topic_plan import plan


class NotEmptyError(RuntimeError):
    """Something stands where the archive is to go; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    replication: int = 1
    passphrase: str | None = None
    keys: bool = True
    """Whether the contacts' keys are put back."""
    database_stays: bool = False
    """The broker was lost and the database was not: it keeps its keys, the newer ones."""
    tell_since: datetime | None = None
    """What happened since is told to departments and sources once more."""


@dataclass(frozen=True, slots=True)
class Restored:
    records: int
    documents: int
    incarnation: str


async def restore(archive: Archive, settings: Settings, asked: Asked, say: Say) -> Restored:
    """Put an archive in place. Raises `ArchiveError`, `LockError` and `NotEmptyError` before
    anything is touched."""
    archive.check()
    lock = lock_of(archive, asked.passphrase) if asked.keys else None
    rules = _rules(archive, settings.partitions)
    database = connect(settings.mongo, settings.database)
    try:
        await _must_be_empty(settings, None if asked.database_stays else database)
        await _make_topics(settings, rules, asked.replication)
        incarnation = str(uuid4())
        documents = await put_documents(archive, database, lock, asked.keys, incarnation, say)
    finally:
        await database.client.close()
    count = await put_records(archive, settings, say)
    await compare(archive, settings, say)
    await _commit(archive, settings, asked.tell_since)
    await put_incarnation(settings, Incarnation(incarnation, incarnation, settings.partitions))
    return Restored(count, documents, incarnation)


def _rules(archive: Archive, partitions: int) -> list[Reference]:
    """All versions of the rules that the archive holds. Raises `ArchiveError` unless its log is whole
    and has so many partitions: the places of keys and offsets are those of the log that was kept."""
    collector = Collector()
    found = []
    for name in archive.topics()[REFERENCE.name].values():
        for kept in map(record_of, archive.lines(name)):
            if version := collector.add((kept.key or b"").decode(), kept.value):
                found.append(version)
    partitions_kept = archive.manifest.get("partitions", KEYED_PARTITIONS)
    if not found or len(archive.topics()[CASE_EVENTS.name]) != partitions_kept:
        raise ArchiveError("the archive lacks the rules, or part of the log: take another")
    if partitions_kept != partitions:
        raise ArchiveError(
            f"the log that was kept has {partitions_kept} partitions, and GRIDCASE_PARTITIONS says {partitions}: "
            f"set it to {partitions_kept}; `gridcase topics move` changes it afterwards"
        )
    return found


# ── nothing here yet? ────────────────────────────────────────────────────────────────────────


async def _must_be_empty(settings: Settings, database: Database | None) -> None:
    taken = await _topics_with_records(settings)
    filled = await _filled(database) if database is not None else []
    if taken or filled:
        here = [f"the topic {name}" for name in taken[:3]]
        here += [f"{settings.database}.{name}" for name in filled[:3]]
        raise NotEmptyError(
            f"a backup goes where nothing is yet, and here is {', '.join(here)}: choose another "
            "GRIDCASE_PREFIX, or another broker and database, or delete these first. If only the "
            "broker was lost, --database-stays keeps what the database has"
        )


async def _filled(database: Database) -> list[str]:
    return [
        name
        for name in sorted(await database.list_collection_names())
        if await database[name].find_one({}, {"_id": True}) is not None
    ]


async def _topics_with_records(settings: Settings) -> list[str]:
    """Of the county's topics, those that hold something. (The log's may exist already, with the
    rights on them.)"""
    ours = {spec.name for spec in plan(settings, ())}
    async with reader(settings) as consumer:
        standing = sorted(ours & await consumer.topics())
        found = []
        for name in standing:
            numbers = consumer.partitions_for_topic(name) or set()
            partitions = [TopicPartition(name, number) for number in numbers]
            begins = await consumer.beginning_offsets(partitions)
            if begins != await consumer.end_offsets(partitions):
                found.append(name)
    return found


async def _make_topics(settings: Settings, rules: list[Reference], replication: int) -> None:
    """Also those of departments that only an earlier version knew."""
    codes = dict.fromkeys(unit.code for version in rules for unit in version.departments)
    client = settings.kafka_client()
    rows = plan(settings, codes, replication)
    await create_topics(client.pop("bootstrap_servers"), rows, **client)


# ── offsets ──────────────────────────────────────────────────────────────────────────────────


async def _commit(archive: Archive, settings: Settings, tell_since: datetime | None) -> None:
    """Where each service goes on: behind what it had answered, and what outsiders had been told."""
    again = _first_since(archive, tell_since)
    for service, answered in archive.manifest["answered"].items():
        offsets = {
            TopicPartition(settings.topic(CASE_EVENTS.name), int(number)): min(
                offset, again.get(int(number), offset)
            )
            for number, offset in answered.items()
        }
        if not offsets:
            continue
        async with AIOKafkaConsumer(
            **settings.kafka_client(), group_id=settings.group(service), enable_auto_commit=False
        ) as consumer:
            consumer.assign(list(offsets))
            await consumer.commit(offsets)


def _first_since(archive: Archive, moment: datetime | None) -> dict[int, int]:
    """Of each partition, the first record that was written since then."""
    if moment is None:
        return {}
    milliseconds = int(moment.timestamp() * 1000)
    found = {}
    for number, name in archive.topics()[CASE_EVENTS.name].items():
        for offset, line in enumerate(archive.lines(name)):
            if (orjson.loads(line)["at"] or 0) >= milliseconds:
                found[number] = offset
                break
    return found
