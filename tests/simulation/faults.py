"""What goes wrong, as a seed has it: who dies at which await, who freezes for how long, who joins,
whose clock jumps, and how bad the network is.
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.network import CALM, Weather
from tests.simulation.process import Process

if TYPE_CHECKING:
    from tests.simulation.world import World

SERVICES = ("intake", "router", "sla", "rating")
SESSION = 4.0
"""Seconds after which a member that is not heard of is put out."""


class Faults:
    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.over = False
        self.under_way = 0
        self.injected = 0

    async def run(self) -> None:
        """Until the work is over: one thing after another goes wrong."""
        self._weather()
        while not self.over:
            await asyncio.sleep(self.chance.random() * 1.5)
            if not self.over:
                self._strikes()

    def ends(self) -> None:
        """All that is wrong is put right: the frozen thaw, nobody else dies, the network is calm."""
        self.over = True
        self.world.network.weather = CALM
        for process in self.world.processes:
            process.spared()
            if process.frozen and not process.dead:
                self._thaws(process)

    def _weather(self) -> None:
        chance = self.chance
        self.world.network.weather = chance.choice(
            [
                CALM,
                Weather(slow=0.2),
                Weather(slow=0.1, lost=0.01, unanswered=0.01),
                Weather(slow=0.3, unanswered=0.04),
            ]
        )

    def _strikes(self) -> None:
        world, chance = self.world, self.chance
        process = chance.choice(world.processes)
        if process.dead or process.frozen:
            return
        self.injected += 1
        roll = chance.random()
        if roll < 0.3:
            process.lives = chance.randrange(1, 60)
        elif roll < 0.42:
            process.last_words = chance.randrange(0, 4)
        elif roll < 0.5:
            process.last_write = True
        elif roll < 0.65:
            self._freezes(process)
        elif roll < 0.75:
            world.starts(process.decider, f"{process.decider.service}-{chance.choice('abc')}")
        elif roll < 0.82:
            process.skew = (chance.random() - 0.5) * 7_200
            world.tell(f"{process.name}'s clock is off by {process.skew:.0f} s")
        elif roll < 0.9:
            world.tell(f"{process.name} is told to stop")
            process.step.stopping = True
        elif roll < 0.92:
            self._loses_the_database()
        else:
            self._weather()

    def _loses_the_database(self) -> None:
        """An empty one takes its place, and all that was running is started again."""
        self.world.tell("the database is lost")
        for process in self.world.processes:
            process.dies()
        self.world.store.is_lost()

    def _freezes(self, process: Process) -> None:
        how_long = self.chance.random() * 3 * SESSION
        self.world.tell(f"{process.name} freezes for {how_long:.1f} s")
        process.freezes()
        if how_long > SESSION:
            self._aside(self._is_missed(process))
        self.world.loop.call_later(how_long, self._thaws, process)

    async def _is_missed(self, process: Process) -> None:
        """Its session times out. If it was the last of its service, another takes its place."""
        await asyncio.sleep(SESSION)
        if process.dead or not process.frozen:
            return
        world, service = self.world, process.decider.service
        world.tell(f"{process.name} is put out")
        if not any(p.works for p in world.of(service)):
            world.starts(process.decider, f"{service}-{'b' if process.name[-1] != 'b' else 'c'}")
        await world.groups[service].evict(process)

    def _thaws(self, process: Process) -> None:
        if process.frozen and not process.dead:
            self.world.tell(f"{process.name} thaws")
            process.thaws()

    def _aside(self, work: object) -> None:
        self.world.aside(work)  # type: ignore[arg-type]
