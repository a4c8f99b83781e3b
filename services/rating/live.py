"""The figures as they are now, on one running instance.

    desks of this instance ─┐
    other instances' facts ─┴─► boards of the periods that somebody asked for ─► cards, lists

What this instance owns it knows to the last event; what others own is read from their stored facts,
at most every ten seconds. Changes are put on the boards when somebody looks.

The rule to remember: **looking costs what changed**, not how many cases there are.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from schemas.rulebook import Rulebook
from services.rating.board import Board
from services.rating.facts import State
from services.rating.scorecards import board_of
from services.shell.desk import Desk
from services.shell.runtime import Runtime

OTHERS_EVERY = 10.0
"""Seconds between two looks at what other instances have stored."""
BOARDS = 4
"""Periods that are kept up to date; the one that nobody has asked for longest makes room."""
PORTION = 50
"""Cases put on a board at a stretch."""


class Live:
    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime
        self.facts: dict[str, State] = {}
        """Every case that is known here."""
        self._boards: OrderedDict[tuple[str, str], Board] = OrderedDict()
        self._looking = asyncio.Lock()
        self._offsets: dict[str, int] = {}
        self._folded: dict[int, tuple[int, int]] = {}
        """Which desk there was of each partition, and how far it had read the log."""
        self._looked_at_others = -OTHERS_EVERY

    def now(self) -> datetime:
        return self.runtime.step.ticked or datetime.now(UTC)

    def rules(self) -> Rulebook:
        return self.runtime.feed.rulebooks.at(self.now())

    async def board(self, period: str) -> Board:
        """The board of a period as of now. ValueError for a malformed period."""
        async with self._looking:
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
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        changed = await self._changes()
        for board in self._boards.values():
            await _put_all(board, changed)

    async def _make(self, period: str, rules: Rulebook, now: datetime) -> None:
        """Computed in a thread: with many cases it takes seconds, in which the step must go on."""
        facts = list(self.facts.items())
        board = await asyncio.to_thread(board_of, facts, rules, period, now)
        self._boards[period, rules.version] = board
        while len(self._boards) > BOARDS:
            self._boards.popitem(last=False)

    async def _changes(self) -> list[tuple[str, State]]:
        """The cases whose facts are not those that are known here, which they are afterwards."""
        changed = self._own_changes()
        if monotonic() - self._looked_at_others >= OTHERS_EVERY:
            changed += await self._others_changes()
            self._looked_at_others = monotonic()
        self.facts.update(changed)
        return changed

    def _own_changes(self) -> list[tuple[str, State]]:
        known = self.facts.get
        return [
            (case, entry.state)
            for desk in self._moved()
            for case, entry in desk.entries.items()
            if known(case) is not entry.state
        ]

    def _moved(self) -> list[Desk[State]]:
        """The desks that have folded something since they were last looked at."""
        desks = self.runtime.step.desks
        moved = [
            desk for n, desk in desks.items() if self._folded.get(n) != (id(desk), desk.folded)
        ]
        self._folded = {number: (id(desk), desk.folded) for number, desk in desks.items()}
        return moved

    async def _others_changes(self) -> list[tuple[str, State]]:
        own = list(self.runtime.step.desks)
        if len(own) == self.runtime.step.partitions:
            return []
        snapshots = self.runtime.snapshots
        theirs = {"partition": {"$nin": own}}
        offsets = await snapshots.offsets(theirs)
        newer = [case for case, at in offsets.items() if self._offsets.get(case) != at]
        self._offsets = offsets
        documents = await snapshots.read(theirs | {"_id": {"$in": newer}}) if newer else []
        return await asyncio.to_thread(snapshots.facts, documents)


async def _put_all(board: Board, changed: Iterable[tuple[str, State]]) -> None:
    """Many cases take seconds, in which the step must go on."""
    for number, (case, facts) in enumerate(changed, start=1):
        board.put(case, facts)
        if number % PORTION == 0:
            await asyncio.sleep(0)
