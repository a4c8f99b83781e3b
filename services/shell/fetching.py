"""Bringing cases into memory: all of a partition where there is room, else each when it is needed.

    take(partition) ─► desk: with all states, or with the timers of all and no state
    fetch(wanted)   ─► the states of cases that a turn needs, one question for all of them

The rule to remember: **what a turn needs is there before it is handed over**, and "there is none" is
an answer as well. A database that is away holds up the cases that are not in memory, no others: they
are asked for again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from time import monotonic
from typing import Generic

import pymongo
from pymongo.errors import PyMongoError

from schemas.rulebook import Rulebooks
from services.decider import Decider, S
from services.shell.backoff import Backoff
from services.shell.desk import Desk
from services.shell.snapshots import PORTION, Snapshots

logger = logging.getLogger(__name__)
PATIENCE = 2.0
"""Seconds that one question may take: others wait meanwhile."""
Wanted = Iterable[tuple[Desk[S], set[str]]]


class Fetching(Generic[S]):
    def __init__(
        self,
        decider: Decider[S],
        rulebooks: Rulebooks,
        snapshots: Snapshots[S],
        room: int | None,
        instance: str = "",
    ) -> None:
        """`room`: so many cases of the whole log may be in memory; None: all of them."""
        self.decider = decider
        self.rulebooks = rulebooks
        self.snapshots = snapshots
        self.room = room
        self._backoff = Backoff(instance)
        self._rests_until = 0.0

    async def take(self, partition: int, partitions: int, positions: dict[str, int]) -> Desk[S]:
        """The desk of a partition, as the database has it. An instance that owns fewer partitions
        needs less memory. Where the database lacks what the group has read, it is folded again."""
        room = None if self.room is None else -(-self.room // max(partitions, 1))
        timers, entries = None, []
        await self.snapshots.renew(partition)
        folded = await self.snapshots.folded(partition)
        if room is None or await self.snapshots.are_at_most(partition, room):
            entries = await self.snapshots.load(partition)
        else:
            timers = await self.snapshots.timers(partition)
        return Desk(
            self.decider,
            self.rulebooks,
            partition,
            entries=entries,
            positions=positions,
            timers=timers,
            room=room,
            folded=folded,
        )

    async def fetch(self, wanted: Wanted[S]) -> bool:
        """Adopt these cases. False if the database is away."""
        asked = {case: desk for desk, cases in wanted for case in cases}
        if not asked:
            return True
        if monotonic() < self._rests_until:
            await asyncio.sleep(0.1)  # what waits for it is read again at once
            return False
        try:
            cases = sorted(asked)
            for first in range(0, len(cases), PORTION):
                await self._adopt({case: asked[case] for case in cases[first : first + PORTION]})
        except PyMongoError as error:
            logger.warning("%d cases that are not in memory wait: %s", len(asked), error)
            self._rests_until = monotonic() + self._backoff.failed()
            return False
        self._backoff.worked()
        return True

    async def _adopt(self, asked: dict[str, Desk[S]]) -> None:
        with pymongo.timeout(PATIENCE):
            found = {entry.id: entry for entry in await self.snapshots.entries(asked)}
        for desk in dict.fromkeys(asked.values()):
            cases = {case for case, its in asked.items() if its is desk}
            desk.adopt([found[case] for case in sorted(cases & found.keys())], cases)
