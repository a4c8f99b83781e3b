"""Work on a log's partitions, over several processes.

    log ─► partitions dealt out ─► work(path, partitions) in each process ─► the parts

The rule to remember: **partitions share nothing**, so how many processes there are changes nothing.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import TypeVar

START = "fork" if "fork" in get_all_start_methods() else "spawn"
"""Everything is imported once: that alone takes longer than a month's log."""
T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Path, Sequence[int]], T]
"""What is done with the lines of some partitions of a file."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def over_partitions(work: Work[T], path: Path, partitions: int, jobs: int) -> list[T]:
    """The parts of the whole; `work` must be picklable where there are several jobs."""
    shares = [list(range(partitions))[first::jobs] for first in range(min(jobs, partitions))]
    return over(partial(work, path), shares)


def over(work: Callable[[Sequence[int]], T], shares: Sequence[Sequence[int]]) -> list[T]:
    if len(shares) == 1:
        return [_undisturbed(work, shares[0])]
    with ProcessPoolExecutor(len(shares), mp_context=get_context(START)) as pool:
        return list(pool.map(partial(_undisturbed, work), shares))


def dealt(work: Callable[[Sequence[int]], list[R]], things: int, jobs: int) -> list[R]:
    """What is found of each of so many things that share nothing, in their order; `work` finds it of
    those that it is given."""
    jobs = min(jobs, things)
    found = over(work, [range(first, things, jobs) for first in range(jobs)])
    return [found[place % jobs][place // jobs] for place in range(things)]


def _undisturbed(work: Callable[[Sequence[int]], T], share: Sequence[int]) -> T:
    """Without the collector of cycles: a fold makes none, and it would look at every case again and
    again."""
    was = gc.isenabled()
    gc.disable()
    try:
        return work(share)
    finally:
        if was:
            gc.enable()
