"""What is done to the four services."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx

from lab.supervisor import Platform
from schemas.topics import SERVICES
from services.shell.embedded.child import Child, choose_port

SESSION_SECONDS = 6.0
BACK_SECONDS = 180.0
"""Within these a service is ready again, whatever else is going on: else it is a finding."""


class ServiceFaults:
    def __init__(self, platform: Platform, chance: Random) -> None:
        self.platform = platform
        self.chance = chance
        self.calm = asyncio.Lock()
        """Held while a broker or the network is struck, or a service is killed."""
        self.killed: list[tuple[str, datetime]] = []
        """Which, and when, while all else was calm."""
        self.wait_for_database: Callable[[], Awaitable[Any]]

    @property
    def kinds(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "service killed": self._kill,
            "service killed while it stops": self._kill_while_it_stops,
            "service frozen": self._freeze,
        }

    @property
    def changes(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What operators do, and what takes minutes while brokers come and go."""
        return {
            "services restarted in turn": self._restart_all,
            "service scaled to three and back": self._scale,
        }

    async def _kill(self) -> None:
        async with self.calm:
            await self.wait_for_database()
            name = self.chance.choice(SERVICES)
            await self._until_ready(self.platform.http[name])
            old = self.platform.pid(name)
            self._signal(name, signal.SIGKILL)
            self.killed.append((name, datetime.now(UTC)))
            await self._until_another(name, old)

    async def _kill_while_it_stops(self) -> None:
        """SIGTERM, and the grace period is over before it has finished."""
        name = self.chance.choice(SERVICES)
        old = self.platform.pid(name)
        self._signal(name, signal.SIGTERM)
        await asyncio.sleep(0.5 * self.chance.random())
        if self.platform.pid(name) == old:
            self._signal(name, signal.SIGKILL)

    async def _freeze(self) -> None:
        """Past the end of its session: it comes back as one that was put out of its group."""
        name = self.chance.choice(SERVICES)
        self._signal(name, signal.SIGSTOP)
        await asyncio.sleep(SESSION_SECONDS * (0.5 + self.chance.random()))
        self._signal(name, signal.SIGCONT)

    async def _restart_all(self) -> None:
        for name in SERVICES:
            async with self.calm:  # or it would be told as the time that a kill takes
                old = self.platform.pid(name)
                self._signal(name, signal.SIGTERM)
            await self._until_another(name, old)

    async def _scale(self) -> None:
        """Two more instances take their share of the partitions, and give it back."""
        name = self.chance.choice(SERVICES)
        more = [Instance(self.platform, name, number) for number in ("two", "three")]
        for instance in more:
            instance.start()
        try:
            for instance in more:
                await self._until_ready(instance.address, instance.start)
            await asyncio.sleep(1 + 2 * self.chance.random())
        finally:
            for instance in more:
                await asyncio.to_thread(instance.child.stop)

    # ── signals and waiting ──────────────────────────────────────────────────────────────────

    def _signal(self, name: str, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.platform.pid(name), number)

    async def _until_another(self, name: str, old: int) -> None:
        """A new process is there, and ready."""
        async with asyncio.timeout(BACK_SECONDS):
            while self.platform.pid(name) == old:  # noqa: ASYNC110 - another starts it
                await asyncio.sleep(0.1)
        await self._until_ready(self.platform.http[name])

    async def _until_ready(self, address: str, starts: Callable[[], None] = lambda: None) -> None:
        """`starts` is called again and again, for one that nobody else would start anew."""
        async with asyncio.timeout(BACK_SECONDS), httpx.AsyncClient() as http:
            while True:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"{address}/readyz")).status_code == 200:
                        return
                starts()
                await asyncio.sleep(0.2)


class Instance:
    """One more instance of a service, beside the platform's own."""

    def __init__(self, platform: Platform, service: str, name: str) -> None:
        port = str(choose_port())
        self.address = f"http://127.0.0.1:{port}"
        changes = platform.environment_of(service) | {"GRIDCASE_INSTANCE": name}
        given = [f"{key}={value}" for key, value in changes.items()]
        serve = [sys.executable, "-m", "cli.main", "serve", service, "--port", port]
        self._command = ["env", *given, *serve]
        self._log = platform.options.data / f"{service}-{name}.log"
        self.child: Child

    def start(self) -> None:
        """Unless it runs already."""
        if not hasattr(self, "child") or self.child.ended.is_set():
            self.child = Child(self._command, self._log)
