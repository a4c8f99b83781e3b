"""Finding cases: whatever is asked about many of them goes by labels, and reads only those meant.

    count()          ─► how many are stored under each label, for gauges
    labelled(regex)  ─► the states of those meant, for lists
    one(case)        ─► its state

The rule to remember: **memory is right, the database is a second behind**; so what is in memory
counts, and what is not is stored as it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Generic

from services.decider import Decider, S
from services.shell.desk import Desk
from services.shell.snapshots import Snapshots


class Finding(Generic[S]):
    def __init__(
        self, decider: Decider[S], desks: Mapping[int, Desk[S]], snapshots: Snapshots[S]
    ) -> None:
        self.decider = decider
        self.desks = desks
        """Those of the partitions that this instance owns, now and later."""
        self.snapshots = snapshots

    async def count(self) -> Counter[str]:
        """How many cases of this instance's partitions are stored under each label. Once a second
        or so, when they are saved, the documents catch up with the log."""
        return await self.snapshots.labelled(self.desks)

    async def labelled(self, pattern: str) -> dict[str, S]:
        """The cases of this instance's partitions whose labels match a regular expression, by id."""
        found = self._in_memory()
        if not all(desk.cases.whole for desk in self.desks.values()):
            wanted = {
                "partition": {"$in": list(self.desks)},
                "labels": {"$exists": True, "$regex": pattern},
            }
            stored = {case: state async for case, state in self.snapshots.states(wanted)}
            found = stored | found | self._in_memory()  # some came or went meanwhile
        labels, is_meant = self.decider.labels, re.compile(pattern).search
        return {case: s for case, s in found.items() if is_meant(" ".join(labels(s)))}

    async def one(self, case: str) -> S | None:
        """The state of a case; that of another instance's as it is stored."""
        for desk in self.desks.values():
            if (entry := desk.entries.get(case)) is not None:
                return entry.state
        stored = await self.snapshots.entries([case])
        return stored[0].state if stored else None

    def _in_memory(self) -> dict[str, S]:
        desks = self.desks.values()
        return {entry.id: entry.state for desk in desks for entry in desk.entries.values()}
