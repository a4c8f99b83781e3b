"""Playing seeds: one, or many, and what is said of those that fail."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from tests.history import History
from tests.invariants import Violation, violations
from tests.simulation.seams import imagined
from tests.simulation.world import NeverAtRest, World


@dataclass
class Outcome:
    seed: int
    violations: list[Violation]
    faults: int = 0
    records: int = 0
    handles: int = 0
    story: list[str] = field(default_factory=list)
    history: History | None = None

    @property
    def holds(self) -> bool:
        return not self.violations


def play(seed: int, safeguards: AbstractContextManager[Any] | None = None) -> Outcome:
    """One schedule, judged. `safeguards` is what is turned off while it is played, if anything;
    the judge is never touched."""
    world = World(seed)
    with imagined(world):
        try:
            with safeguards or nullcontext():
                history = world.run()
            found = violations(history)
        except NeverAtRest as unrest:
            history, found = None, [Violation("all comes to rest", str(unrest))]
        finally:
            world.loop.buries()
    broken = [str(error.get("exception")) for error in world.loop.errors]
    found += [Violation("the simulator itself is sound", each) for each in broken]
    return Outcome(
        seed,
        found,
        world.faults.injected,
        sum(len(log) for log in world.broker.logs.values()),
        world.loop.handles,
        world.story,
        history,
    )


@dataclass(frozen=True)
class Played:
    """The gist of an outcome, for whoever plays many."""

    seed: int
    broken: str
    """The first promise that was, if any."""
    records: int
    faults: int


def brief(seed: int) -> Played:
    outcome = play(seed)
    broken = str(outcome.violations[0]) if outcome.violations else ""
    return Played(seed, broken, outcome.records, outcome.faults)
