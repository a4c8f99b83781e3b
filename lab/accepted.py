"""The accepted events of a log, for whoever reads it: copies and voids are left out, by the same
table as in the services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.envelope import Message
from schemas.lifecycle import Standing, advance, void_because


@dataclass(slots=True)
class Accepted:
    """Tells which events count, and keeps where each case stands."""

    standings: dict[str, Standing] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    copies: int = 0
    voids: int = 0

    def admits(self, event: Message[Any]) -> bool:
        """Whether the next event of the log counts; it must be asked once for each, in order."""
        if event.id in self.seen:
            self.copies += 1
            return False
        self.seen.add(event.id)
        standing = self.standings.get(event.subject, Standing())
        if void_because(standing, event.data) is not None:
            self.voids += 1
            return False
        self.standings[event.subject] = advance(standing, event)
        return True

    def holding(self, case: str) -> str | None:
        standing = self.standings.get(case)
        return standing.holding if standing else None
