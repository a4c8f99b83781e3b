"""Refusals that wait: one is only decided when the log has been read to its current end, since what
allows the cause may be on its way.

    wait(entry, pending) ─► log_ends_at(end) ─► take(may): those whose log is read so far
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic

from services.decider import S
from services.shell.entries import Entry, Pending


class Refusals(Generic[S]):
    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Entry[S], Pending]] = {}

    def wait(self, entry: Entry[S], pending: Pending) -> None:
        self._waiting[entry.id] = (entry, pending)

    def need_log_end(self) -> bool:
        return any(pending.bar is None for _, pending in self._waiting.values())

    def log_ends_at(self, end: int) -> None:
        """The log's current end, asked for after the refusals were thought of."""
        for _, pending in self._waiting.values():
            pending.bar = end if pending.bar is None else pending.bar

    def take(self, may_refuse: Callable[[Pending], bool]) -> Iterator[Entry[S]]:
        """The cases whose refusal may be decided now; the others go on waiting, unless their cause
        has been answered otherwise."""
        waiting, self._waiting = self._waiting, {}
        for entry, pending in waiting.values():
            if may_refuse(pending):
                yield entry
            elif entry.queue and entry.queue[0] is pending:
                self._waiting[entry.id] = (entry, pending)
