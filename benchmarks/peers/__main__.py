"""``python -m benchmarks.peers [--quick] [--rounds N] [--only NAME …]``: the README beside tells more."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from random import Random

import uvloop
from rich.console import Console

from benchmarks.page import PAGE
from benchmarks.peers.contenders import OURS, PEERS, Contender, build_streams
from benchmarks.peers.race import fill, ours, peer
from benchmarks.peers.report import Table, write
from benchmarks.results import Sample, machine
from benchmarks.site import Site, chain, site

SIZES = {"cold": 200_000, "warm": 1_000_000}
"""Inputs of the two runs; the second is judged by its second half."""
QUICK = 10
"""A quick run is so many times smaller."""
WARM_UP = 10
"""A round so many times smaller goes before, and does not count: the broker compiles itself while it
works, and nobody should have to be the first. Contenders are started anew in each round."""
console = Console(highlight=False)


async def race(here: Site, options: argparse.Namespace) -> Table:
    found = Table(machine(), {name: size // options.smaller for name, size in SIZES.items()})
    async for _ in _rounds(here, options, "warm-up", found.inputs["cold"] // WARM_UP, 1):
        pass
    for run in options.runs:
        rounds = _rounds(here, options, run, found.inputs[run], options.rounds)
        async for number, contender, sample in rounds:
            found.add(run, contender, sample)
            rate = sample["answered/s" if run == "cold" else "second half/s"]
            console.print(f"{run}, round {number}: {contender.title} {rate:,.0f}/s")
    return found


async def _rounds(
    here: Site, options: argparse.Namespace, run: str, inputs: int, rounds: int
) -> AsyncIterator[tuple[int, Contender, Sample]]:
    """All in turn, so many times, in another order each time: what one leaves to be written out
    costs the next."""
    async with chain(here, 1) as (settings, (incoming, _)):
        console.print(f"{run}: writing {inputs:,} inputs")
        await fill(settings, incoming, inputs)
        taking_part = [c for c in (OURS, *PEERS) if not options.only or c.title in options.only]
        for number in range(1, rounds + 1):
            Random(number).shuffle(taking_part)
            for contender in taking_part:
                yield number, contender, await _round(here, contender, incoming, inputs)


async def _round(here: Site, contender: Contender, incoming: str, inputs: int) -> Sample:
    with console.status(contender.title):
        if contender is OURS:
            return await ours(here, inputs)
        return await peer(here, contender, incoming, inputs)


async def main(options: argparse.Namespace) -> None:
    if not options.only or "Kafka Streams" in options.only:
        with console.status("building the task on Kafka Streams"):
            build_streams()
    with site() as here:
        found = await race(here, options)
    found.show(console)
    if options.write:
        write(PAGE, found)
        console.print(f"written to {PAGE}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--quick", action="store_const", const=QUICK, default=1, dest="smaller")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--only", nargs="+", help="titles of contenders")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE} and its picture")
    uvloop.run(main(parser.parse_args()))
