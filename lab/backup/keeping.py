"""Keeping: what a backup takes of a running county, and in which order.

    all committed offsets ─► the log ─► commands without an answer ─► what was published, rules
                                                               ─► the database's own records

The rule to remember: **the order makes it one moment**. What the offsets say is answered stands on the
log that is read after them, and the keys of all contacts on that log are in the vault that is read
last. So a county restored from it is one that crashed at that moment and was started again.

Not taken: what topics keep for some days (it holds contacts in the clear, and was said already), and
stored cases, which follow from the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from lab.backup.archive import Summed, Writer
from lab.backup.lines import Document, Kept, document_line
from lab.backup.lock import Lock
from schemas.topics import CASE_EVENTS, COMMANDS_OF, REFERENCE, SERVICES, TOPICS
from services.shell.consuming import partitions_of, read_partition, reader
from services.shell.incarnation import INCARNATION_KEY, incarnation_of
from services.shell.settings import Settings
from services.shell.snapshots import connect

WHOLE = tuple(topic.name for topic in TOPICS if topic.kept in ("forever", "compacted"))
"""The topics that are kept for ever: all of them is taken."""
VAULT = "vault"
KEYS = ("secrets", VAULT)
"""The services' own secrets, and those of cases: locked under the passphrase, or left out."""
RECORDS = ("rating_periods", "rating_cards", "rating_corrections", "vault_log", *KEYS)
"""The database's collections that no log can make again. The vault comes last."""
Say = Callable[[str, int], None]
"""What is being done, and how many records there were so far."""


class NothingToKeepError(RuntimeError):
    """There is no county here; the text says what was looked for."""


async def keep(
    settings: Settings, to: Path, lock: Lock | None, *, keys: bool, say: Say
) -> dict[str, Any]:
    """Write an archive, and return its manifest. `lock`: the keys go in under a passphrase;
    without `keys` they stay out, and the restored contacts cannot be opened."""
    log = await incarnation_of(settings)
    if log is None:
        raise NothingToKeepError(
            f"{settings.kafka} has no log under the prefix {settings.prefix!r}: see `gridcase doctor`"
        )
    log.check(settings)
    groups = await committed(settings)
    waiting = {
        topic.name: await _committed(settings, service, topic.name)
        for service, topic in COMMANDS_OF.items()
    }
    with Writer(to) as archive:
        for topic in WHOLE:
            await _keep_topic(settings, archive, topic, {}, say)
        for topic, answered in waiting.items():
            await _keep_topic(settings, archive, topic, answered, say)
        await _keep_database(settings, archive, lock, keys, say)
        return archive.finish(
            {
                "gridcase": version("gridcase"),
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "clock": settings.clock,
                "incarnation": log.id,
                "partitions": log.partitions,
                "answered": groups,
                "keys": "left out" if not keys else "locked" if lock else "in the clear",
                "lock": lock.as_dict() if lock and keys else None,
            }
        )


async def committed(settings: Settings) -> dict[str, dict[str, int]]:
    """Of each service, up to where it has answered each partition of the log."""
    found = {}
    for service in SERVICES:
        answered = await _committed(settings, service, CASE_EVENTS.name)
        found[service] = {str(number): offset for number, offset in answered.items()}
    return found


async def _committed(settings: Settings, service: str, topic: str) -> dict[int, int]:
    name = settings.topic(topic)
    async with AIOKafkaConsumer(
        **settings.kafka_client(), group_id=settings.group(service), enable_auto_commit=False
    ) as consumer:
        partitions = await partitions_of(consumer, name)
        consumer.assign(partitions)
        offsets = {each.partition: await consumer.committed(each) for each in partitions}
    return {number: offset for number, offset in offsets.items() if offset is not None}


async def _keep_topic(
    settings: Settings, archive: Writer, topic: str, starts: dict[int, int], say: Say
) -> None:
    async with reader(settings) as consumer:
        for partition in await partitions_of(consumer, settings.topic(topic)):
            start = starts.get(partition.partition)
            with archive.file(f"topics/{topic}/{partition.partition:02}.jsonl") as file:
                async for kept in records(consumer, partition, topic, start):
                    _added(file, kept.line(), topic, say)


async def records(
    consumer: AIOKafkaConsumer, partition: TopicPartition, topic: str, start: int | None = None
) -> AsyncIterator[Kept]:
    """The records of one partition as an archive has them. A command has its time in itself, and
    must not expire at once where it is put back: it is stamped then. The log's incarnation is no
    part of the rules: a restored log gets its own."""
    stamped = topic in WHOLE
    async for record in read_partition(consumer, partition, start):
        if topic != REFERENCE.name or record.key != INCARNATION_KEY.encode():
            at = record.timestamp if stamped else None
            yield Kept(at, record.key, record.value, tuple(record.headers))


async def _keep_database(
    settings: Settings, archive: Writer, lock: Lock | None, keys: bool, say: Say
) -> None:
    database = connect(settings.mongo, settings.database)
    try:
        for name in RECORDS:
            if name in KEYS and not keys:
                continue
            with archive.file(f"database/{name}.jsonl") as file:
                async for document in database[name].find().sort("_id", 1):
                    _added(file, _line(document, name, file.lines, lock), name, say)
    finally:
        await database.client.close()


def _line(document: Document, name: str, number: int, lock: Lock | None) -> bytes:
    line = document_line(document)
    return lock.shut(number, line) if lock and name in KEYS else line


def _added(file: Summed, line: bytes, what: str, say: Say) -> None:
    file.add(line)
    say(what, file.lines)
