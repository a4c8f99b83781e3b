"""python -m tests.torture: real parts under fire, and a checker at the end.

--minutes 30      how long
--rate 8          new cases a second
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.torture.run import torture


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=8, help="new cases a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="where the servers live; else a folder in /tmp")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: all is taken down
    data = given.data or Path(tempfile.mkdtemp(prefix="gridcase-torture-"))
    report = asyncio.run(torture(data, given.minutes, given.rate, given.seed, say))
    print(report)
    for violation in report.violations[:20]:
        print(f"  {violation}")
    return 1 if report.violations else 0


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
