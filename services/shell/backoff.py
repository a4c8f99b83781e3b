"""Backing off: how long to rest before something that failed is tried again.

    failed() ─► each rest up to twice as long as the one before, to a longest; worked() ─► at once again

The rule to remember: **no two instances rest alike.** Chance takes up to half of each rest, so what all
lost at once is not struck by all at once when it comes back. It is seeded by the instance's name: the
same instance, the same rests, so a simulated schedule replays exactly.
"""

from __future__ import annotations

from random import Random

FIRST = 0.25
LONGEST = 10.0
"""Seconds."""


class Backoff:
    def __init__(self, instance: str, first: float = FIRST, longest: float = LONGEST) -> None:
        self._chance = Random(instance)
        self._first = first
        self._longest = longest
        self._failures = 0
        """In a row."""

    def failed(self) -> float:
        """Seconds to rest."""
        whole = min(self._first * 2.0 ** min(self._failures, 30), self._longest)
        self._failures += 1
        return whole * (1 - self._chance.random() / 2)

    def worked(self) -> None:
        self._failures = 0
