"""python -m tests.simulation: play schedules, and say which break a promise.

--seed 7              one, with its whole story
--seeds 1000          as many, beginning with --from
"""

from __future__ import annotations

import argparse
import sys
from time import monotonic

from tests.simulation.running import Outcome, play


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--seed", type=int, help="play this one, and tell all")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many to play")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first of them")
    parser.add_argument("--most", type=int, default=10, help="stop after so many that fail")
    given = parser.parse_args()
    if given.seed is not None:
        return tell(play(given.seed))
    return many(given.first, given.seeds, given.most)


def tell(outcome: Outcome) -> int:
    print("\n".join(outcome.story))
    if outcome.history is not None:
        for record in outcome.history.log:
            if record.message is not None:
                print(f"  {record} {record.message.subject[:8]} {record.message.type}")
    print(f"seed {outcome.seed}: {outcome.records} records, {outcome.faults} faults")
    for violation in outcome.violations:
        print(f"  {violation}")
    return 0 if outcome.holds else 1


def many(first: int, number: int, most: int) -> int:
    began, failed, records, faults = monotonic(), 0, 0, 0
    for played, seed in enumerate(range(first, first + number), 1):
        outcome = play(seed)
        records, faults = records + outcome.records, faults + outcome.faults
        if not outcome.holds:
            failed += 1
            print(f"seed {seed} fails: {outcome.violations[0]}", flush=True)
            print(f"    again: python -m tests.simulation --seed {seed}", flush=True)
        if played % 1_000 == 0 or played == number or failed >= most:
            rate = played / (monotonic() - began) * 60
            print(
                f"{played} seeds ({first} to {seed}), {failed} fail; {records} records, "
                f"{faults} faults; {rate:.0f} seeds a minute",
                flush=True,
            )
        if failed >= most:
            break
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
