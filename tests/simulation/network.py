"""The network between processes, broker and database: how long a word takes, and whether it comes.

A request is out of its sender's hands: it may still arrive after the sender died or froze.

    request(work) ─► lost on the way ───────────────► error
                  ─► work() done, its answer lost ──► error
                  ─► work() done ───────────────────► answer
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from tests.simulation.loop import PROCESS, Living, Loop

T = TypeVar("T")
OUTSIDE = Context()
"""Whatever runs in it belongs to no process."""


@dataclass
class Weather:
    """How bad it is. Shares of all requests."""

    slow: float = 0.0
    """Take up to `slowest` seconds."""
    lost: float = 0.0
    """Never arrive."""
    unanswered: float = 0.0
    """Are done, but their sender never hears."""
    slowest: float = 3.0


CALM = Weather()


class Network:
    def __init__(self, loop: Loop, chance: Random) -> None:
        self.loop = loop
        self.chance = chance
        self.weather = CALM
        self.travelling = 0
        """Requests on their way."""

    def delay(self) -> float:
        if self.weather.slow and self.chance.random() < self.weather.slow:
            return self.chance.random() * self.weather.slowest
        return 0.001 + self.chance.random() * 0.02

    async def trip(self) -> None:
        await asyncio.sleep(self.delay())

    def at(self, when: float, work: Callable[[], Any]) -> None:
        """Do something outside of all processes."""
        self.travelling += 1

        def arrived() -> None:
            self.travelling -= 1
            work()

        self.loop.call_at(when, arrived, context=OUTSIDE)

    def request(
        self,
        work: Callable[[], T],
        error: Callable[[], Exception],
        *,
        after: float = 0.0,
        arrived: Callable[[float], None] = lambda _: None,
    ) -> asyncio.Future[T]:
        """Ask for `work` to be done, not before `after`; `arrived` is told when that will be."""
        answer: asyncio.Future[T] = self.loop.create_future()
        sender = PROCESS.get()
        when = max(self.loop.now + self.delay(), after)
        arrived(when)
        if self.chance.random() < self.weather.lost:
            self.at(when + 1.0, lambda: _fail(answer, error()))
        else:
            self.at(when, lambda: self._do(work, answer, error, sender))
        return answer

    def _do(
        self,
        work: Callable[[], T],
        answer: asyncio.Future[T],
        error: Callable[[], Exception],
        sender: Living | None,
    ) -> None:
        if sender is not None and sender.dead and self.chance.random() < 0.5:
            return  # it had not left the machine
        try:
            result = work()
        except Exception as fault:  # the answer is an error
            refusal = fault
            self.at(self.loop.now + self.delay(), lambda: _fail(answer, refusal))
            return
        when = self.loop.now + self.delay()
        if self.chance.random() < self.weather.unanswered:
            self.at(when + 1.0, lambda: _fail(answer, error()))
        else:
            self.at(when, lambda: _succeed(answer, result))


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # somebody may have died who would have looked


def _succeed(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)
