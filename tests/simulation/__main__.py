"""python -m tests.simulation: play schedules, and say which break a promise.

--seed 7              one, with its whole story
--seeds 1000          as many, beginning with --from
--jobs 2              on so many cores
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from multiprocessing import Pool
from time import monotonic

from tests.simulation.running import Played, brief, play

SAYS_AFTER = 30.0
"""Seconds between two words of how far it is."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--seed", type=int, help="play this one, and tell all")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many to play")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first of them")
    parser.add_argument("--most", type=int, default=10, help="stop after so many that fail")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--jobs", type=int, default=cores, help=f"processes (default: {cores})")
    given = parser.parse_args()
    if given.seed is not None:
        return tell(given.seed)
    return many(range(given.first, given.first + given.seeds), given.most, given.jobs)


def tell(seed: int) -> int:
    outcome = play(seed)
    print("\n".join(outcome.story))
    if outcome.history is not None:
        for record in outcome.history.log:
            if record.message is not None:
                print(f"  {record} {record.message.subject[:8]} {record.message.type}")
    print(f"seed {outcome.seed}: {outcome.records} records, {outcome.faults} faults")
    for violation in outcome.violations:
        print(f"  {violation}")
    return 0 if outcome.holds else 1


@dataclass
class Sum:
    """What has been played so far."""

    began: float
    of: int
    played: int = 0
    failed: int = 0
    records: int = 0
    faults: int = 0

    def add(self, one: Played) -> None:
        self.played += 1
        self.records += one.records
        self.faults += one.faults
        if one.broken:
            self.failed += 1
            print(f"seed {one.seed} fails: {one.broken}", flush=True)
            print(f"    again: python -m tests.simulation --seed {one.seed}", flush=True)

    def __str__(self) -> str:
        rate = self.played / (monotonic() - self.began) * 60
        return (
            f"{self.played} of {self.of} seeds, {self.failed} fail; {self.records} records, "
            f"{self.faults} faults; {rate:.0f} seeds a minute"
        )


def many(seeds: range, most: int, jobs: int) -> int:
    """In the order of the seeds, whoever plays them."""
    so_far, said = Sum(monotonic(), len(seeds)), monotonic()
    with Pool(jobs) as pool:
        played = pool.imap(brief, seeds, chunksize=20) if jobs > 1 else map(brief, seeds)
        for one in played:
            so_far.add(one)
            if monotonic() - said > SAYS_AFTER:
                said = monotonic()
                print(so_far, flush=True)
            if so_far.failed >= most:
                break
    print(f"seeds {seeds.start} to {seeds.start + so_far.played - 1}: {so_far}", flush=True)
    return 1 if so_far.failed else 0


if __name__ == "__main__":
    sys.exit(main())
