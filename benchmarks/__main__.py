"""``python -m benchmarks [--quick] [--only a|b|c] [--rounds N]``, or ``--gate``, and ``--write``: see the README beside."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Protocol

import uvloop
from rich.console import Console

from benchmarks.gate import gate
from benchmarks.latency import Latency
from benchmarks.lifecycles import Lifecycles
from benchmarks.page import put
from benchmarks.results import Result, Sample, machine, markdown, save, show
from benchmarks.site import Site, site
from benchmarks.throughput import Throughput

FILE = Path("run/bench.json")
console = Console(highlight=False)


class Benchmark(Protocol):
    @property
    def title(self) -> str: ...
    async def ours(self) -> Sample: ...
    async def raw(self) -> Sample: ...


def benchmarks(site: Site, only: str, quick: bool) -> list[Benchmark]:
    size = 0.1 if quick else 1
    found: dict[str, list[Benchmark]] = {
        "a": [
            Throughput(site, "sla", int(10_000 * size)),
            Throughput(site, "router", int(10_000 * size)),
        ],
        "b": [Lifecycles(site, int(3_000 * size))],
        "c": [Latency(site, 5 if quick else 20)],
    }
    return [each for letter, some in found.items() if only in ("", letter) for each in some]


async def measure(warm_up: Benchmark, benchmark: Benchmark, rounds: int) -> Result:
    """Ours, raw, ours, raw …, after a small round that does not count."""
    with console.status(f"{benchmark.title}: warming up"):
        await warm_up.ours()
        await warm_up.raw()
    result = Result(benchmark.title)
    for number in range(1, rounds + 1):
        with console.status(f"{benchmark.title}: round {number} of {rounds}"):
            result.ours.append(await benchmark.ours())
            _say(f"{benchmark.title}: {number} of {rounds}: ours", result.ours[-1])
            result.raw.append(await benchmark.raw())
            _say(f"{benchmark.title}: {number} of {rounds}: raw ", result.raw[-1])
    return result


def _say(what: str, sample: Sample) -> None:
    name, value = next(iter(sample.items()))
    console.print(f"{what} {value:,.1f} {name}")


async def main(options: argparse.Namespace) -> None:
    about = {"machine": machine(), "options": vars(options)}
    console.print(" · ".join(f"{name} {value}" for name, value in about["machine"].items()))
    results: list[Result] = []
    with site() as here:
        small = benchmarks(here, options.only, quick=True)
        wanted = benchmarks(here, options.only, options.quick)
        for warm_up, benchmark in zip(small, wanted, strict=True):
            results.append(await measure(warm_up, benchmark, options.rounds))
            save(FILE, about, results)
    show(console, results)
    if options.write:
        put("bench", markdown(about, results))
    console.print(f"written to {FILE}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--only", choices=("a", "b", "c"), default="", help="one of the three")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count, 3 by default")
    parser.add_argument("--gate", action="store_true", help="fail if a step has become dearer")
    parser.add_argument(
        "--write",
        action="store_true",
        help="into docs/performance.md; with --gate: commit to today's ratios",
    )
    options = parser.parse_args()
    if options.gate:
        sys.exit(not gate(console, write=options.write))
    uvloop.run(main(options))
