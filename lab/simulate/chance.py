"""Chance that is the same every time: numbers that follow from a seed and what they are for.

The rule to remember: **what is left to chance in one case does not depend on any other**. So a case
keeps its luck when a department is given more hands, and two runs differ only by what was changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_SCALE = float(2**64)


def chances(*parts: object) -> tuple[float, ...]:
    """Eight independent numbers, 0 ≤ x < 1, for these parts. A microsecond or two."""
    name = "\x1f".join([str(part) for part in parts])
    digest = blake2b(name.encode(), digest_size=64).digest()
    return tuple(
        [int.from_bytes(digest[place : place + 8], "big") / _SCALE for place in range(0, 64, 8)]
    )


def chosen(weights: Mapping[T, float], chance: float) -> T:
    """One of the keys, by its weight. ValueError where there is none."""
    if not weights:
        raise ValueError("nothing to choose from")
    left = chance * sum(weights.values())
    last = None
    for value, weight in weights.items():
        left -= weight
        last = value
        if left < 0:
            break
    return last  # type: ignore[return-value]


def place(shares: Sequence[float], chance: float) -> int:
    """The place in a row of weights."""
    return chosen(dict(enumerate(shares)), chance)
