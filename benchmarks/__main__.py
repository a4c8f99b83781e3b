"""``python -m benchmarks [--quick] [--only a|b|c] [--rounds N]``: see the README beside."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Protocol

import uvloop
from rich.console import Console

from benchmarks.latency import Latency
from benchmarks.lifecycles import Lifecycles
from benchmarks.results import Result, Sample, machine, save, show
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
            Throughput(site, "sla", int(15_000 * size)),
            Throughput(site, "router", int(15_000 * size)),
        ],
        "b": [Lifecycles(site, int(3_000 * size))],
        "c": [Latency(site, 5 if quick else 20)],
    }
    return [each for letter, some in found.items() if only in ("", letter) for each in some]


async def measure(benchmark: Benchmark, rounds: int) -> Result:
    """Ours, raw, ours, raw …, after one of each that does not count."""
    result = Result(benchmark.title)
    for number in range(rounds + 1):
        ours, raw = await benchmark.ours(), await benchmark.raw()
        _say(f"{benchmark.title}: round {number} of {rounds}", ours, raw)
        if number:
            result.ours.append(ours)
            result.raw.append(raw)
    return result


def _say(what: str, ours: Sample, raw: Sample) -> None:
    name, value = next(iter(ours.items()))
    console.print(f"{what}: {name} {value:,.1f}, raw {raw[name]:,.1f}")


async def main(options: argparse.Namespace) -> None:
    about = {"machine": machine(), "options": vars(options)}
    console.print(" · ".join(f"{name} {value}" for name, value in about["machine"].items()))
    results: list[Result] = []
    with site() as here:
        for benchmark in benchmarks(here, options.only, options.quick):
            results.append(await measure(benchmark, options.rounds))
            save(FILE, about, results)
    show(console, results)
    console.print(f"written to {FILE}")


if __name__ == "__main__":
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # topics come and go under it
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--only", choices=("a", "b", "c"), default="", help="one of the three")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count, 3 by default")
    uvloop.run(main(parser.parse_args()))
