"""Boston 2015: habits of January to June, held against July to September.

    python -m lab.examples.boston_2015 2015_01-09.csv.gz --svg boston.svg

The city's requests are lived through twice, as two logs: what was known at the end of June, and what
came after. The first is fitted, both are simulated, and each department's share in time is compared
with the real one. Takes some minutes for the whole file.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from lab import inputs
from lab.examples.drawing import Words, bars
from lab.importing import Accepted, ImportParties, read_export
from lab.mapping import read_mapping
from lab.runner import Runner, unhindered
from lab.simulate.checking import Compared, check, points
from lab.simulate.fitting import fit
from lab.simulate.observing import Observed
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder

REFERENCE = Path("deploy/boston")
MAPPING = Path("lab/mappings/boston311.yaml")
JULY = "2015-07-01T00:00:00-04:00"
AFTERWARDS = timedelta(days=1)


def lived(rows: Sequence[Accepted], rules: Rulebook, until: datetime) -> Observed:
    """What a log of these rows tells, up to a moment."""
    seen = Observed()
    reports = sorted((inputs.report(row.report) for row in rows), key=lambda item: item.at)
    with unhindered():
        Runner(rules.reference, ImportParties(rows), seen.take).run(reports, until)
    return seen


def compared(file: Path, at_least: int, seed: int) -> list[Compared]:
    """Every department with so many cases due in the later part. Raises `CannotImport`, and
    ValueError where a part has no cases."""
    rules, july = Rulebook(read_folder(REFERENCE)), datetime.fromisoformat(JULY)
    rows = [row for row in read_export(file, read_mapping(MAPPING)) if isinstance(row, Accepted)]
    early = [row for row in rows if row.report.submitted_at < july]
    late = [row for row in rows if row.report.submitted_at >= july]
    ends = [row.resolution.at for row in late if row.resolution]
    past = lived(early, rules, july)
    real = lived(late, rules, max(ends, default=july) + AFTERWARDS)
    return check(past, real, fit(past, rules, file.name), rules, seed, at_least)


def table(rows: Sequence[Compared]) -> str:
    """As Markdown: shares in per cent, differences in points."""
    lines = [
        "| department | due | real | simulated | off by | given what came in | off by "
        "| January to June | off by | simulated | off by |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        shares = (row.real, row.simulated, row.given, row.past, row.again)
        real, simulated, given, past, again = (
            "" if each.rate is None else f"{each.rate:.1%}" for each in shares
        )
        error, handled, unchanged, own = (
            "" if each is None else f"{each:+.1f}"
            for each in (row.error, row.handled, points(row.past, row.real), row.own)
        )
        cells = (real, simulated, error, given, handled, past, unchanged, again, own)
        lines.append(f"| {row.department} | {row.real.due:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(rows: Sequence[Compared]) -> str:
    rules = Rulebook(read_folder(REFERENCE))
    units = {row.department: rules.department(row.department) for row in rows}
    groups = {
        unit.name if unit else code: [
            (each.rate or 0) * 100 for each in (row.real, row.simulated, row.given)
        ]
        for row, (code, unit) in zip(rows, units.items(), strict=True)
    }
    words = Words(
        "波士顿 2015 年 7 至 9 月按期率 Boston: in time, July to September 2015",
        "习惯取自 1 至 6 月 · Habits fitted on January to June; departments with most cases due first",
        "按期率 in time, % of those due",
    )
    names = ("实际 real", "按习惯模拟 simulated", "按实际来件模拟 given what came in")
    return bars(words, groups, names, 100)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="the city's CSV, plain or .gz")
    parser.add_argument("--at-least", type=int, default=500, help="cases due in the later part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", type=Path, help="draw it into this file")
    asked = parser.parse_args(arguments)
    rows = compared(asked.file, asked.at_least, asked.seed)
    print(table(rows))
    if asked.svg:
        asked.svg.write_text(picture(rows), "utf-8")


if __name__ == "__main__":
    main()
