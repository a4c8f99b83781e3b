"""A consumer group: who owns which partitions, and how they change hands.

As aiokafka and Kafka do it: all are told to let go, then all are told what they have (eager, range,
so that equal partitions of several topics have one owner); what a listener raises is only written
down; a static member that comes back takes up what it had, unless it was away too long; a member
that was frozen too long is put out without being asked, goes on in the belief that it owns its
partitions, and learns of it later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from tests.simulation.broker import Broker, Place
from tests.simulation.process import Process

LONGEST = 60.0
"""Nobody waits longer for a member (`max_poll_interval_ms`)."""


@dataclass
class Group:
    name: str
    broker: Broker
    topics: list[str]
    members: dict[str, Process] = field(default_factory=dict)
    """By their static names."""
    assignment: dict[str, list[TopicPartition]] = field(default_factory=dict)
    swallowed: list[str] = field(default_factory=list)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def partitions(self) -> list[TopicPartition]:
        numbers = range(self.broker.partitions)
        return [TopicPartition(topic, number) for topic in self.topics for number in numbers]

    def holds(self, process: Process) -> bool:
        return self.members.get(process.name) is process

    async def join(self, process: Process) -> None:
        """A process came up. It takes up what its former self had, or all change."""
        async with self._changing:
            self.members[process.name] = process
            process.consumer.is_member = lambda: self.holds(process)
            if process.name in self.assignment:
                await self._give(process)
            else:
                await self._rebalance()

    async def evict(self, process: Process) -> None:
        """It was not heard of for too long."""
        async with self._changing:
            if self.holds(process):
                await self._rebalance()

    async def beats(self, process: Process) -> None:
        """The process says that it is there: one that was put out hears of it, lets go of what it
        thought it had, and joins again."""
        if process.dead or self._changing.locked():
            return
        if not self.holds(process) or process.name not in self.assignment:
            await self._revoke(process)
            await self.join(process)

    async def _rebalance(self) -> None:
        self.members = {name: p for name, p in self.members.items() if p.works}
        await asyncio.gather(*(self._revoke(process) for process in self.members.values()))
        self.members = {name: p for name, p in self.members.items() if p.works}
        self.assignment = self._range(sorted(self.members))
        await asyncio.gather(*(self._give(process) for process in self.members.values()))

    def _range(self, names: list[str]) -> dict[str, list[TopicPartition]]:
        number = self.broker.partitions
        return {
            name: [
                TopicPartition(topic, partition)
                for topic in self.topics
                for partition in range(number)
                if partition * len(names) // number == place
            ]
            for place, name in enumerate(names)
        }

    async def _revoke(self, process: Process) -> None:
        if not process.consumer.places:
            return
        await self._call(process, process.step.on_partitions_revoked(set(process.consumer.places)))

    async def _give(self, process: Process) -> None:
        if not self.holds(process) or process.dead:
            return
        mine = self.assignment.get(process.name, [])
        process.consumer.places = {partition: Place() for partition in mine}
        await self._call(process, process.step.on_partitions_assigned(mine))
        for partition, place in process.consumer.places.items():
            if place.position is None:
                offsets = self.broker.committed.get(self.name, {})
                place.position = offsets.get(partition, 0)

    async def _call(self, process: Process, told: Coroutine[Any, Any, None]) -> None:
        """Tell the listener; nobody waits for the dead, nor long for the frozen."""
        task = process.starts(told)
        await asyncio.wait(
            [task, process.ended], timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED
        )
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            self.swallowed.append(f"{process.name}: {error!r}")
