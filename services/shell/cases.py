"""Which cases of a partition are in memory: all of them, or so many as there is room for.

    missing(ids) ─► the database is asked, once for all ─► adopt(found, asked)
    evict()      ─► those go that lie idle, are stored, and were not asked for lately

The rule to remember: **what is not in memory is in the database, and nothing of the log that was
folded is lacking there**. So a case goes only when the database has confirmed it as it stands; and
a case that was not asked for is never taken for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic

from services.decider import S
from services.shell.entries import Entry


class NotAsked(Exception):  # noqa: N818 - a fault of the program, which ends the process
    """A case was taken up before the database was asked for it."""


class Cases(Generic[S]):
    def __init__(
        self, entries: Iterable[Entry[S]] = (), *, whole: bool = True, room: int | None = None
    ) -> None:
        self.entries = {entry.id: entry for entry in entries}
        self.whole = whole
        """All cases of the partition are here: whatever is not is new."""
        self.room = room
        """How many may stay; None: all."""
        self._new: set[str] = set()
        """The database was asked for them in this turn, and knows none."""
        self._confirmed = False
        """The database has confirmed something since eviction last came by."""

    def missing(self, cases: Iterable[str]) -> set[str]:
        """Those that the database has to be asked for."""
        if self.whole:
            return set()
        return {case for case in cases if case not in self.entries and case not in self._new}

    def adopt(self, found: Iterable[Entry[S]], asked: Iterable[str]) -> list[Entry[S]]:
        """What the database had of the cases that it was asked for. Says which came in: one that is
        here already is newer."""
        came = [entry for entry in found if entry.id not in self.entries]
        self.entries.update((entry.id, entry) for entry in came)
        self._new.update(case for case in asked if case not in self.entries)
        return came

    def may_be_new(self, case: str) -> None:
        """Raises `NotAsked` unless it is known that the database has no such case."""
        if not self.whole and case not in self._new:
            raise NotAsked(f"case {case}")

    def confirm(self, case: str, offset: int) -> None:
        """The database has the case up to this record of the log."""
        entry = self.entries.get(case)
        if entry is not None and entry.stored < offset:
            entry.stored = offset
        self._confirmed = True

    def end_turn(self) -> None:
        """What the database knew not may be there by the next turn."""
        self._new.clear()
        if self._confirmed:
            self._confirmed = False
            self._evict()

    def _evict(self) -> None:
        """At most two rounds: in the first, what was asked for lately is spared."""
        for spare in (True, False):
            for case in list(self.entries) if self._over() else ():
                if not self._over():
                    return
                entry = self.entries[case]
                spared = spare and entry.used
                entry.used = False
                if not spared and self.may_go(entry):
                    del self.entries[case]
                    self.whole = False
                else:
                    self.entries[case] = self.entries.pop(case)  # behind the others

    def _over(self) -> bool:
        return self.room is not None and len(self.entries) > self.room

    def may_go(self, entry: Entry[S]) -> bool:
        return entry.is_idle and entry.is_stored
