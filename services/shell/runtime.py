"""What a running service has at hand: clients, rules, the vault, its step and its doors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Generic

import pymongo
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from pydantic import ValidationError
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from schemas import envelope, topics
from schemas.envelope import Unreadable
from schemas.inputs import ClockTick
from schemas.reference import elapsed
from schemas.rulebook import Rulebooks
from services.decider import Decider, S
from services.shell import metrics
from services.shell.access import Access
from services.shell.consuming import MANY_BYTES, follow, idle_ms
from services.shell.dead_letters import DeadLetters
from services.shell.dependencies import PATIENCE, Dependencies
from services.shell.doors import Door, effective_time
from services.shell.finding import Finding
from services.shell.incarnation import log_of
from services.shell.publishing import Dress, Publisher, as_they_are
from services.shell.reference_feed import ReferenceFeed
from services.shell.relay import Relay
from services.shell.settings import Settings
from services.shell.snapshots import Document, Snapshots, connect
from services.shell.step import Step
from services.shell.tracing import tracing
from services.shell.vault import Vault, vault_of
from services.shell.vitals import Vitals

logger = logging.getLogger(__name__)
SHARE = 20
"""Work beside the step rests this many times as long as it took."""
Fatal = Callable[[BaseException], None]
Pages = Sequence[tuple[str, Any]]
Beside = Sequence[Callable[[], Coroutine[Any, Any, None]]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a service's doors and pages may use."""

    settings: Settings
    rulebooks: Rulebooks
    vault: Vault
    producer: AIOKafkaProducer
    secret: bytes
    """The installation's own key: for what was refused or could not be read."""

    def effective_time(self, at: datetime, received: datetime) -> datetime:
        """The moment of an input that counts for the rules (see `services.shell.doors`)."""
        if self.settings.clock == "stream":
            return at
        tolerance = self.rulebooks.at(received).settings.clock_tolerance
        return effective_time(at, received, elapsed(tolerance))


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """What makes a service this one."""

    decider: Decider[S]
    doors: Callable[[Tools], Sequence[Door[Any]]] = lambda _tools: ()
    dress: Callable[[Tools], Dress] = lambda _tools: as_they_are
    parts: Callable[[Runtime[Any]], tuple[Pages, Beside]] = lambda _runtime: ((), ())
    """Its own pages, and coroutine functions that run beside the step."""
    gathers_ms: int | None = None
    """Nobody waits for its words by the millisecond: under the wall clock it takes the log in lots,
    what comes within so many milliseconds at once, which costs a fraction of a turn for each."""
    unhurried: str | None = None
    """The same for one of its lanes, the log or its commands (`services.shell.lots`)."""
    on_demand: bool = False
    """Nothing of it looks through all cases in memory, so only some need to be there."""

    @property
    def name(self) -> str:
        return self.decider.service


class Runtime(Generic[S]):
    def __init__(self, service: Service[S], settings: Settings, fatal: Fatal) -> None:
        self.service = service
        self.settings = settings
        self.fatal = fatal
        self.access = Access.of(settings)
        self.traces = tracing(service.name)
        self.feed = ReferenceFeed(settings)
        self.database: AsyncDatabase[Document] = connect(settings.mongo, settings.database)
        self.vault = vault_of(self.database, service.name)
        self.relays: list[Relay] = []
        self.failed = False
        self.busy: Callable[[], bool] = lambda: False
        """Whether the service still has something to publish beside its step."""
        probes = {"kafka": self._broker, "mongo": self._database, "reference": self._rules}
        self.dependencies = Dependencies(service.name, settings.instance, probes)
        self.pages, self.beside = service.parts(self)
        self._tasks: list[asyncio.Task[Any]] = []
        self._loops: list[asyncio.Task[None]] = []
        """The step and the doors: what they have in hand is finished before the process ends."""

    async def prepare(self, broker: KafkaBroker) -> None:
        """Connect, wait for the rules, and declare what the broker is to carry."""
        self.producer = AIOKafkaProducer(
            **self.settings.kafka_client(),
            acks="all",
            enable_idempotence=True,
            max_request_size=topics.MAX_DEAD_BYTES,
            max_batch_size=256 * 1024,
        )
        await self.producer.start()
        self._watch(asyncio.create_task(self.feed.run(), name="reference feed"))
        await self.feed.ready()
        self.secret = await self.vault.secret("set-aside")
        self.dead_letters = DeadLetters(
            self.service.name, self.settings, self.producer, self.secret
        )
        self.log = await log_of(self.settings)
        self.snapshots = Snapshots(self.database, self.service.decider, self.log.copy)
        await self.snapshots.prepare()
        self._declare_step(broker)
        for door in self.service.doors(self.tools):
            self._declare_door(broker, door)
        read = [relay.door.topic for relay in self.relays]
        if commands := topics.COMMANDS_OF.get(self.service.name):
            read.append(commands)
        metrics.expect(self.service.name, [topics.CASE_EVENTS, *read])

    @property
    def tools(self) -> Tools:
        return Tools(self.settings, self.feed.rulebooks, self.vault, self.producer, self.secret)

    def _declare_step(self, broker: KafkaBroker) -> None:
        self.step = Step(
            self.service.decider,
            self.settings,
            self.feed.rulebooks,
            self.snapshots,
            Publisher(
                self.service.name,
                self.settings,
                self.producer,
                self.service.dress(self.tools),
                self.traces,
            ),
            self.dead_letters,
            on_demand=self.service.on_demand,
            unhurried=self._unhurried(),
        )
        self.finding = Finding(self.service.decider, self.step.desks, self.snapshots)
        self.step.subscriber = broker.subscriber(
            *self.step.topics,
            listener=self.step,
            ack_policy=AckPolicy.MANUAL,
            include_in_schema=False,
            **self._group("step") | self._gathering(),
        )

    def _gathering(self) -> dict[str, Any]:
        """How long the broker gathers for the step. In stream time others wait for each turn."""
        if self.service.gathers_ms is None or self.settings.clock == "stream":
            return {}
        return {"fetch_min_bytes": MANY_BYTES, "fetch_max_wait_ms": self.service.gathers_ms}

    def _unhurried(self) -> str | None:
        """The lane that is read in lots."""
        return None if self.settings.clock == "stream" else self.service.unhurried

    def _declare_door(self, broker: KafkaBroker, door: Door[Any]) -> None:
        publisher = Publisher(self.service.name, self.settings, self.producer, traces=self.traces)
        relay = Relay(self.service.name, door, self.settings, publisher, self.dead_letters)
        name = self.settings.topic(door.topic.name)
        where: dict[str, Any] = (
            {"pattern": rf"^{name}\.[^.]+$"} if door.topic.per_department else {}
        )
        relay.subscriber = broker.subscriber(
            *(() if where else (name,)),
            listener=relay,
            ack_policy=AckPolicy.MANUAL,
            include_in_schema=False,
            **where,
            **self._group(f"door.{door.topic.name}")
            | {"fetch_max_wait_ms": idle_ms(self.settings)},
        )
        self.relays.append(relay)

    def _group(self, role: str) -> dict[str, Any]:
        """Range keeps equal partitions of the log and the commands with one owner; a static member
        that comes back takes up where it was, without a rebalance."""
        group = self.settings.group(self.service.name, role)
        return {
            "group_id": group,
            "group_instance_id": f"{group}.{self.settings.instance}",
            "partition_assignment_strategy": (RangePartitionAssignor,),
            "auto_offset_reset": "earliest",
            "session_timeout_ms": self.settings.session_timeout_ms,
            "heartbeat_interval_ms": self.settings.session_timeout_ms // 4,
            "fetch_max_wait_ms": self.settings.fetch_max_wait_ms,
            "max_partition_fetch_bytes": 2 * topics.MAX_RECORD_BYTES,
            "max_records": self.settings.max_poll_records,
        }

    async def run(self) -> None:
        """Start the step and what runs beside it, once the broker has started."""
        self._loops = [
            asyncio.create_task(self.step.run(), name="step"),
            *(
                asyncio.create_task(relay.run(), name=f"door {relay.door.topic.name}")
                for relay in self.relays
            ),
        ]
        for loop in self._loops:
            self._watch(loop)
        self._watch(asyncio.create_task(self._watchdog(), name="watchdog"))
        if self.settings.clock == "stream":
            self._watch(asyncio.create_task(self._follow_clock(), name="clock"))
        vitals = Vitals(self.service.name, self.settings, self.step, self.relays)
        self._watch(asyncio.create_task(self.every(10, vitals.look)(), name="vitals"))
        self._watch(asyncio.create_task(self.dependencies.watch(), name="dependencies"))
        for beside in self.beside:
            self._watch(asyncio.create_task(beside(), name=beside.__qualname__))

    async def stop(self) -> None:
        """Finish the turns in hand, snapshot, commit; then let go."""
        for loop in (*self.relays, *([self.step] if hasattr(self, "step") else ())):
            loop.stopping = True
        if self._loops:
            await asyncio.wait(self._loops, timeout=20)
        for task in self._tasks:
            task.cancel()
        if hasattr(self, "producer"):
            await self.producer.stop()
        await self.database.client.close()

    def fail(self, error: BaseException) -> None:
        if not self.failed:
            self.failed = True
            logger.critical("stopping: %s", error, exc_info=error)
            self.fatal(error)

    def _watch(self, task: asyncio.Task[Any]) -> None:
        self._tasks.append(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or (hasattr(self, "step") and self.step.stopping):
            return
        self.fail(task.exception() or RuntimeError(f"{task.get_name()} ended by itself"))

    async def _watchdog(self) -> None:
        """A consumer may stall without a word; end the process, so that it begins anew."""
        while True:
            await asyncio.sleep(1)
            if not self.alive:
                raise TimeoutError(f"no turn of the step for {self.settings.stall_seconds} s")

    async def _broker(self) -> None:
        """It says where the log ends."""
        log = self.step.log
        numbers = range(self.step.partitions)
        await self.step.consumer.end_offsets([TopicPartition(log, number) for number in numbers])

    async def _database(self) -> None:
        with pymongo.timeout(PATIENCE):
            await self.database.command("ping")

    async def _rules(self) -> None:
        if self.step.reading.waits_for:
            raise LookupError(f"version {self.step.reading.waits_for} has not come")

    def every(
        self, seconds: float, work: Callable[[], Awaitable[None]]
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        """Something to do again and again beside the step; a database that is away delays it."""

        async def repeat() -> None:
            took = 0.0
            while True:
                await asyncio.sleep(max(seconds, SHARE * took))
                began = monotonic()
                try:
                    await work()
                except PyMongoError as error:
                    logger.warning("%s waits: %s", work.__qualname__, error)
                took = monotonic() - began

        return repeat

    @property
    def alive(self) -> bool:
        return monotonic() - self.step.turned < self.settings.stall_seconds

    async def _follow_clock(self) -> None:
        async for record in follow(self.settings, self.settings.topic(topics.CLOCK.name)):
            try:
                data, _ = envelope.bare(record.value)
                tick = ClockTick.model_validate(data)
            except (Unreadable, ValidationError) as error:
                reason = error if isinstance(error, Unreadable) else envelope.explain(error)
                if self.service.name == topics.SERVICES[0]:  # one dead letter is enough
                    await self.dead_letters.put(record.topic, record.key, record.value, str(reason))
                self.step.clock_came(record.offset, None)
            else:
                self.step.clock_came(record.offset, tick)
