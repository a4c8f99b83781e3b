"""Looks at rating's figures while instances die, freeze and lose their partitions.

    Looked(seed).run() ─► Looked.missed: what an instance did not know that it must have known

At each look, a case's facts are those of the log up to some moment that is not before the look: what
the instance itself had folded, or what the others' owner had written down as stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from aiokafka import TopicPartition
from pymongo.errors import PyMongoError

from schemas import envelope, topics
from services.rating import live as module
from services.rating.cabinet import written
from services.rating.domain import DECIDER
from services.rating.facts import State
from services.rating.live import Live
from services.shell.desk import Desk
from tests.log import RULEBOOKS
from tests.simulation.process import Process
from tests.simulation.seams import imagined
from tests.simulation.world import World

RATING = DECIDER.service


class Looked(World):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.looks = 0
        self.missed: list[str] = []
        self._chance = Random(8 * seed + 5)
        self._lives_of: dict[int, Live] = {}

    async def _lives(self, process: Process) -> None:
        if process.decider.service == RATING:
            parts = SimpleNamespace(step=process.step, snapshots=process.step.fetching.snapshots)
            self._lives_of[id(process)] = Live(cast(Any, parts))
            process.starts(self._looks_again_and_again(process))
        await super()._lives(process)

    async def _looks_again_and_again(self, process: Process) -> None:
        while True:
            await asyncio.sleep(self._chance.random() * 3)
            await self._look(process)

    async def _look(self, process: Process) -> None:
        live, known = self._lives_of[id(process)], self._known_to(process)
        try:
            await live.look()
        except PyMongoError:
            return
        self.looks += 1
        self._judge(process, live, known)

    def _known_to(self, process: Process) -> dict[int, int]:
        """By partition, up to where the log must be in the figures of a look that begins now."""
        stored = self.store["folded"].documents
        return {
            number: desk.folded
            if (desk := process.step.desks.get(number)) is not None
            else stored.get(f"{RATING}/{number}", {"offset": 0})["offset"]
            for number in range(self.plan.partitions)
        }

    def _judge(self, process: Process, live: Live, known: Mapping[int, int]) -> None:
        for number, folded in known.items():
            states = self._states(number)
            for case in states[-1]:
                facts = written(live.facts[case]) if case in live.facts else None
                if facts not in [each.get(case) for each in states[folded:]]:
                    self.missed.append(f"{process.name} lags behind {folded} in case {case}")

    def _states(self, number: int) -> list[dict[str, bytes]]:
        """The facts of a partition's cases, once so many records are folded."""
        desk: Desk[State] = Desk(DECIDER, RULEBOOKS, number)
        known = [dict[str, bytes]()]
        log = self.broker.log(TopicPartition(topics.CASE_EVENTS.name, number))
        for record in log:
            event = envelope.read(record.value, topics.EVENT_TYPES)
            desk.fold(record.offset, event)
            changed = {event.subject: written(desk.entries[event.subject].state)}
            known.append(known[-1] | changed)
        return known

    async def _plays(self) -> None:
        await super()._plays()
        for process in self.of(RATING):
            await process.starts(self._look(process))
            ends = {number: len(self._states(number)) - 1 for number in range(self.plan.partitions)}
            self._judge(process, self._lives_of[id(process)], ends)


def looked(seed: int) -> Looked:
    """One schedule, played to its end."""
    world = Looked(seed)
    with imagined(world), patch.object(module, "OTHERS_EVERY", 0.0):
        try:
            world.run()
        finally:
            world.loop.buries()
    return world
