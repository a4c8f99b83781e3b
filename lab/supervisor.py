"""Everything on one machine: broker, database, and the four services as child processes.

    Platform(options).start() ─► broker, database ─► topics ─► reference data ─► services, ready
                                                                     └► run/endpoints.json

What the environment names (`KAFKA_BOOTSTRAP_SERVERS`, `MONGO_URL`) is used; the rest is its own. A
service that ends is started again, as a container platform would.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import httpx
import orjson

from schemas.reference import Reference
from schemas.topics import KEYED_PARTITIONS, SERVICES
from services.shell.backoff import Backoff
from services.shell.embedded import (
    Embedded,
    can_run_kafka,
    start_kafka,
    start_mock_kafka,
    start_mongod,
)
from services.shell.embedded.child import DEATHWATCH, choose_port, is_free
from services.shell.provision import provision
from services.shell.settings import PORTS, Settings

READY_SECONDS = 120.0
LIVED = 60.0
"""Seconds after which an end is the first of its kind."""
LONG_REST = 2.0
KAFKA_PORT = 9092
"""Where every client looks first."""
Say = Callable[[str], None]


class PlatformError(RuntimeError):
    """The platform did not come up; the text says what to do next."""


@dataclass(slots=True)
class Options:
    reference: Reference
    data: Path = Path("run")
    clock: Literal["wall", "stream"] = "wall"
    broker: Literal["auto", "kafka", "mock"] = "auto"
    fixed_ports: bool = False
    """Use 8001 to 8004, and 9092 for a Kafka of our own while nobody else has it; else free ports."""
    environment: dict[str, str] = field(default_factory=dict)
    """More settings for the services, and an existing broker or database; they come before those
    of this process."""
    say: Say = print


class Platform:
    """Starts, watches and stops the whole. Use as an asynchronous context."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.http: dict[str, str] = {}
        self.kind = "external"
        """Which broker it is: external, kafka or mock."""
        self.restarts = 0
        self._owned: list[Embedded] = []
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._backoff = {name: Backoff(name) for name in SERVICES}
        self._stopping = False

    async def __aenter__(self) -> Platform:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self.options.data.mkdir(parents=True, exist_ok=True)
        kafka, mongo = await asyncio.gather(
            asyncio.to_thread(self._broker), asyncio.to_thread(self._database)
        )
        self.settings = Settings(
            kafka=kafka,
            mongo=mongo,
            prefix=self._named("GRIDCASE_PREFIX") or "",
            partitions=int(self._named("GRIDCASE_PARTITIONS") or KEYED_PARTITIONS),
            clock=self.options.clock,
            fetch_max_wait_ms=20 if self.options.clock == "stream" else 100,
        )
        self.options.say("creating topics and publishing the reference data …")
        await provision(self.settings, self.options.reference)
        for name in SERVICES:
            port = PORTS[name] if self.options.fixed_ports else choose_port()
            self.http[name] = f"http://127.0.0.1:{port}"
        await asyncio.gather(*(self._launch(name) for name in SERVICES))
        self.options.say("waiting for the services …")
        await asyncio.gather(*(self._ready(name) for name in SERVICES))
        self._write_endpoints()

    async def stop(self) -> None:
        """SIGTERM to the services, which finish their turn; then the broker and the database."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        for child in self._children.values():
            if child.returncode is None:
                child.terminate()
        await asyncio.gather(*(_ended(child) for child in self._children.values()))
        for embedded in reversed(self._owned):
            await asyncio.to_thread(embedded.stop)
        (self.options.data / "endpoints.json").unlink(missing_ok=True)

    def kill(self, name: str) -> None:
        """SIGKILL one service, as a test of what the platform promises: that is no fault of its."""
        self._backoff[name].worked()
        self._children[name].send_signal(signal.SIGKILL)

    def pid(self, name: str) -> int:
        """The process of a service: another one when it has been started again."""
        return self._children[name].pid

    # ── broker and database ──────────────────────────────────────────────────────────────────

    def _broker(self) -> str:
        named = self._named("KAFKA_BOOTSTRAP_SERVERS")
        if named:
            return named
        possible, why = can_run_kafka()
        if self.options.broker == "mock" or (self.options.broker == "auto" and not possible):
            if self.options.broker == "auto":
                self.options.say(f"no Kafka here ({why}): using the mock cluster, in memory only")
            self.kind = "mock"
            return self._own(start_mock_kafka())
        self.kind = "kafka"
        usual = KAFKA_PORT if self.options.fixed_ports and is_free(KAFKA_PORT) else None
        return self._own(start_kafka(self.options.data, say=self.options.say, port=usual))

    def _database(self) -> str:
        named = self._named("MONGO_URL")
        return named or self._own(start_mongod(self.options.data, say=self.options.say))

    def _named(self, name: str) -> str | None:
        """A setting of the services, which the platform itself must know as well."""
        return self.options.environment.get(name) or os.environ.get(name)

    def _own(self, embedded: Embedded) -> str:
        self._owned.append(embedded)
        return embedded.url

    # ── services ─────────────────────────────────────────────────────────────────────────────

    def environment_of(self, name: str) -> dict[str, str]:
        """What a service is told of the platform that it belongs to."""
        ours = {
            "KAFKA_BOOTSTRAP_SERVERS": self.settings.kafka,
            "MONGO_URL": self.settings.mongo,
            "CLOCK": self.options.clock,
            "GRIDCASE_FETCH_MAX_WAIT_MS": str(self.settings.fetch_max_wait_ms),
            "GRIDCASE_INSTANCE": "one",
            "GRIDCASE_SESSION_TIMEOUT_MS": "2000" if self.kind == "mock" else "10000",
            "PYTHONUNBUFFERED": "1",
        }
        return os.environ | ours | self.options.environment

    async def _launch(self, name: str) -> None:
        port = self.http[name].rpartition(":")[2]
        service = [sys.executable, "-m", "cli.main", "serve", name, "--port", port]
        command = [sys.executable, "-I", "-S", str(DEATHWATCH), str(os.getpid()), *service]
        with (self.options.data / f"{name}.log").open("ab") as log:
            self._children[name] = await asyncio.create_subprocess_exec(
                *command,
                env=self.environment_of(name),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us first, and we stop them in order
            )
        self._watchers.append(asyncio.create_task(self._watch(name)))

    async def _watch(self, name: str) -> None:
        began = monotonic()
        code = await self._children[name].wait()
        if not self._stopping:
            self.restarts += 1
            if monotonic() - began > LIVED:
                self._backoff[name].worked()
            if (rest := self._backoff[name].failed()) > LONG_REST:
                self.options.say(f"{name} ends again and again: resting for {rest:.0f} s")
            await asyncio.sleep(rest)
            self.options.say(f"{name} ended with code {code}: starting it again")
            await self._launch(name)

    async def _ready(self, name: str) -> None:
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        async with httpx.AsyncClient() as client:
            while asyncio.get_running_loop().time() < deadline:
                if await _is_ready(client, self.http[name]):
                    return
                await asyncio.sleep(0.1)
        log = self.options.data / f"{name}.log"
        raise PlatformError(f"{name} is not ready after {READY_SECONDS:.0f} s: see {log}")

    def endpoints(self) -> dict[str, Any]:
        return {
            "kafka": self.settings.kafka,
            "mongo": self.settings.mongo,
            "clock": self.options.clock,
            "prefix": self.settings.prefix,
            "partitions": self.settings.partitions,
            "http": self.http,
        }

    def _write_endpoints(self) -> None:
        path = self.options.data / "endpoints.json"
        path.write_bytes(orjson.dumps(self.endpoints(), option=orjson.OPT_INDENT_2))


async def _is_ready(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def _ended(child: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(child.wait(), timeout=30)
    except TimeoutError:
        child.kill()
        await child.wait()
