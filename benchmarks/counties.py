"""``python -m benchmarks.counties [SCALE]``: the load of a hundred counties, scaled down, on one cluster.

    cases of a day in 100 counties ÷ SCALE ─► one cluster, all four services ─► how long it takes

A county has 300,000 people, and they call as often as Beijing's do: 25 million requests a year of
22 million. Whole lives, as in benchmark b: reported, routed, signed, resolved, rated, closed.

What this does not prove: a prefix for each county, whose topics are 12 partitions each, so that a
hundred of them are some 25,000 partitions on the brokers; rules of a hundred counties; a network
between the machines. The demand is one day's, evenly; what a morning brings is said beside.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks.lifecycles import Lifecycles
from benchmarks.site import site

COUNTIES = 100
PEOPLE = 300_000
A_YEAR = 25e6 / 22e6
"""Requests of a person: Beijing's 12345, of its residents."""
MORNING = 5
"""The busiest hour has so many times the average's."""
SCALE = 20


def main(scale: int) -> None:
    day = COUNTIES * PEOPLE * A_YEAR / 365
    with site() as here:
        sample = asyncio.run(Lifecycles(here, int(day / scale)).ours())
    rate = sample["lifecycles/s"]
    print(f"{COUNTIES} counties of {PEOPLE:,} people: {day:,.0f} cases a day")
    print(f"a {scale}th of it, {day / scale:,.0f} whole lives: {rate:,.0f} a second")
    print(f"so the whole day's work takes {day / rate / 60:,.0f} minutes;")
    busiest = day / 86_400 * MORNING
    print(f"its busiest hour brings {busiest:.1f} cases a second, {busiest / rate:.0%} of that")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SCALE)
