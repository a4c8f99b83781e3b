"""So many inputs over all targets, in blocks; and one of them again.

inputs, seed ─► each target its share ─► what became of them, and whatever was found
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.fuzz import inbound, routes
from tests.fuzz.target import BLOCK, Found, Target, block


@dataclass(slots=True)
class Report:
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return sum(counter.total() for counter in self.outcomes.values())


def targets() -> tuple[Target, ...]:
    return (*inbound.targets(), *routes.targets())


def named(name: str) -> Target:
    """Raises ValueError for a name that no target has."""
    for target in targets():
        if target.name == name:
            return target
    raise ValueError(f"there is no target {name!r}: python -m tests.fuzz --list")


def run(
    inputs: int,
    seed: int,
    among: Sequence[Target],
    progress: Callable[[Report], None] = lambda _report: None,
) -> Report:
    """All blocks, whatever is found in one of them."""
    report = Report()
    for target, number, some in blocks(inputs, among):
        counter = report.outcomes.setdefault(target.name, Counter())
        try:
            counter += block(target, seed, number, some)
        except Found as found:
            report.found.append(found)
        progress(report)
    return report


def blocks(inputs: int, among: Sequence[Target]) -> Iterator[tuple[Target, int, int]]:
    """Each target's share in blocks, the last one smaller; one block of each in turn, so that a run
    that is broken off has seen all."""
    whole = sum(target.share for target in among)
    left = {target.name: round(inputs * target.share / whole) for target in among}
    number = 0
    while any(left.values()):
        for target in among:
            some = min(left[target.name], BLOCK)
            left[target.name] -= some
            if some:
                yield target, number, some
        number += 1


def replay(address: str) -> Counter[str]:
    """One input again, after those of its block that came before it. Raises `Found`."""
    seed, name, number, nth = address.split("/")
    return block(named(name), int(seed), int(number), int(nth) + 1)
