"""The partitions that an instance owns: a desk for each, and which of its two passes it is in.

taken ─► first pass: the log from where the stored cases have it to its end, deciding nothing
      ─► second pass: from the committed offsets again, answering what the log shows unanswered,
         and live from there
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.envelope import Message
from services.decider import S
from services.shell.desk import COMMANDS, LOG, Desk
from services.shell.fetching import Fetching
from services.shell.ticking import Ticking


class Partitions(Generic[S]):
    def __init__(self, lanes: dict[str, str], fetching: Fetching[S], ticking: Ticking) -> None:
        self.lanes = lanes
        """The topic of each lane that this service has."""
        self.log = lanes[LOG]
        self.fetching = fetching
        self.ticking = ticking
        self.desks: dict[int, Desk[S]] = {}
        self.folding: dict[int, int] = {}
        """Partitions in their first pass, and the log's end that it goes to."""

    def live(self) -> list[Desk[S]]:
        return [desk for number, desk in self.desks.items() if number not in self.folding]

    def expected(self, partition: TopicPartition) -> int:
        """The next offset to read."""
        desk = self.desks[partition.partition]
        if partition.partition in self.folding:
            return desk.folded
        return desk.positions[LOG if partition.topic == self.log else COMMANDS]

    def hand(
        self,
        partition: TopicPartition,
        records: Iterable[Any],
        messages: Iterable[Message[Any] | None],
        consumer: AIOKafkaConsumer,
    ) -> None:
        """Records of one partition to its desk, in whichever pass it is. Without an await between
        two of them: what the desk has in memory stays there."""
        desk = self.desks[partition.partition]
        folding = desk.partition in self.folding
        lane = LOG if partition.topic == self.log else COMMANDS
        for record, message in zip(records, messages, strict=True):
            if message is None:
                desk.skip(lane, record.offset, live=not folding)
            elif folding:
                desk.fold(record.offset, message)
            elif lane == LOG:
                desk.read(record.offset, message)
            else:
                desk.command(record.offset, message)
        if folding:
            self.end_first_pass(desk, consumer)

    def caught_up(self, consumer: AIOKafkaConsumer) -> bool:
        """The log is read to its end, as far as the consumer knows it."""
        if self.folding or not self.desks:
            return False
        return all(
            (consumer.highwater(TopicPartition(self.log, number)) or 0) <= desk.positions[LOG]
            for number, desk in self.desks.items()
        )

    async def take(self, number: int, consumer: AIOKafkaConsumer) -> None:
        """Begin the first pass. The partition is paused."""
        log = TopicPartition(self.log, number)
        positions = {
            lane: await _position(consumer, TopicPartition(topic, number))
            for lane, topic in self.lanes.items()
        }
        partitions = len(consumer.partitions_for_topic(self.log) or ())
        desk = await self.fetching.take(number, partitions, positions)
        self.ticking.tell(desk, partitions)
        self.desks[number] = desk
        self.folding[number] = (await consumer.end_offsets([log]))[log]
        consumer.seek(log, desk.folded)
        self.end_first_pass(desk, consumer)
        if number in self.folding:
            consumer.resume(log)

    def end_first_pass(self, desk: Desk[S], consumer: AIOKafkaConsumer) -> None:
        """If it is at the log's end: back to the committed offsets, and live from there."""
        if desk.folded < self.folding[desk.partition]:
            return
        del self.folding[desk.partition]
        for lane, topic in self.lanes.items():
            partition = TopicPartition(topic, desk.partition)
            consumer.seek(partition, desk.positions[lane])
            consumer.resume(partition)

    def clear(self) -> None:
        self.desks.clear()
        self.folding.clear()


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    committed = await consumer.committed(partition)
    if committed is not None:
        return int(committed)
    return int((await consumer.beginning_offsets([partition]))[partition])
