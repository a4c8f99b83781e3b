"""`python -m tests.fuzz --inputs 1000000`: a night's worth of odd inputs at every door.

Each finding is printed with its address; `--replay ADDRESS` brings the same bytes to the same world.
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from time import monotonic

from tests.fuzz.running import Report, replay, run, targets
from tests.fuzz.target import Found

EVERY = 10.0


def main() -> int:
    asked = _asked()
    logging.disable()  # what is refused is said a million times
    if asked.list:
        print("\n".join(target.name for target in targets()))
        return 0
    if asked.replay:
        return _again(asked.replay)
    among = [target for target in targets() if asked.only in target.name]
    began, last, told = monotonic(), monotonic(), 0

    def progress(report: Report) -> None:
        nonlocal last, told
        for found in report.found[told:]:
            print(
                f"FOUND {str(found)[:2000]}\n      python -m tests.fuzz --replay '{found.address}'"
            )
        told = len(report.found)
        if monotonic() - last > EVERY:
            last = monotonic()
            rate = report.inputs / (last - began)
            print(
                f"{report.inputs:>9} inputs · {rate:.0f}/s · {len(report.found)} found", flush=True
            )

    report = run(asked.inputs, asked.seed, among, progress)
    for name, outcomes in report.outcomes.items():
        print(f"{name:60} {outcomes.total():>7}  {dict(outcomes.most_common())}")
    seconds = monotonic() - began
    print(f"{report.inputs} inputs, seed {asked.seed}, {seconds:.0f} s, {len(report.found)} found")
    return 1 if report.found else 0


def _again(address: str) -> int:
    try:
        print(dict(replay(address)))
    except Found as found:
        traceback.print_exception(found.__cause__ or found)
        return 1
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="targets whose name contains this")
    parser.add_argument("--replay", help="one input, by the address that was printed")
    parser.add_argument("--list", action="store_true", help="the targets")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
