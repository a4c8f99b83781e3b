"""Reading: what a fetch brings, as messages; and whether it is what is to be read next.

    records ─► messages ─► unreadable ones set aside, versions of the rules waited for

Where records are not where reading left off, they are from before a rebalance, or there is a gap.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topics
from schemas.envelope import Message, Reader, Unreadable
from schemas.rulebook import Rulebooks
from services.shell.newer import must_not_be_newer
from services.shell.publishing import Publisher

logger = logging.getLogger(__name__)
Messages = Sequence[Message[Any] | None]
"""None for a record that cannot be read."""


class DeadLetters(Protocol):
    async def put(
        self, topic: str, key: bytes | None, value: bytes | None, reason: str
    ) -> None: ...


class LostRecords(Exception):  # noqa: N818 - the broker no longer has what we have not read
    """Records below the log's start were never answered. Stop, and ask a person."""


class Reading:
    def __init__(
        self,
        log: str,
        commands: str | None,
        service: str,
        rulebooks: Rulebooks,
        publisher: Publisher,
        dead_letters: DeadLetters,
        stopping: Callable[[], bool],
    ) -> None:
        self.rulebooks = rulebooks
        self.publisher = publisher
        self.dead_letters = dead_letters
        self._stopping = stopping
        self.waits_for: str | None = None
        """A version of the rules that has not come yet."""
        self._readers = {log: Reader(topics.EVENT_TYPES)}
        if commands:
            types = topics.COMMANDS_OF[service].messages
            self._readers[commands] = Reader({each.TYPE: each for each in types})
        self._leaves_to_others = {log} if service != topics.SERVICES[0] else set()
        """All services read the log: one of them sets aside what cannot be read of it."""
        self._gaps: dict[TopicPartition, int] = {}

    def messages(self, records: Iterable[Any]) -> Messages:
        """Raises `NewerThanThis` where one is not readable yet: nothing of them is handed over."""
        return [self._message(record) for record in records]

    def _message(self, record: Any) -> Message[Any] | None:
        if own := self.publisher.echo(record.value):
            return own
        reader = self._readers[record.topic]
        try:
            return reader.read(record.value)
        except Unreadable:
            where = f"{record.topic}/{record.partition}@{record.offset}"
            must_not_be_newer(record.value, reader.types, where)
            return None

    async def set_aside(self, records: Iterable[Any], messages: Messages) -> None:
        """What cannot be read, with the reason."""
        for record, message in zip(records, messages, strict=True):
            if message is None and record.topic not in self._leaves_to_others:
                try:
                    self._readers[record.topic].read(record.value)
                except Unreadable as error:
                    await self.dead_letters.put(record.topic, record.key, record.value, str(error))

    async def wait_for_rules(self, messages: Messages) -> None:
        """A version of the rules that this service lacks is on its way: wait for it."""
        for version in {m.policyversion for m in messages if m and m.policyversion}:
            if self.rulebooks.get(version) is None:
                logger.warning("waiting for version %s of the reference data", version)
            while self.rulebooks.get(version) is None and not self._stopping():
                self.waits_for = version
                await asyncio.sleep(0.2)
            self.waits_for = None

    async def jumped(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, found: int, expected: int
    ) -> bool:
        """Whether records from `found` on are to be left, and read again from where they are
        `expected`. A gap that is still there the second time is the broker's own (transaction
        markers), unless the log begins after it: then records are lost.
        """
        if found == expected:
            return False
        if self._gaps.get(partition) == expected:
            start = (await consumer.beginning_offsets([partition]))[partition]
            if start > expected:
                raise LostRecords(
                    f"{partition.topic}/{partition.partition}: offset {expected} is unanswered, "
                    f"but the topic now begins at {start}"
                )
            return False
        logger.info("%s: going back from %s to %s", partition, found, expected)
        self._gaps[partition] = expected
        consumer.seek(partition, expected)
        return True

    def forget(self) -> None:
        """The partitions are another's now."""
        self._gaps.clear()
