"""The step: the one loop that every service runs over the log and its commands.

    read a batch ─► fold, notify, decide (the desk) ─► publish, acknowledged ─► snapshot ─► commit

The rules are the desk's (`services.shell.desk`); here is the doing. Two things keep this honest:
offsets are committed only after the snapshots that cover them, and a send that fails ends the
process, so that what was not published is read again.

Taking a partition has two passes: first fold to the log's end, deciding nothing; then, from the
committed offsets, answer what the log shows unanswered.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Generic, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from schemas import envelope, topics
from schemas.envelope import Message, Payload, Unreadable
from schemas.inputs import ClockTick
from schemas.rulebook import Rulebooks
from services.decider import Decider, S
from services.shell import metrics
from services.shell.desk import COMMANDS, LOG, Desk, Outgoing
from services.shell.publishing import Publisher
from services.shell.saving import Saver
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots
from services.shell.ticking import Ticking

logger = logging.getLogger(__name__)
COLLECT_RARELY = (100_000, 50, 100)
"""Cases hold no cycles, so looking for some among hundreds of thousands of objects, again and again
as they grow, only costs: with Python's own thresholds a quarter of all time."""


class DeadLetters(Protocol):
    async def put(
        self, topic: str, key: bytes | None, value: bytes | None, reason: str
    ) -> None: ...


class LostRecords(Exception):  # noqa: N818 - the broker no longer has what we have not read
    """Records below the log's start were never answered. Stop, and ask a person."""


class Step(Generic[S], ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(
        self,
        decider: Decider[S],
        settings: Settings,
        rulebooks: Rulebooks,
        snapshots: Snapshots[S],
        publisher: Publisher,
        dead_letters: DeadLetters,
    ) -> None:
        self.decider = decider
        self.settings = settings
        self.rulebooks = rulebooks
        self.publisher = publisher
        self.dead_letters = dead_letters
        self.log = settings.topic(topics.CASE_EVENTS.name)
        commands = topics.COMMANDS_OF.get(decider.service)
        self.commands = settings.topic(commands.name) if commands else None
        self.types: dict[str, Mapping[str, type[Payload]]] = {self.log: topics.EVENT_TYPES}
        lanes = {LOG: self.log}
        if commands and self.commands:
            self.types[self.commands] = {m.TYPE: m for m in commands.messages}
            lanes[COMMANDS] = self.commands
        self.saver = Saver(decider.service, snapshots, lanes)
        self.ticking = Ticking(settings)
        self.desks: dict[int, Desk[S]] = {}
        self.subscriber: Any = None
        """FastStream's subscriber, which carries the consumer; its listener is this step."""
        self.turned = monotonic()
        """When the loop last made a turn, for the watchdog."""
        self.stopping = False
        self.taken = asyncio.Event()
        """Partitions have been assigned at least once."""
        self._busy = asyncio.Lock()
        self._publishing: asyncio.Task[None] | None = None
        """What the last turn had to say, on its way to the broker."""
        self._folding: dict[int, int] = {}
        """Partitions in their first pass, and the log's end that it goes to."""
        self._gaps: dict[TopicPartition, int] = {}
        self._failed: Exception | None = None
        """What broke while partitions came or went."""

    @property
    def consumer(self) -> AIOKafkaConsumer:
        return self.subscriber.consumer

    @property
    def folding(self) -> bool:
        """Some partition is still in its first pass."""
        return bool(self._folding)

    @property
    def partitions(self) -> int:
        """How many the log has, whoever owns them."""
        return len(self.consumer.partitions_for_topic(self.log) or ())

    @property
    def ticked(self) -> datetime | None:
        """Up to when timers have been made causes."""
        return self.ticking.ticked

    @property
    def passed(self) -> datetime | None:
        """Up to when all that time brought about is folded."""
        return self.ticking.passed

    @property
    def clock_position(self) -> int:
        return self.ticking.position

    def clock_came(self, offset: int, tick: ClockTick | None) -> None:
        """A record of the topic `clock`: the next turn goes by it (None: it could not be read)."""
        self.ticking.came(offset, tick)

    @property
    def topics(self) -> list[str]:
        return [self.log, *([self.commands] if self.commands else [])]

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Turn until stopped. Any exception ends the process: what it was at is read again."""
        gc.set_threshold(*COLLECT_RARELY)
        saver = asyncio.create_task(self._save_regularly())
        try:
            while not self.stopping:
                if saver.done():
                    saver.result()
                if self._failed is not None:
                    raise self._failed
                batch = await self.consumer.getmany(
                    timeout_ms=self.settings.fetch_max_wait_ms,
                    max_records=self.settings.max_poll_records,
                )
                async with self._busy:
                    await self._turn(batch)
                self.turned = monotonic()
        finally:
            saver.cancel()
        await self.save()

    async def _turn(self, batch: dict[TopicPartition, list[Any]]) -> None:
        """Fold and decide, while the broker still takes in what the turn before had to say."""
        started = monotonic()
        for partition, records in batch.items():
            await self._take(partition, records)
        live = self._live_desks()
        self.ticking.turn(self.desks, live, self.partitions, self._caught_up)
        out: list[Outgoing] = []
        for desk in live:
            desk.settle()
            if desk.needs_log_end():
                await self._let_refuse(desk)
            out += desk.take_outgoing()
        await self._set_aside()
        await self.published()
        if out:
            self._publishing = asyncio.create_task(self.publisher.publish(out), name="publishing")
        if batch or out:
            metrics.STEP_SECONDS.labels(self.decider.service).observe(monotonic() - started)

    async def published(self) -> None:
        """Wait until the broker has acknowledged all that was said. Raises if it did not."""
        if self._publishing is not None:
            await self._publishing
            self._publishing = None

    async def _take(self, partition: TopicPartition, records: list[Any]) -> None:
        """Hand one partition's records to its desk, in whichever pass it is."""
        desk = self.desks.get(partition.partition)
        if desk is None:
            return
        lane = LOG if partition.topic == self.log else COMMANDS
        folding = partition.partition in self._folding
        expected = desk.folded if folding else desk.positions[lane]
        if records[0].offset != expected and await self._jumped(
            partition, records[0].offset, expected
        ):
            return
        messages = [await self._read(record, quiet=folding) for record in records]
        await self._wait_for_rules(messages)
        for record, message in zip(records, messages, strict=True):
            self._hand(desk, lane, folding, record.offset, message)
        if folding:
            await self._end_first_pass(desk)
        elif lane == LOG:
            self._observe_ages(messages)

    def _hand(
        self, desk: Desk[S], lane: str, folding: bool, offset: int, message: Message[Any] | None
    ) -> None:
        if message is None:
            desk.skip(lane, offset, live=not folding)
        elif folding:
            desk.fold(offset, message)
        elif lane == LOG:
            desk.read(offset, message)
        else:
            desk.command(offset, message)

    async def _read(self, record: Any, *, quiet: bool) -> Message[Any] | None:
        """The record as a message; one that cannot be read goes to the dead letters."""
        try:
            return envelope.read(record.value, self.types[record.topic])
        except Unreadable as error:
            if not quiet and (record.topic != self.log or self.decider.service == "intake"):
                await self.dead_letters.put(record.topic, record.key, record.value, str(error))
            return None

    async def _wait_for_rules(self, messages: Iterable[Message[Any] | None]) -> None:
        """A version of the rules that this service lacks is on its way: wait for it."""
        for version in {m.policyversion for m in messages if m and m.policyversion}:
            while self.rulebooks.get(version) is None and not self.stopping:
                logger.warning("waiting for version %s of the reference data", version)
                await asyncio.sleep(0.2)

    async def _jumped(self, partition: TopicPartition, found: int, expected: int) -> bool:
        """Records are not where reading left off: a batch from before a rebalance, or a gap.

        Goes back and says True; a gap that is still there the second time is the broker's own
        (transaction markers), unless the log begins after it: then records are lost.
        """
        if self._gaps.get(partition) == expected:
            start = (await self.consumer.beginning_offsets([partition]))[partition]
            if start > expected:
                raise LostRecords(
                    f"{partition.topic}/{partition.partition}: offset {expected} is unanswered, "
                    f"but the topic now begins at {start}"
                )
            return False
        logger.info("%s: going back from %s to %s", partition, found, expected)
        self._gaps[partition] = expected
        self.consumer.seek(partition, expected)
        return True

    def _caught_up(self) -> bool:
        if self._folding or not self.desks:
            return False
        return all(
            (self.consumer.highwater(TopicPartition(self.log, number)) or 0) <= desk.positions[LOG]
            for number, desk in self.desks.items()
        )

    async def _let_refuse(self, desk: Desk[S]) -> None:
        """Tell the desk where the log ends now, so that it may refuse once it has read up to it."""
        partition = TopicPartition(self.log, desk.partition)
        desk.log_ends_at((await self.consumer.end_offsets([partition]))[partition])
        desk.settle()

    def _live_desks(self) -> list[Desk[S]]:
        return [desk for number, desk in self.desks.items() if number not in self._folding]

    async def _set_aside(self) -> None:
        for desk in self.desks.values():
            for failure in desk.take_failures():
                topic = self.commands if failure.lane == COMMANDS else self.log
                key, value = failure.message.subject.encode(), envelope.write(failure.message)
                await self.dead_letters.put(topic or self.log, key, value, failure.reason)
            metrics.count_in(self.decider.service, desk.tally)
            desk.tally.clear()
        waiting = sum(desk.unanswered() for desk in self.desks.values())
        metrics.PENDING_EVENTS.labels(self.decider.service).set(waiting)

    def _observe_ages(self, messages: Iterable[Message[Any] | None]) -> None:
        if self.settings.clock == "wall":
            now = datetime.now(UTC)
            observe = metrics.EVENT_AGE.labels(self.decider.service).observe
            for message in messages:
                if message:
                    observe(max((now - message.time).total_seconds(), 0.0))

    def unanswered(self) -> int:
        """Causes without their answer, partitions in their first pass, a turn in progress, messages
        that the broker has not acknowledged."""
        waiting = sum(desk.unanswered() for desk in self.desks.values())
        publishing = self._publishing is not None and not self._publishing.done()
        return waiting + len(self._folding) + self._busy.locked() + publishing

    # ── saving ───────────────────────────────────────────────────────────────────────────────

    async def save(self) -> None:
        """Snapshot and commit now."""
        async with self.saver.alone:
            async with self._busy:  # between turns, all that was read is published or still open
                await self.published()
                work = self.saver.work(self.desks, self._folding)
            await self.saver.save(work, self.desks, self.consumer)

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(self.settings.snapshot_seconds)
            await self.save()

    # ── partitions come and go ───────────────────────────────────────────────────────────────

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The batch in hand is finished; snapshot, commit, and clear the desks."""
        async with self._ending_where_it_fails(), self.saver.alone, self._busy:
            await self.published()
            if self.desks:
                work = self.saver.work(self.desks, self._folding)
                await self.saver.save(work, self.desks, self.consumer)
            self.desks.clear()
            self._folding.clear()
            self.saver.forget()
            self._gaps.clear()

    @asynccontextmanager
    async def _ending_where_it_fails(self) -> AsyncIterator[None]:
        """The client only writes down what a listener raises, and would leave the partitions paused
        for ever; the next turn ends the process instead."""
        try:
            yield
        except Exception as error:
            self._failed = error
            raise

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.consumer.pause(*assigned)  # before any await: positions are being resolved meanwhile
        logs = sorted(tp.partition for tp in assigned if tp.topic == self.log)
        async with self._ending_where_it_fails(), self._busy:
            for number in logs:
                await self._take_partition(number)
        self.taken.set()

    async def _take_partition(self, number: int) -> None:
        """First pass: read the log from the committed offset to its end, deciding nothing."""
        log = TopicPartition(self.log, number)
        positions = {LOG: await self._position(log)}
        if self.commands:
            positions[COMMANDS] = await self._position(TopicPartition(self.commands, number))
        entries = await self.saver.snapshots.load(number)
        desk = Desk(self.decider, self.rulebooks, number, entries=entries, positions=positions)
        self.ticking.tell(desk, self.partitions)
        self.desks[number] = desk
        self._folding[number] = (await self.consumer.end_offsets([log]))[log]
        self.consumer.seek(log, positions[LOG])
        await self._end_first_pass(desk)
        if number in self._folding:
            self.consumer.resume(log)

    async def _end_first_pass(self, desk: Desk[S]) -> None:
        """At the log's end: back to the committed offsets, and live from there."""
        if desk.folded < self._folding[desk.partition]:
            return
        del self._folding[desk.partition]
        for lane, topic in ((LOG, self.log), (COMMANDS, self.commands)):
            if topic:
                partition = TopicPartition(topic, desk.partition)
                self.consumer.seek(partition, desk.positions[lane])
                self.consumer.resume(partition)

    async def _position(self, partition: TopicPartition) -> int:
        committed = await self.consumer.committed(partition)
        if committed is not None:
            return int(committed)
        return int((await self.consumer.beginning_offsets([partition]))[partition])
