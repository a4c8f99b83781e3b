"""The figures as they are now, on one running instance.

    desks of this instance ─► those in memory that changed ─┐
    the database ─► the others that changed ────────────────┴─► cabinet ─► boards ─► cards, lists

What this instance owns it knows to the last event; what others own is read from their stored facts,
at most every ten seconds. Changes are put on the boards when somebody looks.

How far it has come is written down as an offset of the log for each partition: **below it nothing is
lacking in the cabinet**. A case that has changed since has a later offset, in memory or, if it has
left the memory, in the database, which was told of it before it left.

The rule to remember: **looking costs what changed**, not how many cases there are.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from schemas.rulebook import Rulebook
from services.rating.board import Board
from services.rating.cabinet import Cabinet
from services.rating.facts import State
from services.rating.scorecards import board_of
from services.shell.desk import Desk
from services.shell.runtime import Runtime

OTHERS_EVERY = 10.0
"""Seconds between two looks at what other instances have stored."""
BOARDS = 4
"""Periods that are kept up to date; the one that nobody has asked for longest makes room."""
PORTION = 50
"""Cases put on the boards at a stretch: many take seconds, in which the step must go on."""
REST = 4
"""Where nobody waits for the figures, a portion is followed by a rest so many times as long: the
machine may have to carry others."""


class Live:
    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime
        self.facts = Cabinet()
        """Every case that is known here."""
        self._boards: OrderedDict[tuple[str, str], Board] = OrderedDict()
        self._looking = asyncio.Lock()
        self._complete: dict[int, int] = {}
        """By partition, the offset of the log below which nothing is lacking in the cabinet."""
        self._looked_at_others = -OTHERS_EVERY
        self._waiting = 0
        """How many wait for the figures, or for their turn to look."""

    def now(self) -> datetime:
        return self.runtime.step.ticked or datetime.now(UTC)

    def rules(self) -> Rulebook:
        return self.runtime.feed.rulebooks.at(self.now())

    async def board(self, period: str, *, unhurried: bool = False) -> Board:
        """The board of a period as of now. ValueError for a malformed period."""
        async with self._turn(unhurried):
            await self._look()
            now, rules = self.now(), self.rules()
            key = (period, rules.version)
            if key not in self._boards:
                await self._make(period, rules, now)
            self._boards.move_to_end(key)
            self._boards[key].advance(now)
            return self._boards[key]

    async def look(self) -> None:
        """Take in what has changed: `facts` are those of now afterwards."""
        async with self._turn():
            await self._look()

    @asynccontextmanager
    async def _turn(self, unhurried: bool = False) -> AsyncIterator[None]:
        """One looks at a time; somebody who waits hurries whoever is at it."""
        self._waiting += not unhurried
        try:
            async with self._looking:
                yield
        finally:
            self._waiting -= not unhurried

    async def _pause(self, began: float) -> float:
        """After a portion. When the next begins."""
        await asyncio.sleep(0 if self._waiting else REST * (monotonic() - began))
        return monotonic()

    async def _look(self) -> None:
        """Each partition is looked at as one's own or as another's, also where it changes hands in
        the meantime."""
        own = dict(self.runtime.step.desks)
        for number, desk in own.items():
            if self._complete.get(number, 0) < desk.folded:
                await self._look_at_own(number, desk)
        if monotonic() - self._looked_at_others >= OTHERS_EVERY:
            await self._look_at_others(own)
            self._looked_at_others = monotonic()

    async def _look_at_own(self, number: int, desk: Desk[State]) -> None:
        """What is not in memory now is stored as it stands, or in a state that is newer still."""
        since, folded = self._complete.get(number, 0), desk.folded
        in_memory = {e.id: e.state for e in desk.entries.values() if e.offset >= since}
        if not desk.cases.whole:
            await self._take_stored(number, since, but=in_memory)
        began = monotonic()
        for done, (case, facts) in enumerate(in_memory.items(), start=1):
            self._take(case, self.facts.put(case, facts))
            if done % PORTION == 0:
                began = await self._pause(began)
        self._complete[number] = folded

    async def _look_at_others(self, own: Container[int]) -> None:
        """Read first how far their owners have stored them: what lands meanwhile is read again."""
        others = [number for number in range(self.runtime.step.partitions) if number not in own]
        if not others:
            return
        stored = await self.runtime.snapshots.stored_up_to()
        for number in others:
            since = self._complete.get(number, 0)
            await self._take_stored(number, since)
            self._complete[number] = max(since, stored.get(number, 0))

    async def _take_stored(
        self, partition: int, since: int, but: Mapping[str, State] | None = None
    ) -> None:
        async for portion in self.runtime.snapshots.changed(partition, since, PORTION):
            began = monotonic()
            for document in portion:
                case = document["_id"]
                if not but or case not in but:
                    self._take(case, self.facts.put_stored(case, document["state"]))
            await self._pause(began)

    def _take(self, case: str, changed: bool) -> None:
        """Nothing comes between the cabinet and the boards: they tell of the same facts."""
        if changed and self._boards:
            facts = self.facts[case]
            for board in self._boards.values():
                board.put(case, facts)

    async def _make(self, period: str, rules: Rulebook, now: datetime) -> None:
        """Computed in a thread: with many cases it takes minutes, in which the step must go on."""
        board = await asyncio.to_thread(board_of, self.facts, rules, period, now)
        self._boards[period, rules.version] = board
        while len(self._boards) > BOARDS:
            self._boards.popitem(last=False)
