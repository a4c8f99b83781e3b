"""``python -m benchmarks.timers [N]``: the timers of a million open cases, in one process.

What a restart costs, a tick with nothing due, a morning on which ten thousand are due in the same
second, and what stays in memory when every timer has moved ten times.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from random import Random
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

from schemas import ids
from services.shell.timers import Timers

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
MORNING = 10_000


def pairs(number: int) -> list[tuple[str, datetime]]:
    """Some due at the same second, the rest within the next two months."""
    chance = Random(6)
    seconds = [0] * MORNING + [chance.randrange(1, 60 * 86_400) for _ in range(number - MORNING)]
    return [
        (ids.derive("case", n), NOW + timedelta(seconds=second)) for n, second in enumerate(seconds)
    ]


def megabytes() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def main(number: int) -> None:
    cases = pairs(number)
    before, begun = megabytes(), perf_counter()
    timers = Timers(cases)
    print(
        f"{number:,} timers: restart {perf_counter() - begun:.2f} s, {megabytes() - before:.0f} MB"
    )
    begun = perf_counter()
    for second in range(1_000):
        assert not list(timers.take(NOW - timedelta(seconds=1_000 - second)))
    print(f"a tick with nothing due {(perf_counter() - begun):.4f} ms")
    begun = perf_counter()
    due = list(timers.take(NOW))
    print(f"{len(due):,} due in one second: {(perf_counter() - begun) * 1000:.1f} ms")
    assert due == sorted(due)
    before, begun = megabytes(), perf_counter()
    for turn in range(10):
        for case, at in cases:
            timers.set(case, at + timedelta(days=60, hours=turn))
    took = (perf_counter() - begun) / number / 10
    print(f"moved ten times each: {took * 1e6:.2f} µs a move, {megabytes() - before:.0f} MB more")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
