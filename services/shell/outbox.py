"""The outbox: what turns have to say, on its way while the next turn goes on.

    put([Outgoing]) ─┬─► answers, into the log ───────────────────────────► acknowledged ─┐
                     └─► words to others ─► each turn's dressed at once ─► acknowledged ─┴─► said()

Two lanes, so that no answer waits for the vault. Each sends one lot at a time, in order; whatever
is ready meanwhile goes together in the next. The rule to remember: **a lane that has failed takes
nothing more**, so that nothing is ever said behind what was not.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from services.shell.desk import Outgoing
from services.shell.publishing import Dress, Publisher, as_they_are

MOST_WAITING = 2_000
"""Messages that may wait in one lane before the next turn does."""


@dataclass(slots=True)
class Turn:
    """What one turn had to say in one lane."""

    dressed: asyncio.Task[list[Outgoing]]
    acknowledged: asyncio.Future[None]


class Lane:
    def __init__(
        self, dress: Dress, send: Callable[[list[Outgoing]], Awaitable[None]], name: str
    ) -> None:
        self._dress = dress
        self._send = send
        self._name = name
        self._turns: deque[Turn] = deque()
        self._last: asyncio.Future[None] | None = None
        """The broker's word on the latest turn; it is given in order."""
        self._waiting = 0
        self._sending: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self._last is not None and not self._last.done()

    def check(self) -> None:
        """Raises what a send has raised."""
        if self._sending is not None and self._sending.done():
            self._sending.result()

    async def put(self, out: list[Outgoing]) -> None:
        """Hand over; returns at once unless too much waits. Raises what an earlier send has."""
        self.check()
        if not out:
            return
        self._last = asyncio.get_running_loop().create_future()
        dressed = asyncio.create_task(self._dressed(out), name=self._name)
        self._turns.append(Turn(dressed, self._last))
        self._waiting += len(out)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all(), name=self._name)
            self._sending.add_done_callback(_heard)
        if self._waiting > MOST_WAITING:
            await self._last

    def said(self) -> asyncio.Future[None] | None:
        """The broker's word on all that was handed over up to now."""
        return self._last

    async def _dressed(self, out: list[Outgoing]) -> list[Outgoing]:
        return await self._dress(out)

    async def _send_all(self) -> None:
        while self._turns:
            lot = [self._turns.popleft()]
            try:
                out = list(await lot[0].dressed)
                while self._turns and self._turns[0].dressed.done():
                    lot.append(self._turns.popleft())
                    out += lot[-1].dressed.result()
                await self._send(out)
            except BaseException as error:
                _tell([*lot, *self._turns], error)
                raise
            self._waiting -= len(out)
            for turn in lot:
                turn.acknowledged.set_result(None)


def _heard(sending: asyncio.Task[None]) -> None:
    """Whoever puts or checks next raises it; there may be nobody any more."""
    if not sending.cancelled():
        sending.exception()


def _tell(turns: Iterable[Turn], error: BaseException) -> None:
    """That their words will not be said."""
    for turn in turns:
        if not turn.acknowledged.done():
            turn.acknowledged.set_exception(
                error if isinstance(error, Exception) else InterruptedError("cut short")
            )
            turn.acknowledged.exception()  # there may be nobody who waits for it


class Outbox:
    def __init__(self, publisher: Publisher) -> None:
        self._dress = publisher.dress
        self._answers = Lane(as_they_are, publisher.send, "answers")
        self._words = Lane(publisher.dress, publisher.send, "words to others")

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
        answers = [item for item in out if item.partition is not None]
        self._dress.foresee(answers)
        await self._answers.put(answers)
        await self._words.put([item for item in out if item.partition is None])

    def said(self) -> Awaitable[Any]:
        """Waits until the broker has acknowledged all that was handed over before this call; what
        comes later is not waited for. Raises if it did not."""
        last = (self._answers.said(), self._words.said())
        return asyncio.gather(*(asyncio.shield(word) for word in last if word is not None))
