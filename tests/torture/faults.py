"""What is done to the parts, in turn and at random moments, and what it counts."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any

from pymongo.errors import PyMongoError

from lab.supervisor import Platform
from schemas.topics import SERVICES
from tests.torture.servers import Brokers, Mongods, Server

SESSION_SECONDS = 6.0


class Faults:
    def __init__(
        self, platform: Platform, brokers: Brokers, mongods: Mongods, chance: Random, say: Any
    ) -> None:
        self.platform = platform
        self.brokers = brokers
        self.mongods = mongods
        self.chance = chance
        self.say = say
        self.count: Counter[str] = Counter()

    @property
    def kinds(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "service killed": self._kill_service,
            "service frozen": self._freeze_service,
            "broker killed": self._kill_broker,
            "broker frozen": self._freeze_broker,
            "mongod killed": self._kill_primary,
            "mongod frozen": self._freeze_primary,
            "primary stepped down": self._step_down,
            "network cut": self._cut,
            "network slow": self._slow,
        }

    async def run(self, seconds: float, pause: float) -> None:
        """One after another, in shuffled rounds, so that each kind has its share."""
        until = asyncio.get_running_loop().time() + seconds
        while True:
            kinds = list(self.kinds.items())
            self.chance.shuffle(kinds)
            for name, strike in kinds:
                if asyncio.get_running_loop().time() > until:
                    return
                self.say(name)
                await strike()
                self.count[name] += 1
                await asyncio.sleep(pause * (0.5 + self.chance.random()))

    # ── services ─────────────────────────────────────────────────────────────────────────────

    def _pid(self, service: str) -> int:
        return self.platform._children[service].pid

    async def _kill_service(self) -> None:
        with suppress(ProcessLookupError):
            self.platform.kill(self.chance.choice(SERVICES))

    async def _freeze_service(self) -> None:
        """Past the end of its session: it comes back as one that was put out of its group."""
        pid = self._pid(self.chance.choice(SERVICES))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(SESSION_SECONDS * (0.5 + self.chance.random()))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    # ── servers ──────────────────────────────────────────────────────────────────────────────

    async def _kill(self, server: Server) -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(1 + 2 * self.chance.random())
        await asyncio.to_thread(server.start)

    async def _freeze(self, server: Server) -> None:
        server.freeze()
        await asyncio.sleep(4 + 4 * self.chance.random())
        server.thaw()

    async def _kill_broker(self) -> None:
        await self._kill(self.chance.choice(self.brokers.servers))
        await asyncio.sleep(8)  # two must be in sync: the next fault waits until it is back

    async def _freeze_broker(self) -> None:
        await self._freeze(self.chance.choice(self.brokers.servers))
        await asyncio.sleep(4)

    async def _primary(self) -> Server:
        """Who takes writes; after an election that is known in a moment."""
        for _ in range(100):
            if (number := await asyncio.to_thread(self.mongods.primary)) is not None:
                return self.mongods.servers[number]
            await asyncio.sleep(0.2)
        raise TimeoutError("no mongod became primary within 20 s: see their logs")

    async def _kill_primary(self) -> None:
        await self._kill(await self._primary())

    async def _freeze_primary(self) -> None:
        await self._freeze(await self._primary())

    async def _step_down(self) -> None:
        with suppress(PyMongoError):
            await asyncio.to_thread(self.mongods.step_down)

    # ── the network ──────────────────────────────────────────────────────────────────────────

    async def _cut(self) -> None:
        proxies = self.chance.choice([self.brokers.proxies, self.brokers.proxies[:1]])
        for proxy in proxies:
            proxy.cuts()
        await asyncio.sleep(1 + 4 * self.chance.random())
        for proxy in proxies:
            proxy.mends()

    async def _slow(self) -> None:
        for proxy in self.brokers.proxies:
            proxy.delay = 0.05 + 0.2 * self.chance.random()
        await asyncio.sleep(3 + 3 * self.chance.random())
        for proxy in self.brokers.proxies:
            proxy.mends()
