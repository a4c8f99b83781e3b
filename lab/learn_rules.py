"""Routing rules learnt from what another system did: `python -m lab.learn_rules`.

    export rows up to a day ─► who ended with each kind, and where ─► rules.yaml
                                 family's most frequent ─► a rule
                                 kind's, where another ─► a rule
                                 kind's in one area, where plainly another ─► a rule

The rule to remember: **a rule is written only where it says something new**, and behind each stands
the share of the history that it explains. A kind that the history does not know gets no rule of its
own; one that the reference data does not know goes to triage.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer

from lab.importing import Accepted, read_rows
from lab.mapping import CannotImport, Mapping, RowRejected, fill, read_mapping
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.shell.reference import ReferenceError, read_folder

SURE = 2.0
"""An area differs plainly when its own department leads by so many standard deviations of chance:
a difference of two counts has about the square root of their sum. Smaller ones do not last: tried
on July and August, each learnt from the months before, they made more misses than they mended."""


class Row(NamedTuple):
    """One request of the history: its kind, where it was, who ended with it."""

    category: str
    area: str | None
    department: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """A rule, and how many of its rows the history gave to its department."""

    category: str
    area: str | None
    department: str
    right: int
    n: int
    levels: tuple[Level, ...]

    def __str__(self) -> str:
        id_ = self.category if self.area is None else f"{self.category}-in-{self.area}"
        where = f", area: {self.area}" if self.area else ""
        ladder = ", ".join(f"{level}: ={self.department}" for level in self.levels)
        return (
            f"- {{id: {id_}, category: {self.category}{where}, level: {self.levels[0]}, "
            f"ladder: {{{ladder}}}}}  # {_share(self.right, self.n)}"
        )


def history(file: Path, mapping: Mapping, until: date) -> Iterator[Row]:
    """The rows before the local day `until` of which a kind and a department are known."""
    if mapping.expect is None:
        raise CannotImport("the mapping has no `expect:` with a `department`, to learn from")
    zone = ZoneInfo(mapping.times.zone)
    for outcome, cells in read_rows(file, mapping, mapping.expected_columns()):
        if not isinstance(outcome, Accepted):
            continue
        report = outcome.report
        if report.category is None or report.submitted_at.astimezone(zone).date() >= until:
            continue
        try:
            department = fill(mapping.expect.department, cells)
        except RowRejected:
            continue
        if department:
            yield Row(report.category, report.location.grid, department)


def learn(rows: Iterable[Row], rules: Rulebook) -> list[Learnt]:
    """Rules for families, then kinds, then kinds in areas. Departments and kinds that the reference
    data does not know are left out. Of two departments with as many rows, the first by code."""
    known = [
        row
        for row in rows
        if rules.is_known_category(row.category) and rules.department(row.department)
    ]
    families, kinds = _counted(known, rules, families=True), _counted(known, rules, families=False)
    found: list[Learnt] = []
    for category in rules.reference.categories:
        if category.code in families:
            found.append(_rule(category.code, None, families[category.code], rules))
    for category in rules.reference.categories:
        counts = kinds.get(category.code)
        family = families.get(category.parent or "")
        if counts and family and _first(counts) != _first(family):
            found.append(_rule(category.code, None, counts, rules))
    return [*found, *_in_areas(known, kinds, rules)]


def _counted(rows: Iterable[Row], rules: Rulebook, *, families: bool) -> dict[str, Counter[str]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        code = rules.category_path(row.category)[-1] if families else row.category
        counts[code][row.department] += 1
    return dict(counts)


def _in_areas(
    rows: Iterable[Row], kinds: dict[str, Counter[str]], rules: Rulebook
) -> Iterator[Learnt]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        for area in rules.path(row.area)[:-1]:  # the county itself is what the kind says already
            counts[row.category, area.code][row.department] += 1
    for (category, code), here in sorted(counts.items()):
        usual, ours = _first(kinds[category]), _first(here)
        lead = here[ours] - here[usual]
        if ours != usual and lead >= SURE * math.sqrt(here[ours] + here[usual]):
            yield _rule(category, code, here, rules)


def _first(counts: Counter[str]) -> str:
    return min(counts, key=lambda code: (-counts[code], code))


def _rule(category: str, area: str | None, counts: Counter[str], rules: Rulebook) -> Learnt:
    department = _first(counts)
    unit = rules.department(department)
    assert unit is not None, "only departments that the rules know were counted"
    above = [unit.level]
    while (level := above[-1].above) is not None:
        above.append(level)
    return Learnt(category, area, department, counts[department], counts.total(), tuple(above))


def _share(right: int, n: int) -> str:
    return f"{right / n:.0%} of {n:,}".replace("%", " %")


HEAD = """\
# Who handles what, learnt from {file} up to {until} by `python -m lab.learn_rules`.
#
# A family's rule names the department that ended with most of its requests; a kind has a rule of
# its own where that is another. Behind each stands its share of the history. A kind that is in
# none of the tables goes to triage.
"""

app = typer.Typer(add_completion=False)


@app.command()
def main(
    file: Annotated[Path, typer.Argument(help="CSV, plain or .gz.", exists=True, dir_okay=False)],
    mapping: Annotated[Path, typer.Option(help="With `expect.department`.", exists=True)],
    reference: Annotated[Path, typer.Option(help="Its areas, departments, kinds.", exists=True)],
    until: Annotated[str, typer.Option(help="Learn from before this local day: 2015-09-01.")],
    write: Annotated[bool, typer.Option(help="Into the reference's rules.yaml.")] = False,
) -> None:
    """Learn who handles what from an export, and print it as rules.yaml.

    Example: `python -m lab.learn_rules requests.csv.gz --mapping lab/mappings/boston311.yaml
    --reference deploy/boston --until 2015-09-01 --write`
    """
    try:
        before = date.fromisoformat(until)
        rules = Rulebook(read_folder(reference))
        found = learn(history(file, read_mapping(mapping), before), rules)
    except ValueError as error:  # a date, a mapping, a folder: each says what is wrong with it
        hint = "; `gridcase reference check` tells more" * isinstance(error, ReferenceError)
        typer.echo(f"not learnt: {error}{hint}", err=True)
        raise typer.Exit(1) from None
    text = HEAD.format(file=file.name, until=until) + "".join(f"{rule}\n" for rule in found)
    if write:
        (reference / "rules.yaml").write_text(text, "utf-8")
        typer.echo(f"{len(found)} rules in {reference / 'rules.yaml'}")
    else:
        typer.echo(text, nl=False)


if __name__ == "__main__":
    app()
