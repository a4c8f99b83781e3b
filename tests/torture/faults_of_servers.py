"""What is done to brokers, to the network before them, and to the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from pymongo.errors import PyMongoError

from tests.torture.servers import Brokers, Mongods, Server

Kinds = dict[str, Callable[[], Awaitable[None]]]
AWAY_SECONDS = 60.0
"""How long all brokers are away; in a short run a tenth of it."""
A_WRITE = b"\x02update\x00"
"""How a write of documents begins on MongoDB's wire."""


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


async def kill(server: Server, chance: Random) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(1 + 2 * chance.random())
    await asyncio.to_thread(server.start)


async def freeze(server: Server, chance: Random) -> None:
    server.freeze()
    await asyncio.sleep(4 + 4 * chance.random())
    server.thaw()


class BrokerFaults:
    def __init__(self, brokers: Brokers, chance: Random) -> None:
        self.brokers = brokers
        self.chance = chance
        self.away = AWAY_SECONDS

    @property
    def kinds(self) -> Kinds:
        kinds: Kinds = {
            "broker killed": self._kill,
            "broker frozen": self._freeze,
            "all brokers away": self._away,
            "network cut": self._cut,
            "network slow": self._slow,
        }
        return kinds | ({"disk full": self._fill} if self.brokers.disk else {})

    async def _kill(self) -> None:
        await kill(self.chance.choice(self.brokers.servers), self.chance)
        await self._is_back()

    async def _freeze(self) -> None:
        await freeze(self.chance.choice(self.brokers.servers), self.chance)
        await asyncio.sleep(4)

    async def _is_back(self) -> None:
        """Two must be in sync: the next fault waits until the one that went has caught up."""
        await asyncio.sleep(8)

    async def _away(self) -> None:
        for proxy in self.brokers.proxies:
            proxy.cuts()
        await asyncio.sleep(self.away)
        self._mends()

    async def _cut(self) -> None:
        for proxy in self.chance.choice([self.brokers.proxies, self.brokers.proxies[:1]]):
            proxy.cuts()
        await asyncio.sleep(1 + 4 * self.chance.random())
        self._mends()

    async def _slow(self) -> None:
        for proxy in self.brokers.proxies:
            proxy.delay = 0.05 + 0.2 * self.chance.random()
        await asyncio.sleep(3 + 3 * self.chance.random())
        self._mends()

    def _mends(self) -> None:
        for proxy in self.brokers.proxies:
            proxy.mends()

    async def _fill(self) -> None:
        """Kafka ends when it cannot write its logs; with room again, it is started again."""
        disk, broker = self.brokers.disk, self.brokers.servers[-1]
        assert disk is not None

        def has_ended() -> bool:
            disk.fill()  # whatever became free meanwhile
            return not broker.alive

        if not await until(has_ended, 15):
            await asyncio.to_thread(broker.kill)
        disk.clear()
        await asyncio.to_thread(broker.start)
        await self._is_back()


class MongodFaults:
    def __init__(self, mongods: Mongods, chance: Random) -> None:
        self.mongods = mongods
        self.chance = chance

    @property
    def kinds(self) -> Kinds:
        return {
            "mongod killed": self._kill,
            "mongod frozen": self._freeze,
            "primary stepped down": self._step_down,
            "mongod slow": self._slow,
            "answer of mongod lost": self._lose_an_answer,
        }

    async def primary(self) -> Server:
        """Who takes writes; after an election that is known in a moment."""
        for _ in range(150):
            if (number := await asyncio.to_thread(self.mongods.primary)) is not None:
                return self.mongods.servers[number]
            await asyncio.sleep(0.2)
        raise TimeoutError("no mongod became primary within 30 s: see their logs")

    async def _kill(self) -> None:
        await kill(await self.primary(), self.chance)

    async def _freeze(self) -> None:
        await freeze(await self.primary(), self.chance)

    async def _step_down(self) -> None:
        await self.primary()
        with suppress(PyMongoError):
            await asyncio.to_thread(self.mongods.step_down)

    async def _slow(self) -> None:
        for proxy in self.mongods.proxies:
            proxy.delay = 0.05 + 0.3 * self.chance.random()
        await asyncio.sleep(3 + 3 * self.chance.random())
        self._mends()

    async def _lose_an_answer(self) -> None:
        """The database has done it, and whoever asked never hears. Waits until that has happened."""
        proxies = self.mongods.proxies
        before = sum(proxy.lost for proxy in proxies)
        for proxy in proxies:
            proxy.loses = A_WRITE
        lost = await until(lambda: sum(proxy.lost for proxy in proxies) >= before + 3, 90)
        self._mends()
        if not lost:
            raise TimeoutError("no service wrote to the database within 90 s: see their logs")

    def _mends(self) -> None:
        for proxy in self.mongods.proxies:
            proxy.mends()
