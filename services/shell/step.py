"""The step: the one loop that every service runs over the log and its commands.

    read a batch ─► fetch the cases that it needs ─► fold, notify, decide (the desk)
                                                  ─► publish, acknowledged ─► snapshot ─► commit

The rules are the desk's (`services.shell.desk`); here is the doing. Two things keep this honest:
offsets are committed only after the snapshots that cover them (`saving`), and a send that fails
ends the process, so that what was not published is read again. What a fetch brings is read in
`reading`; which cases are in memory is up to `fetching` and the desk's `cases`.

Taking a partition has two passes (`partitions`): first fold to the log's end, deciding nothing;
then, from the committed offsets, answer what the log shows unanswered.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Generic

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from schemas import envelope, topics
from schemas.inputs import ClockTick
from schemas.rulebook import Rulebooks
from services.decider import Decider, S
from services.shell import metrics
from services.shell.ages import Ages
from services.shell.desk import COMMANDS, LOG, Desk, Outgoing
from services.shell.fetching import Fetching
from services.shell.lots import Lots
from services.shell.outbox import Outbox
from services.shell.partitions import Partitions
from services.shell.publishing import Publisher
from services.shell.reading import DeadLetters, LostRecords, Messages, Reading
from services.shell.saving import Saver, Work, regularly
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots
from services.shell.ticking import Ticking

__all__ = ["LostRecords", "Step"]
logger = logging.getLogger(__name__)
COLLECT_RARELY = (100_000, 50, 100)
"""Cases hold no cycles, so looking for some among hundreds of thousands of objects, again and again
as they grow, only costs: with Python's own thresholds a quarter of all time."""


class Step(Generic[S], ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(
        self,
        decider: Decider[S],
        settings: Settings,
        rulebooks: Rulebooks,
        snapshots: Snapshots[S],
        publisher: Publisher,
        dead_letters: DeadLetters,
        *,
        on_demand: bool = False,
        unhurried: str | None = None,
    ) -> None:
        """`on_demand`: nothing looks through all cases in memory, so they need not all be there.
        `unhurried`: the lane that may be read in lots, where little comes."""
        self.decider = decider
        self.settings = settings
        self.publisher = publisher
        self.dead_letters = dead_letters
        self.log = settings.topic(topics.CASE_EVENTS.name)
        commands = topics.COMMANDS_OF.get(decider.service)
        self.commands = settings.topic(commands.name) if commands else None
        self.reading = Reading(
            self.log,
            self.commands,
            decider.service,
            rulebooks,
            publisher,
            dead_letters,
            lambda: self.stopping,
        )
        lanes = {LOG: self.log} | ({COMMANDS: self.commands} if self.commands else {})
        self.saver = Saver(decider.service, snapshots, lanes, settings.instance)
        room = settings.cases_in_memory if on_demand else None
        self.fetching = Fetching(decider, rulebooks, snapshots, room, settings.instance)
        self.ticking = Ticking(settings)
        self.ages = Ages(decider.service)
        self.lots = Lots(lanes.get(unhurried) if unhurried else None)
        self.owned = Partitions(lanes, self.fetching, self.ticking)
        self.subscriber: Any = None
        """FastStream's subscriber, which carries the consumer; its listener is this step."""
        self.turned = monotonic()
        """When the loop last made a turn, for the watchdog."""
        self.stopping = False
        self.taken = asyncio.Event()
        """Partitions have been assigned at least once."""
        self.outbox = Outbox(publisher)
        self._busy = asyncio.Lock()
        self._failed: Exception | None = None
        """What broke while partitions came or went."""

    @property
    def consumer(self) -> AIOKafkaConsumer:
        return self.subscriber.consumer

    @property
    def desks(self) -> dict[int, Desk[S]]:
        """Those of the partitions that this instance owns."""
        return self.owned.desks

    @property
    def folding(self) -> bool:
        """Some partition is still in its first pass."""
        return bool(self.owned.folding)

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
        saver = asyncio.create_task(
            regularly(self.save, self.settings.snapshot_seconds, self.saver.rest)
        )
        try:
            while not self.stopping:
                if saver.done():
                    saver.result()
                if self._failed is not None:
                    raise self._failed
                self.outbox.check()
                batch = await self._read()
                async with self._busy:
                    await self._turn(batch)
                self.turned = monotonic()
        finally:
            saver.cancel()
        await self.save()

    async def _read(self) -> dict[TopicPartition, list[Any]]:
        held = self.lots.let_go(self.consumer)
        batch: dict[TopicPartition, list[Any]] = await self.consumer.getmany(
            timeout_ms=held * 1e3 if held else self.settings.fetch_max_wait_ms,
            max_records=self.settings.max_poll_records,
        )
        if not self.folding:
            self.lots.came(batch, self.consumer)
        return batch

    async def _turn(self, batch: dict[TopicPartition, list[Any]]) -> None:
        """Fold and decide, while the broker still takes in what turns before had to say."""
        started = monotonic()
        for partition, records, messages in await self._fetched(batch):
            await self._take(partition, records, messages)
        live = self.owned.live()
        self.ticking.turn(self.desks, live, self.partitions, self._caught_up)
        await self.fetching.fetch((desk, desk.missing_for_timers()) for desk in live)
        out: list[Outgoing] = []
        for desk in live:
            desk.settle()
            if desk.needs_log_end():
                await self._let_refuse(desk)
            out += desk.take_outgoing()
        for desk in self.desks.values():
            desk.end_turn()
        await self._set_aside()
        await self.outbox.put(out)
        if batch or out:
            metrics.STEP_SECONDS.labels(self.decider.service).observe(monotonic() - started)

    async def published(self) -> None:
        """Wait until the broker has acknowledged all that was said. Raises if it did not."""
        await self.outbox.said()

    async def _fetched(
        self, batch: dict[TopicPartition, list[Any]]
    ) -> list[tuple[TopicPartition, list[Any], Messages]]:
        """The batch as messages, with the cases that they are about in memory. While the database
        is away, what is about others is left, and read again."""
        ours = [
            (partition, records, self.reading.messages(records))
            for partition, records in batch.items()
            if partition.partition in self.desks
        ]
        missing = {
            partition: self.desks[partition.partition].missing({m.subject for m in messages if m})
            for partition, _, messages in ours
        }
        await self.fetching.fetch((self.desks[at.partition], some) for at, some in missing.items())
        ready = []
        for partition, records, messages in ours:
            if self.desks[partition.partition].missing(missing[partition]):
                self.consumer.seek(partition, records[0].offset)
            else:
                ready.append((partition, records, messages))
        return ready

    async def _take(
        self, partition: TopicPartition, records: list[Any], messages: Messages
    ) -> None:
        """Hand one partition's records to its desk, in whichever pass it is."""
        folding = partition.partition in self.owned.folding
        expected = self.owned.expected(partition)
        if await self.reading.jumped(self.consumer, partition, records[0].offset, expected):
            return
        if None in messages and not folding:
            await self.reading.set_aside(records, messages)
        await self.reading.wait_for_rules(messages)
        self.owned.hand(partition, records, messages, self.consumer)
        if not folding and partition.topic == self.log and self.settings.clock == "wall":
            stamps = (record.timestamp for record in records)
            self.ages.observe(stamps, messages, datetime.now(UTC))

    def _caught_up(self) -> bool:
        return self.owned.caught_up(self.consumer)

    async def _let_refuse(self, desk: Desk[S]) -> None:
        """Tell the desk where the log ends now, so that it may refuse once it has read up to it."""
        partition = TopicPartition(self.log, desk.partition)
        desk.log_ends_at((await self.consumer.end_offsets([partition]))[partition])
        desk.settle()

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

    def unanswered(self) -> int:
        """Causes without their answer, partitions in their first pass, a turn in progress, messages
        that the broker has not acknowledged."""
        waiting = sum(desk.unanswered() for desk in self.desks.values())
        return waiting + len(self.owned.folding) + self._busy.locked() + self.outbox.busy

    # ── saving ───────────────────────────────────────────────────────────────────────────────

    async def save(self) -> None:
        """Snapshot and commit now. Between turns, all that was read is handed to the outbox or still
        open; the next turns go on while the broker takes that in."""
        async with self.saver.alone:
            async with self._busy:
                work = self._work()
            await self.saver.save(work, self.desks, self.consumer)

    def _work(self) -> Work:
        return self.saver.work(self.desks, self.owned.folding, self.outbox.said())

    # ── partitions come and go ───────────────────────────────────────────────────────────────

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The batch in hand is finished; snapshot, commit, and clear the desks."""
        async with self._ending_where_it_fails(), self.saver.alone, self._busy:
            await self.published()
            if self.desks:
                await self.saver.save(self._work(), self.desks, self.consumer)
            self.owned.clear()
            self.saver.forget()
            self.publisher.forget()
            self.reading.forget()
            self.lots.forget()

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
                await self.owned.take(number, self.consumer)
        self.taken.set()
