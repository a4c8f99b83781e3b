"""Causes that have no answer yet, by the lane that they came by: what holds a commit back."""

from __future__ import annotations

from services.shell.entries import COMMANDS, LOG, TICKS, Pending


class Open:
    def __init__(self) -> None:
        self.number = 0
        """How many there are, ticks included."""
        self._offsets: dict[str, dict[int, None]] = {LOG: {}, COMMANDS: {}}
        """Of each lane in the order of reading."""

    def add(self, pending: Pending) -> None:
        self.number += 1
        if pending.lane != TICKS:
            self._offsets[pending.lane][pending.offset] = None

    def done(self, pending: Pending) -> None:
        self.number -= 1
        if pending.lane != TICKS:
            self._offsets[pending.lane].pop(pending.offset, None)

    def lowest(self, lane: str, position: int) -> int:
        """The lowest offset that is open; `position` where none below it is."""
        return min(next(iter(self._offsets[lane]), position), position)
