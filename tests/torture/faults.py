"""What is done to the parts, in three lanes at once, and what it counts.

brokers and network        ─┐
services killed, database  ─┼─ each a shuffled round after the other, so that each kind has its share
services restarted, scaled ─┘

A service that is killed is the exception: it is killed while the brokers are spared, so that the time
until it speaks again is its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from lab.supervisor import Platform
from tests.torture.faults_of_servers import AWAY_SECONDS, BrokerFaults, MongodFaults
from tests.torture.faults_of_services import ServiceFaults
from tests.torture.servers import Brokers, Mongods

Say = Callable[[str], None]
Strikes = Mapping[str, Callable[[], Awaitable[None]]]


class Faults:
    def __init__(
        self, platform: Platform, brokers: Brokers, mongods: Mongods, chance: Random, say: Say
    ) -> None:
        self.chance = chance
        self.say = say
        self.brokers = BrokerFaults(brokers, chance)
        self.mongods = MongodFaults(mongods, chance)
        self.services = ServiceFaults(platform, chance)
        self.services.wait_for_database = self.mongods.primary
        self.struck: Counter[str] = Counter()

    async def run(self, seconds: float, pause: float) -> None:
        """For so long; at most `pause` seconds between two strikes of a lane."""
        until = asyncio.get_running_loop().time() + seconds
        self.brokers.away = min(AWAY_SECONDS, seconds / 10)
        async with asyncio.TaskGroup() as lanes:
            lanes.create_task(self._lane(self._spared(self.brokers.kinds), until, pause))
            quick = {**self.services.kinds, **self.mongods.kinds}
            lanes.create_task(self._lane(quick, until, pause))
            lanes.create_task(self._lane(self.services.changes, until, pause))

    def _spared(self, kinds: Strikes) -> Strikes:
        """The same, but not while a service is being killed."""

        def alone(strike: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
            async def strikes() -> None:
                async with self.services.calm:
                    await strike()

            return strikes

        return {name: alone(strike) for name, strike in kinds.items()}

    async def _lane(self, kinds: Strikes, until: float, pause: float) -> None:
        while True:
            these = list(kinds.items())
            self.chance.shuffle(these)
            for name, strike in these:
                if asyncio.get_running_loop().time() > until:
                    return
                self.say(name)
                await strike()
                self.struck[name] += 1
                await asyncio.sleep(pause * self.chance.random())
