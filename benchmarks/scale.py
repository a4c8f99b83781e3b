"""``python -m benchmarks.scale [--write] [NAME …]``: all that grows, one measurement after the other.

    instances   one, two and four of them                growth     stored cases, 10 k to 1 M
    busy        a case with a thousand events            rebuild    a log, by each service
    restart     a million open cases, by each service    memory     what a case weighs
    counties    a hundred of them on one cluster

Each runs by itself as well (see the README beside); with ``--write`` what it says is put into
docs/performance.md, or docs/capacity.md. All together take some quarter of an hour.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence

from benchmarks.page import CAPACITY, PAGE, put
from benchmarks.processes import python
from benchmarks.results import machine

COMMANDS: dict[str, Sequence[Sequence[str]]] = {
    "instances": [["benchmarks.scaling", "sla"]],
    "growth": [["benchmarks.growth", "router"]],
    "busy": [["benchmarks.busy_case"]],
    "rebuild": [["benchmarks.rebuild"]],
    "restart": [
        *(["benchmarks.million", "1000000", service] for service in ("intake", "router", "sla")),
        ["benchmarks.million", "100000", "rating"],
    ],
    "memory": [["benchmarks.memory"]],
    "counties": [["benchmarks.counties"]],
}


def said(command: Sequence[str]) -> str:
    """What a benchmark prints. Raises CalledProcessError when it fails."""
    run = subprocess.run(python(*command), check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.rstrip()


def block(name: str) -> str:
    """The commands and what they said, for a page."""
    lines = [f"$ python -m {' '.join(command)}\n{said(command)}" for command in COMMANDS[name]]
    about = " · ".join(f"{what} {value}" for what, value in machine().items())
    return "\n".join(["```text", *lines, "```", "", f"Measured on: {about}."])


def main(names: Sequence[str], write: bool) -> None:
    for name in names:
        found = block(name)
        print(found, flush=True)
        if write:
            put(name, found, CAPACITY if name == "counties" else PAGE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(COMMANDS))
    parser.add_argument("--write", action="store_true", help="into the pages of docs/")
    options = parser.parse_args()
    if unknown := set(options.names) - COMMANDS.keys():
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(COMMANDS)}")
    main(options.names or list(COMMANDS), options.write)
