"""A server as a child process: started, waited for, stopped, and never left behind.

In: a command, a log file, and a question that says whether the server answers. Out: an `Embedded`.
The one rule to remember: `deathwatch.py` ties the child to the *thread* that started it, for so
Linux counts parents. Hence each child has a thread of its own, which lives exactly as long.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

TAIL_LINES = 15
DEATHWATCH = Path(__file__).with_name("deathwatch.py")
PORTS = range(20_000, 32_000)
"""Below the range from which Linux takes the ports of outgoing connections: a client that keeps
calling a stopped server there would in time be given that very port, and talk to itself on it."""


class EmbeddedError(RuntimeError):
    """A server cannot be had here; the text says why, what to do next, and how its log ends."""


@dataclass(frozen=True)
class Embedded:
    """A server that listens at `url` until `stop()`, or until this process ends."""

    kind: Literal["kafka", "mock", "mongod"]
    url: str
    """Kafka's bootstrap servers, or a MongoDB URL."""
    pid: int | None = None
    """The server's process; None for the mock cluster, which lives in this one."""
    close: Callable[[], None] = field(default=lambda: None, repr=False)

    def stop(self) -> None:
        """Ask it to end, wait, and after a while kill it. A second call does nothing."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()


class Child:
    """One server process in a session of its own, so that Ctrl-C reaches us and not the server."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.command, self.log = command, log
        self.ended = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        name = f"keeper of {log.stem}"
        threading.Thread(target=self._keep, args=(started,), name=name, daemon=True).start()
        self.process = started.result()

    def _keep(self, started: Future[subprocess.Popen[bytes]]) -> None:
        try:
            started.set_result(process := self._start())
        except OSError as error:
            started.set_exception(error)
            return
        process.wait()
        self.ended.set()

    def _start(self) -> subprocess.Popen[bytes]:
        launcher = [sys.executable, "-I", "-S", str(DEATHWATCH), str(os.getpid())]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                launcher + self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, answers: Callable[[], bool], seconds: float, next_step: str) -> None:
        """Return once it answers; raises `EmbeddedError` if it ends first or takes too long."""
        deadline = time.monotonic() + seconds
        while not answers():
            if self.ended.is_set():
                raise self._failure(f"ended with code {self.process.returncode}", next_step)
            if time.monotonic() > deadline:
                self.stop()
                raise self._failure(f"does not answer after {seconds:.0f} s", next_step)
            self.ended.wait(0.05)

    def _failure(self, what: str, next_step: str) -> EmbeddedError:
        return EmbeddedError(
            f"{self.log.stem} {what}. {next_step}\n--- the end of {self.log}:\n{tail(self.log)}"
        )

    def stop(self, patience: float = 30.0) -> None:
        """SIGTERM, wait up to `patience` seconds, SIGKILL."""
        self.process.terminate()
        if not self.ended.wait(patience):
            self.process.kill()
            self.ended.wait()


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    if not log.exists():
        return "(it is empty)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(it is empty)"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(last: int | None = None) -> int:
    """The port of the last run if it is free, so that clients find a restarted server again."""
    if last is not None and is_free(last):
        return last
    return next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
