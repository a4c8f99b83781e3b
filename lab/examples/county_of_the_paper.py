"""The county of the field study: 5,973 grids, 310,000 people, and a year that never was.

    python -m lab.examples.county_of_the_paper --cases 10000 --days 365 --svg county.svg

Places, units, rules and limits are those of `deploy/hanyin`; what people do is made up
(`lab.simulate.usual`), so the figures show the rules at work and nothing about Hanyin.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from lab.examples.drawing import Words, bars
from lab.simulate.arrivals import Span
from lab.simulate.checking import OnTime, on_time
from lab.simulate.county import PEOPLE, Plan, simulate
from lab.simulate.observing import Observed
from lab.simulate.usual import usual
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder

REFERENCE = Path("deploy/hanyin")
NEW_YEAR = date(2022, 1, 1)


def lived(rules: Rulebook, cases: int, days: int, seed: int) -> Observed:
    seen = Observed()
    simulate(Plan(Span(NEW_YEAR, days, cases), seed), usual(rules, PEOPLE), rules, seen.take)
    return seen


def by_level(seen: Observed, rules: Rulebook) -> dict[Level, OnTime]:
    """How much was in time, by the level of who had it."""
    found = {level: OnTime() for level in Level}
    for department, counts in on_time(seen).items():
        unit = rules.department(department)
        if unit is not None:
            for name in ("cases", "due", "kept"):
                told = getattr(found[unit.level], name) + getattr(counts, name)
                setattr(found[unit.level], name, told)
    return found


def by_month(seen: Observed, rules: Rulebook) -> dict[str, int]:
    moments = (state.opened_at for state in seen.cases.values() if state.opened_at)
    return dict(sorted(Counter(f"{at.astimezone(rules.zone):%Y-%m}" for at in moments).items()))


def picture(months: Mapping[str, int], seed: int) -> str:
    cases = sum(months.values())
    words = Words(
        "各月来件 What came in, month by month",
        f"模拟 {cases:,} 件,习惯为虚构,非汉阴实际数字 · {cases:,} simulated cases by made-up habits "
        f"(seed {seed}): no figures of Hanyin's",
        "件 cases",
    )
    groups = {month: [float(n)] for month, n in months.items()}
    return bars(words, groups, ("件 cases",), max(months.values()), 44)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", type=Path, help="draw the months into this file")
    asked = parser.parse_args(arguments)
    rules = Rulebook(read_folder(REFERENCE))
    seen = lived(rules, asked.cases, asked.days, asked.seed)
    months = by_month(seen, rules)
    print(f"{len(seen.cases):,} cases, {seen.events:,} events")
    for level, counts in by_level(seen, rules).items():
        share = "" if counts.rate is None else f"{counts.rate:.1%} in time"
        print(f"{level}: {counts.cases:,} assignments, {share}")
    if asked.svg:
        asked.svg.write_text(picture(months, asked.seed), "utf-8")


if __name__ == "__main__":
    main()
