"""``python -m benchmarks.open_cases [N]``: sla's desks with a million open cases, in one process.

Twelve partitions of cases that are held, ten thousand of them due at the same second, 08:30 in the
morning; no broker and no database, so it is the desks' own time. What a restart costs once the
states are read, a tick with nothing due, and that morning, decided and in order of due time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

from schemas import ids
from schemas.events import Deadline
from schemas.lifecycle import Standing, Status
from schemas.reference import DeadlineKind, Level, Service
from schemas.rulebook import Rulebooks
from services.shell.desk import Desk, Entry
from services.shell.reference import read_folder
from services.sla.domain import DECIDER
from services.sla.state import Clock, Holder, State

PARTITIONS = 12
MORNING = datetime(2022, 7, 5, 0, 30, tzinfo=UTC)
DUE_THEN = 10_000
SECONDS = 60
"""So many ticks with nothing due are measured."""
HANYIN = Path(__file__).parents[1] / "deploy/hanyin"


def held(due: datetime) -> State:
    """A case that a village signed for; its holder's clock runs out at `due`."""
    deadline = Deadline(
        kind=DeadlineKind.RESOLVE,
        started=due - timedelta(days=2),
        due=due,
        duration="2wd",
        policy="usual",
        climbs=True,
    )
    holding = ids.derive("holding")
    return State(
        standing=Standing(Status.SIGNED, holding),
        service=Service.SENTIMENT,
        holder=Holder("vc", Level.VILLAGE, signed_at=due - timedelta(days=1)),
        clocks=(Clock(deadline, ids.derive("deadline-set")),),
    )


def entries(partition: int, number: int, due_then: int) -> Iterator[Entry[State]]:
    """Those that are due in the morning share their states by the minute, as the others do."""
    morning = held(MORNING)
    later = [held(MORNING + timedelta(minutes=n)) for n in range(1, 5_000)]
    for n in range(number):
        state = morning if n < due_then else later[n % len(later)]
        yield Entry(ids.derive("case", partition, n), replace(state), offset=n)


def megabytes() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def main(number: int) -> None:
    books = Rulebooks([read_folder(HANYIN)])
    each, due = number // PARTITIONS, DUE_THEN // PARTITIONS
    known = [list(entries(n, each, due)) for n in range(PARTITIONS)]
    before, begun = megabytes(), perf_counter()
    desks = [Desk(DECIDER, books, n, entries=some) for n, some in enumerate(known)]
    took = perf_counter() - begun
    print(f"{number:,} open cases: timers set in {took:.1f} s, {megabytes() - before:.0f} MB")

    slowest = 0.0
    for second in range(SECONDS, 0, -1):
        begun = perf_counter()
        for desk in desks:
            desk.tick(MORNING - timedelta(seconds=second))
            desk.settle()
        slowest = max(slowest, perf_counter() - begun)
    print(f"a tick with nothing due: {slowest * 1000:.3f} ms at most, all desks together")

    begun = perf_counter()
    out = []
    for desk in desks:
        desk.tick(MORNING)
        desk.settle()
        out += [event.message for event in desk.take_outgoing()]
    took = perf_counter() - begun
    assert all(event.time == MORNING for event in out)
    print(f"{len(out):,} due at the same second, decided: {took:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
