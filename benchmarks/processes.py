"""The processes under measurement: services as `gridcase serve` runs them, and the raw competitor.

Each is told apart by its process id, from which Linux tells the processor time that it took. They
end with this process, whatever happens.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from time import monotonic

import httpx

from benchmarks.site import Site
from services.shell.embedded.child import Child, choose_port, tail
from services.shell.settings import Settings

PATIENCE = 120.0
"""Seconds to wait for anything; also how long a held process is not taken for dead."""


def python(*arguments: str) -> list[str]:
    """The command that runs a module of ours."""
    return [sys.executable, "-m", *arguments]


class Process:
    """A process that is measured."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        settings = [f"{name}={value}" for name, value in environment.items()]
        self.log = log
        self._child = Child(["env", *settings, *command], log)
        self.pid = self._child.process.pid

    def check(self) -> None:
        """Raises when it has ended, which it never should."""
        if self._child.ended.is_set():
            raise RuntimeError(f"a process ended by itself:\n{tail(self.log)}")

    def hold(self) -> None:
        """Stop it where it is, so that its log can be filled meanwhile."""
        os.kill(self.pid, signal.SIGSTOP)

    def release(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        if not self._child.ended.is_set():
            self.release()
        self._child.stop()


class Served(Process):
    """One instance of a service; `command` runs another in its name."""

    def __init__(
        self,
        site: Site,
        settings: Settings,
        name: str,
        command: Sequence[str] = (),
        instance: str = "one",
    ) -> None:
        port = choose_port()
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka,
            "MONGO_URL": settings.mongo,
            "CLOCK": settings.clock,
            "GRIDCASE_PREFIX": settings.prefix,
            "GRIDCASE_INSTANCE": instance,
            "GRIDCASE_SESSION_TIMEOUT_MS": str(int(PATIENCE * 1000)),
        }
        command = [*(command or python("cli.main", "serve", name)), "--port", str(port)]
        super().__init__(command, environment, site.folder / f"{name}.{instance}.log")
        self.http = f"http://127.0.0.1:{port}"

    async def is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.http}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def has_read(self, topic: str, end: int) -> bool:
        """Whether it has read the topic up to `end`, all partitions together, and answered all."""
        unanswered, positions = await self.reads(topic)
        return not unanswered and sum(positions.values()) >= end

    async def reads(self, topic: str) -> tuple[int, dict[str, int]]:
        """How much it has yet to answer; the next record of each partition that it owns."""
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = (await client.get(f"{self.http}/quiet")).json()
        return answer["unanswered"], answer["positions"][topic]


@asynccontextmanager
async def serving(site: Site, settings: Settings, *names: str) -> AsyncIterator[list[Served]]:
    """These services, ready."""
    services = [Served(site, settings, name) for name in names]
    try:
        for service in services:
            await until(service.is_ready, [service])
        yield services
    finally:
        await _stop(services)


@asynccontextmanager
async def passing(
    site: Site, settings: Settings, names: list[str], processes: int
) -> AsyncIterator[list[Process]]:
    """The raw competitor over a chain of topics, its hops dealt out to so many processes."""
    hops = [f"{source}:{target}" for source, target in pairwise(names)]
    command = [*python("benchmarks.raw"), settings.kafka, settings.prefix]
    started = [
        Process([*command, *hops[first::processes]], {}, site.folder / "raw.log")
        for first in range(processes)
    ]
    try:
        yield started
    finally:
        await _stop(started)


async def _stop(processes: Iterable[Process]) -> None:
    await asyncio.gather(*(asyncio.to_thread(process.stop) for process in processes))


async def until(
    condition: Callable[[], Awaitable[bool]], processes: Iterable[Process], every: float = 0.05
) -> None:
    """Wait for a condition as long as the processes live. Raises `TimeoutError` in the end."""
    deadline = monotonic() + PATIENCE
    while not await condition():
        for process in processes:
            process.check()
        if monotonic() > deadline:
            raise TimeoutError(f"still waiting after {PATIENCE:.0f} s")
        await asyncio.sleep(every)


# ── processor time ───────────────────────────────────────────────────────────────────────────


def cpu(site: Site, processes: Iterable[Process]) -> dict[str, float]:
    """Processor seconds so far of the processes together, the broker and the database; what
    nobody here can tell is left out."""
    known = {name: cpu_seconds(pid) for name, pid in site.pids.items()}
    known["own"] = sum(cpu_seconds(process.pid) or 0.0 for process in processes)
    return {name: seconds for name, seconds in known.items() if seconds is not None}


def cpu_seconds(pid: int | None) -> float | None:
    """User and system time of a process with all its threads."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    ticks = stat.read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
