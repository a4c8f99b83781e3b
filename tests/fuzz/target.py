"""What is fuzzed, and how: a target makes a world anew for each block of inputs, and feeds it.

    Random(seed/target/block/number) ─► input ─► feed ─► taken, or refused with a reason; else Found

The rule to remember: **an address is an input**: `1/case.events router/12/34` names a seed, a target,
a block and a number in it, and brings the same bytes to the same world wherever it is run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

BLOCK = 250
"""Inputs that share a world."""
Feed = Callable[[Random], Awaitable[str]]
"""Raises for what must not happen; else says what became of the input: taken, refused, …"""


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    world: Callable[[], Feed]
    share: float = 4
    """Of the inputs, beside the others'."""


class Found(AssertionError):  # noqa: N818 - it says what is the case
    """An input that does what none may."""

    def __init__(self, address: str, error: BaseException) -> None:
        super().__init__(f"{address}: {type(error).__name__}: {error}")
        self.address = address


class Wrong(AssertionError):  # noqa: N818 - it says what is the case
    """What a target says of an answer that it must not get; shows the input."""


def block(target: Target, seed: int, number: int, inputs: int = BLOCK) -> Counter[str]:
    """What became of the first `inputs` of a block. Raises `Found`."""
    return asyncio.run(_block(target, seed, number, inputs))


async def _block(target: Target, seed: int, number: int, inputs: int) -> Counter[str]:
    feed, outcomes = target.world(), Counter[str]()
    for nth in range(inputs):
        address = f"{seed}/{target.name}/{number}/{nth}"
        try:
            outcomes[await feed(Random(address))] += 1
        except Exception as error:
            raise Found(address, error) from error
    return outcomes
