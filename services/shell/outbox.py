"""The outbox: what turns have to say, on its way while the next turn goes on.

    put([Outgoing]) ─┬─► answers, into the log ──────────────► acknowledged ─┐
                     └─► words to others ─► dressed by the vault ─► acknowledged ─┴─► emptied()

Two lanes, so that no answer waits for the vault. Each sends one lot at a time, in order; whatever
has come meanwhile goes together in the next. The rule to remember: **a lane that has failed takes
nothing more**, so that nothing is ever said behind what was not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.shell.desk import Outgoing
from services.shell.publishing import Publisher

MOST_WAITING = 2_000
"""Messages that may wait in one lane before the next turn does."""


class Lane:
    def __init__(self, send: Callable[[list[Outgoing]], Awaitable[None]], name: str) -> None:
        self._send = send
        self._name = name
        self._waiting: list[Outgoing] = []
        self._sending: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self._sending is not None and not self._sending.done()

    def check(self) -> None:
        """Raises what a send has raised."""
        if self._sending is not None and self._sending.done():
            self._sending.result()

    async def put(self, out: list[Outgoing]) -> None:
        """Hand over; returns at once unless too much waits. Raises what an earlier send has."""
        self.check()
        self._waiting += out
        if self._waiting and not self.busy:
            self._sending = asyncio.create_task(self._send_all(), name=self._name)
        if len(self._waiting) > MOST_WAITING:
            await self.emptied()

    async def emptied(self) -> None:
        """Wait until all is acknowledged."""
        if self._sending is not None:
            await self._sending

    async def _send_all(self) -> None:
        while self._waiting:
            out, self._waiting = self._waiting, []
            await self._send(out)


class Outbox:
    def __init__(self, publisher: Publisher) -> None:
        self._answers = Lane(publisher.send, "answers")
        self._words = Lane(publisher.publish, "words to others")

    @property
    def busy(self) -> bool:
        """The broker has not acknowledged all yet."""
        return self._answers.busy or self._words.busy

    def check(self) -> None:
        """Raises what a send has raised."""
        self._answers.check()
        self._words.check()

    async def put(self, out: list[Outgoing]) -> None:
        """What a turn has to say. Events are those with a partition of their own: the desk's."""
        await self._answers.put([item for item in out if item.partition is not None])
        await self._words.put([item for item in out if item.partition is None])

    async def emptied(self) -> None:
        """Wait until the broker has acknowledged all. Raises if it did not."""
        await asyncio.gather(self._answers.emptied(), self._words.emptied())
