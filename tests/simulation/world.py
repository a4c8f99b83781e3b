"""One schedule from beginning to end: four services live through what a seed has in store.

    World(seed).run() ─► History ─► tests.invariants

Work and faults together; then the faults are over, all comes to rest, is saved, and is judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import inf
from random import Random
from typing import Any

from aiokafka import TopicPartition

from lab.replay.case_fold import DECIDERS, CaseFold
from schemas import envelope, topics
from schemas.envelope import Message
from services.decider import Decider
from services.shell.publishing import partition_of
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots
from tests.history import History
from tests.log import RULEBOOKS
from tests.simulation.broker import Broker
from tests.simulation.faults import Faults
from tests.simulation.group import Group
from tests.simulation.life import Life
from tests.simulation.loop import Loop
from tests.simulation.network import Network
from tests.simulation.process import DeadLetters, Process, stored
from tests.simulation.store import Store
from tests.story import START

PATIENCE = 300.0
"""Imagined seconds within which all must come to rest once nothing goes wrong any more."""


LOOKS = 0.25
"""Seconds between two looks at whether all has come to rest."""
HEARTBEAT = 3.0
"""Seconds between two words of a member to its group."""


class NeverAtRest(Exception):  # noqa: N818 - a finding, not a fault of the simulator
    """Something waits for ever."""


@dataclass(frozen=True)
class Plan:
    """How large a schedule is."""

    acts: int
    cases: int
    partitions: int
    batch_size: int
    snapshot_seconds: float
    longest_way: float
    cases_in_memory: int
    held_back: float
    """How often a partition's news comes late, and another topic's overtakes it."""


def planned(chance: Random) -> Plan:
    return Plan(
        acts=chance.randrange(6, 26),
        cases=chance.randrange(1, 5),
        partitions=chance.choice([1, 2]),
        batch_size=chance.choice([1, 2, 1_000]),
        snapshot_seconds=chance.choice([0.4, 1.5, 4.0]),
        longest_way=chance.choice([0.1, 4.0]),
        cases_in_memory=chance.choice([0, 0, 1, 1_000]),
        held_back=chance.choice([0.0, 0.0, 0.2]),
    )


@lru_cache
def base_settings() -> Settings:
    return Settings(clock="wall", fetch_max_wait_ms=2_000, timer_grace_seconds=0.5)


class World:
    def __init__(self, seed: int, *, deciders: dict[str, Decider[Any]] | None = None) -> None:
        self.seed = seed
        self.deciders = deciders or dict(DECIDERS)
        self.plan = planned(Random(8 * seed + 0))
        self.most_cases, self.longest_way = self.plan.cases, self.plan.longest_way
        self.loop = Loop()  # type: ignore[abstract] # it has what tasks and futures ask for
        self.network = Network(self.loop, Random(8 * seed + 1))
        self.rulebooks = RULEBOOKS
        self.jumped = 0.0
        self.story: list[str] = []
        self.broker = Broker(
            self.network, self.plan.partitions, Random(8 * seed + 2), lambda: self.wall
        )
        self.broker.batch_size = self.plan.batch_size
        self.broker.held_back = self.plan.held_back
        self.store = Store(self.network)
        self.dead_letters = DeadLetters(self.broker)
        self.processes: list[Process] = []
        self.groups = {name: Group(name, self.broker, self._topics(name)) for name in self.deciders}
        self.life = Life(self, Random(8 * seed + 3))
        self.faults = Faults(self, Random(8 * seed + 4))
        self._views: dict[str, CaseFold] = {}
        self._viewed: dict[TopicPartition, int] = {}
        self._snapshots: dict[str, Snapshots[Any]] = {}
        self._aside: list[asyncio.Task[Any]] = []

    # ── time and place ───────────────────────────────────────────────────────────────────────

    @property
    def wall(self) -> float:
        return self.loop.now + self.jumped

    @property
    def today(self) -> datetime:
        return START + timedelta(seconds=self.wall)

    def time_passes(self) -> None:
        """Hours in a moment: those who wait for records look at their clocks."""
        self.broker.wakes()

    def _topics(self, service: str) -> list[str]:
        commands = topics.COMMANDS_OF.get(service)
        return [topics.CASE_EVENTS.name, *([commands.name] if commands else [])]

    def tell(self, what: str) -> None:
        self.story.append(f"{self.loop.now:8.3f} {what}")

    # ── processes ────────────────────────────────────────────────────────────────────────────

    def snapshots(self, decider: Decider[Any]) -> Snapshots[Any]:
        if decider.service not in self._snapshots:
            self._snapshots[decider.service] = stored(decider, self.store)
        return self._snapshots[decider.service]

    def of(self, service: str) -> list[Process]:
        return [p for p in self.processes if p.decider.service == service and not p.dead]

    def starts(self, decider: Decider[Any], name: str) -> None:
        """An instance comes up, unless one of that name is there; when it dies, it comes again."""
        if any(p.name == name and not p.dead for p in self.processes):
            return
        self.tell(f"{name} starts")
        settings = base_settings().model_copy(
            update={
                "instance": name,
                "snapshot_seconds": self.plan.snapshot_seconds,
                "cases_in_memory": self.plan.cases_in_memory,
            }
        )
        process = Process(self, decider, name, settings)
        self.processes.append(process)
        process.runs()
        self.aside(self._lives(process))

    async def _lives(self, process: Process) -> None:
        group = self.groups[process.decider.service]
        await group.join(process)
        while not process.dead:
            await asyncio.wait([process.ended], timeout=HEARTBEAT)
            if process.works:
                await group.beats(process)
        self.processes.remove(process)
        await asyncio.sleep(0.05 + self.faults.chance.random() * 2)
        self.starts(process.decider, process.name)

    def aside(self, work: Coroutine[Any, Any, Any]) -> None:
        """Something that belongs to no process."""
        self._aside.append(self.loop.create_task(work, context=copy_context()))

    # ── what is said, and what stands on the log ─────────────────────────────────────────────

    def says(self, service: str, message: Message[Any], way: float) -> None:
        """A command arrives after a while."""
        partition = partition_of(message.subject, self.plan.partitions)
        target = TopicPartition(topics.COMMANDS_OF[service].name, partition)
        value = envelope.write(message)
        self.tell(f"{service} is sent {message.type} {message.id[:8]} for {message.subject[:8]}")
        key = message.subject.encode()
        self.network.at(self.loop.now + way, lambda: self.broker.append(target, key, value))

    def view(self, case: str) -> CaseFold:
        """A case as the log has it now."""
        for number in range(self.plan.partitions):
            partition = TopicPartition(topics.CASE_EVENTS.name, number)
            log = self.broker.log(partition)
            for record in log[self._viewed.get(partition, 0) :]:
                message = envelope.read(record.value, topics.EVENT_TYPES)
                fold = self._views.setdefault(message.subject, CaseFold(message.subject))
                fold.fold(record.offset, message)
            self._viewed[partition] = len(log)
        return self._views.setdefault(case, CaseFold(case))

    # ── the schedule ─────────────────────────────────────────────────────────────────────────

    def run(self) -> History:
        from tests.simulation.telling import told

        self.loop.run(self._plays())
        return told(self)

    async def _plays(self) -> None:
        for name, decider in self.deciders.items():
            self.starts(decider, f"{name}-a")
        self.aside(self.faults.run())
        for _ in range(self.plan.acts):
            await asyncio.sleep(self.life.chance.random() ** 2 * 2)
            self.life.acts()
        self.faults.ends()
        self.tell("nothing goes wrong any more")
        records = -1
        while self.broker.count != records or self._unrest():
            await self._comes_to_rest()
            records = self.broker.count
            for process in list(self.processes):  # meanwhile a timer may run out, or it stops
                saving = process.starts(process.step.save())
                await asyncio.wait([saving, process.ended], return_when=asyncio.FIRST_COMPLETED)

    async def _comes_to_rest(self) -> None:
        """Until all is quiet, every service has since then asked what time it is for its timers,
        and nothing followed from that."""
        until, calm_since, records = self.loop.now + PATIENCE, self.loop.now, -1
        while (unrest := self._unrest()) or not self._has_looked_at_the_clock(calm_since):
            self.broker.longest_wait = inf if unrest else LOOKS
            if unrest or self.broker.count != records:
                calm_since, records = self.loop.now, self.broker.count
            if self.loop.now > until:
                raise NeverAtRest(unrest or "timers were never looked at")
            await asyncio.sleep(LOOKS)

    def _has_looked_at_the_clock(self, since: float) -> bool:
        """Whether all who own a partition have made causes of the timers up to that moment."""
        moment = START + timedelta(seconds=since + self.jumped)
        ticked = [process.step.ticked for process in self.processes if process.step.desks]
        return all(at is not None and at > moment for at in ticked)

    def _unrest(self) -> str:
        """Who is not at rest, if anybody."""
        for name, group in self.groups.items():
            owned = sorted(n for p in self.of(name) if group.holds(p) for n in p.step.desks)
            if owned != list(range(self.plan.partitions)):
                return f"the partitions that {name} owns are {owned}"
            for process in self.of(name):
                if not process.works or not group.holds(process) or not process.is_quiet():
                    return f"{process.name} is not quiet"
        return "requests are on their way" if self.network.travelling else ""
