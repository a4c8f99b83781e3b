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
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Generic, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.partitioner import DefaultPartitioner
from pymongo.errors import PyMongoError

from schemas import envelope, topics
from schemas.envelope import Message, Payload, Unreadable
from schemas.inputs import ClockTick
from schemas.rulebook import Rulebooks
from services.decider import Decider, S
from services.shell import metrics
from services.shell.desk import COMMANDS, LOG, Desk, Outgoing
from services.shell.settings import Settings
from services.shell.snapshots import Document, Snapshots

logger = logging.getLogger(__name__)
Dress = Callable[[list[Outgoing]], Awaitable[list[Outgoing]]]
"""What a service may do to its messages just before they go (router adds the sealed contact)."""


COLLECT_RARELY = (100_000, 50, 100)
"""Cases hold no cycles, so looking for some among hundreds of thousands of objects, again and again
as they grow, only costs: with Python's own thresholds a quarter of all time."""
PARTITIONER = DefaultPartitioner()
PASSED_AFTER = timedelta(minutes=1)
"""Under the wall clock, how long what time brings about may take to come back from the log."""


class DeadLetters(Protocol):
    async def put(
        self, topic: str, key: bytes | None, value: bytes | None, reason: str
    ) -> None: ...


class LostRecords(Exception):  # noqa: N818 - the broker no longer has what we have not read
    """Records below the log's start were never answered. Stop, and ask a person."""


async def as_they_are(out: list[Outgoing]) -> list[Outgoing]:
    return out


class Step(Generic[S], ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(
        self,
        decider: Decider[S],
        settings: Settings,
        rulebooks: Rulebooks,
        snapshots: Snapshots[S],
        producer: AIOKafkaProducer,
        dead_letters: DeadLetters,
        *,
        dress: Dress = as_they_are,
    ) -> None:
        self.decider = decider
        self.settings = settings
        self.rulebooks = rulebooks
        self.snapshots = snapshots
        self.producer = producer
        self.dead_letters = dead_letters
        self.dress = dress
        self.log = settings.topic(topics.CASE_EVENTS.name)
        commands = topics.COMMANDS_OF.get(decider.service)
        self.commands = settings.topic(commands.name) if commands else None
        self.types: dict[str, Mapping[str, type[Payload]]] = {self.log: topics.EVENT_TYPES}
        if commands:
            self.types[settings.topic(commands.name)] = {m.TYPE: m for m in commands.messages}
        self.desks: dict[int, Desk[S]] = {}
        self.subscriber: Any = None
        """FastStream's subscriber, which carries the consumer; its listener is this step."""
        self.clock: datetime | None = None
        self.clock_position = 0
        """The next record of the topic `clock` whose timers are to be made causes."""
        self._ticks: list[tuple[int, ClockTick | None]] = []
        self._ahead: dict[str, datetime] = {}
        self.clock_before: datetime | None = None
        """Stream time, where the clock is the stream's."""
        self.ticked: datetime | None = None
        """Up to when timers have been made causes."""
        self.turned = monotonic()
        """When the loop last made a turn, for the watchdog."""
        self.stopping = False
        self.taken = asyncio.Event()
        """Partitions have been assigned at least once."""
        self._busy = asyncio.Lock()
        self._saving = asyncio.Lock()
        self._folding: dict[int, int] = {}
        """Partitions in their first pass, and the log's end that it goes to."""
        self._committed: dict[TopicPartition, int] = {}
        self._gaps: dict[TopicPartition, int] = {}
        self._caught_up_at: float | None = None
        self._saved_at = monotonic()

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
    def passed(self) -> datetime | None:
        """Up to when all that time brought about is folded. In stream time that is the tick before
        the last, since a driver waits for quiet between two; else some time ago."""
        if self.settings.clock == "stream":
            return self.clock_before if self.ticked == self.clock else None
        return self.ticked - PASSED_AFTER if self.ticked else None

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
                batch = await self.consumer.getmany(
                    timeout_ms=self.settings.fetch_max_wait_ms,
                    max_records=self.settings.max_poll_records,
                )
                async with self._busy:
                    await self._turn(batch)
                self.turned = monotonic()
        finally:
            saver.cancel()
        async with self._busy:
            await self._save(*self._to_save())

    async def _turn(self, batch: dict[TopicPartition, list[Any]]) -> None:
        started = monotonic()
        for partition, records in batch.items():
            await self._take(partition, records)
        ticks, self._ticks = self._ticks, []
        now = self._tick_all(tick for _, tick in ticks if tick)
        out: list[Outgoing] = []
        for desk in self._live_desks():
            desk.settle()
            if desk.needs_log_end():
                await self._let_refuse(desk)
            out += desk.take_outgoing()
        self.ticked = now
        self.clock_position = ticks[-1][0] + 1 if ticks else self.clock_position
        await self._publish(out)
        await self._set_aside()
        if batch or out:
            metrics.STEP_SECONDS.labels(self.decider.service).observe(monotonic() - started)

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

    def clock_came(self, offset: int, tick: ClockTick | None) -> None:
        """A record of the topic `clock`: the next turn goes by it (None: it could not be read)."""
        self._ticks.append((offset, tick))

    def _tick_all(self, ticks: Iterable[ClockTick]) -> datetime | None:
        for tick in ticks:
            self._take_tick(tick)
        now = self._timers_now()
        if now is not None:
            for desk in self._live_desks():
                desk.tick(now)
        return now

    def _take_tick(self, tick: ClockTick) -> None:
        if self.clock is None or tick.now > self.clock:
            self.clock_before, self.clock = self.clock, tick.now
            self._ahead = {case: at for case, at in self._ahead.items() if at > tick.now}
        for case, at in tick.cases.items():
            self._ahead[case] = at
            if (desk := self.desks.get(self._partition_of(case))) is not None:
                desk.tick_case(case, at)

    def _partition_of(self, case: str) -> int:
        numbers = list(range(self.partitions))
        return int(PARTITIONER(case.encode(), numbers, numbers))

    def _timers_now(self) -> datetime | None:
        """What time it is for timers. Under the wall clock they wait until this service has read
        everything, and a grace has passed."""
        if self.settings.clock == "stream":
            return self.clock
        if not self._caught_up():
            self._caught_up_at = None
            return None
        self._caught_up_at = self._caught_up_at or monotonic()
        if monotonic() - self._caught_up_at < self.settings.timer_grace_seconds:
            return None
        return datetime.now(UTC)

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

    # ── publishing ───────────────────────────────────────────────────────────────────────────

    async def _publish(self, out: list[Outgoing]) -> None:
        """Send all, and wait until the broker has acknowledged each."""
        if not out:
            return
        futures = []
        for item in await self.dress(out):
            futures.append(
                await self.producer.send(
                    self.settings.topic(item.topic),
                    envelope.write(item.message, item.key),
                    key=item.key.encode(),
                    partition=item.partition,
                    headers=envelope.HEADERS,
                )
            )
            metrics.count_out(self.decider.service, item.message)
        for future in futures:
            await future

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
        """Causes without their answer, partitions in their first pass, a turn in progress."""
        waiting = sum(desk.unanswered() for desk in self.desks.values())
        return waiting + len(self._folding) + self._busy.locked()

    # ── snapshots and offsets ────────────────────────────────────────────────────────────────

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(self.settings.snapshot_seconds)
            await self.save()

    async def save(self) -> None:
        """Snapshot and commit now."""
        async with self._busy:  # between turns, all that was read is published or still open
            work = self._to_save()
        await self._save(*work)

    def _to_save(self) -> tuple[dict[TopicPartition, int], list[Document]]:
        return self._committable(), self._changed()

    async def _save(self, offsets: dict[TopicPartition, int], documents: list[Document]) -> None:
        """Snapshot what changed, then commit what is answered. A database that is away only delays
        it: the messages go on."""
        async with self._saving:
            try:
                await self.snapshots.write(documents)
            except PyMongoError as error:
                logger.warning("snapshots wait: %s", error)
                self._keep_dirty(documents)
                return
            await self._commit(offsets)
            self._saved_at = monotonic()
        metrics.SNAPSHOT_AGE.labels(self.decider.service).set_function(
            lambda: monotonic() - self._saved_at
        )

    def _committable(self) -> dict[TopicPartition, int]:
        offsets = {}
        for desk in self._live_desks():
            for lane, offset in desk.committable().items():
                topic = self.log if lane == LOG else self.commands
                if topic:
                    offsets[TopicPartition(topic, desk.partition)] = offset
        return {tp: offset for tp, offset in offsets.items() if self._committed.get(tp) != offset}

    def _changed(self) -> list[Document]:
        return [
            self.snapshots.document(desk.partition, entry)
            for desk in self.desks.values()
            for entry in desk.take_dirty().values()
            if entry.offset >= 0
        ]

    def _keep_dirty(self, documents: list[Document]) -> None:
        for document in documents:
            desk = self.desks.get(document["partition"])
            if desk and document["_id"] in desk.entries:
                desk.dirty.setdefault(document["_id"], desk.entries[document["_id"]])

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        if not offsets:
            return
        try:
            await self.consumer.commit(offsets)
            self._committed |= offsets
        except (CommitFailedError, IllegalStateError) as error:
            logger.info("another instance has taken over: %s", error)
        except KafkaError as error:
            logger.warning("offsets are committed later: %s", error)

    # ── partitions come and go ───────────────────────────────────────────────────────────────

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The batch in hand is finished; snapshot, commit, and clear the desks."""
        async with self._busy:
            if self.desks:
                await self._save(*self._to_save())
            self.desks.clear()
            self._folding.clear()
            self._committed.clear()
            self._gaps.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.consumer.pause(*assigned)  # before any await: positions are being resolved meanwhile
        logs = sorted(tp.partition for tp in assigned if tp.topic == self.log)
        async with self._busy:
            for number in logs:
                await self._take_partition(number)
        self.taken.set()

    async def _take_partition(self, number: int) -> None:
        """First pass: read the log from the committed offset to its end, deciding nothing."""
        log = TopicPartition(self.log, number)
        positions = {LOG: await self._position(log)}
        if self.commands:
            positions[COMMANDS] = await self._position(TopicPartition(self.commands, number))
        entries = await self.snapshots.load(number)
        desk = Desk(self.decider, self.rulebooks, number, entries=entries, positions=positions)
        for case, at in self._ahead.items():
            if self._partition_of(case) == number:
                desk.tick_case(case, at)
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
