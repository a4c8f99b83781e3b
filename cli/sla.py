"""`gridcase sla`: what deadlines there are, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.as_json import AsJson, print_json
from cli.compare import day, rules_of
from cli.going_on import busy

if TYPE_CHECKING:
    from lab.compare import Period
    from lab.infer.handling import Calibration
    from lab.infer.policies import Inferred
    from lab.mapping import Mapping

app = typer.Typer(
    help="Deadlines: explain a case's, learn them from history.", no_args_is_help=True
)
console = Console(highlight=False)


File = Annotated[Path, typer.Argument(help="CSV, plain or .gz.", exists=True, dir_okay=False)]
Reference = Annotated[
    Path, typer.Option(help="Folder whose calendar and limits are meant.", exists=True)
]
Columns = Annotated[
    Path | None,
    typer.Option("--mapping", help="Its columns; else one of ours that fits.", exists=True),
]
From = Annotated[
    str | None, typer.Option("--from", help="Reports from this local day on: 2015-01-01.")
]
To = Annotated[str | None, typer.Option(help="Reports up to this local day, included.")]
Into = Annotated[
    Path | None,
    typer.Option("--write", help="Write it into this folder.", exists=True, file_okay=False),
]
BOSTON = Path("deploy/boston")


@app.command()
def infer(
    file: File,
    reference: Reference = BOSTON,
    mapping: Columns = None,
    from_: From = None,
    to: To = None,
    at_least: Annotated[
        int, typer.Option(help="A limit must explain so many rows to be one.", min=1)
    ] = 1,
    write: Into = None,
    as_json: AsJson = False,
) -> None:
    """Find the limits that gave the due times in an export: N working days, calendar days, hours,
    with the share of rows that each explains to the minute, and since when.

    Example: `gridcase sla infer requests.csv.gz --reference deploy/boston --to 2015-06-30`
    """
    from lab.infer.policies import infer as find
    from lab.infer.reading import history
    from lab.infer.writing import write as put
    from services.sla.calendar import WorkCalendar

    rules = rules_of(reference)
    with _said("nothing inferred"), busy("reading the export …"):
        past = list(history(file, _form(file, mapping), _period(from_, to)))
    with busy("looking for limits …"):
        found = find(past, WorkCalendar.of(rules.calendar()), at_least)
    if as_json:
        rows = [{**asdict(each), "share": each.share} for each in found]
        print_json(rows)
    else:
        _show(found, len(past))
    if write is not None:
        unknown = put(found, rules, file.name, write)
        console.print(f"written: {write / 'deadlines.yaml'}", soft_wrap=True)
        for kind in unknown:
            console.print(f"  left out, as {reference} has no category {kind}", soft_wrap=True)


def _show(found: list[Inferred], rows: int) -> None:
    table = Table("limit", "since", "explains", "of", "share")
    table.add_column("kind", no_wrap=True, overflow="ellipsis")
    for each in found:
        since = f"{each.since:%Y-%m-%d}" if each.since else ""
        counts = (f"{each.explained:,}", f"{each.of:,}", f"{each.share:.0%}")
        table.add_row(each.duration, since, *counts, each.kind)
    console.print(table)
    explained = sum(each.explained for each in found)
    share = f", {explained / rows:.2%}" if rows else ""
    console.print(f"{explained:,} of {rows:,} due times explained to the minute{share}")


@app.command()
def learn(
    file: File,
    reference: Reference = BOSTON,
    mapping: Columns = None,
    from_: From = None,
    to: To = None,
    write: Into = None,
    as_json: AsJson = False,
) -> None:
    """Learn how long cases take, by category and department, for the early warning: handling.yaml.
    What happened after `--to` is not looked at.

    Example: `gridcase sla learn requests.csv.gz --to 2015-06-30 --write deploy/boston`
    """
    from lab.infer.handling import learn as find
    from lab.infer.writing import write_handling

    with _said("nothing learnt"), busy("reading the export …"):
        found = find(file, _form(file, mapping), rules_of(reference), _period(from_, to))
    left_out = write_handling(found, rules_of(reference), file.name, write) if write else 0
    if as_json:
        print_json([row.model_dump(mode="json") for row in found])
        return
    table = Table("cases", "half done by", "four fifths by", "category", "department")
    for row in found:
        half, most = (_hours(row.hours, share) for share in (0.5, 0.8))
        table.add_row(f"{row.cases:,}", half, most, row.category, row.department or "any")
    console.print(table)
    if write is not None:
        console.print(f"written: {write / 'handling.yaml'}; {left_out} unknown left out")


@app.command()
def calibrate(
    file: File,
    reference: Reference = BOSTON,
    mapping: Columns = None,
    from_: From = None,
    to: To = None,
    learn_from: Annotated[
        str | None, typer.Option(help="Learn afresh from reports from this local day on.")
    ] = None,
    learn_to: Annotated[str | None, typer.Option(help="And up to this one, included.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold the early warning against what happened: of those called 80 % likely, how many were late?
    By the handling times of the folder, or by those learnt from an earlier part of the file.

    Example: `gridcase sla calibrate requests.csv.gz --learn-to 2015-06-30 --from 2015-07-01`
    """
    from lab.infer import handling as lab
    from schemas.rulebook import Rulebook

    rules, form = rules_of(reference), _form(file, mapping)
    with _said("not calibrated"), busy("reading the export …"):
        if learn_from or learn_to:
            period = _period(learn_from, learn_to)
            times = tuple(lab.learn(file, form, rules, period))
            rules = Rulebook(rules.reference.model_copy(update={"handling": times}))
        found = lab.calibrate(file, form, rules, _period(from_, to))
    if as_json:
        print_json(asdict(found))
        return
    _show_calibration(found, rules.settings.at_risk)


@app.command()
def explain(
    case: Annotated[
        str, typer.Argument(metavar="CASE", help="The case id, or the report's SOURCE/REPORT_ID.")
    ],
    log: Annotated[
        Path | None,
        typer.Option(help="Read this exported log, not the broker.", exists=True, dir_okay=False),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Names from this folder. Otherwise from the broker; with --log, deploy/hanyin.",
            exists=True,
        ),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Draw it into this file as well.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a case's deadlines as a timeline: which clock ran, stood still or was late, what was due
    when, and by which rule.

    Example: `gridcase sla explain hotline-12345/hl-0701-003 --log run/demo/log.jsonl --svg case.svg`
    """
    from cli.case import find
    from lab.explain.drawing import draw
    from lab.explain.lanes import timeline
    from lab.explain.terminal import render
    from lab.story.naming import Names

    _, found = find(case, log, reference)
    drawn, names = timeline(found.events, found.now), Names(found.rules)
    if svg is not None:
        svg.write_text(draw(drawn, names), "utf-8")
    if as_json:
        print_json(asdict(drawn))
        return
    console.print(render(drawn, names))
    if svg is not None:
        console.print(f"drawn: {svg}", soft_wrap=True)


def _show_calibration(found: Calibration, threshold: float | None) -> None:
    table = Table("likelihood", "judged", "said", "were late")
    for tenth, one in enumerate(found.tenths):
        if one.n:
            said, late = one.said / one.n, one.late / one.n
            table.add_row(
                f"{tenth * 10}-{tenth * 10 + 10} %", f"{one.n:,}", f"{said:.1%}", f"{late:.1%}"
            )
    one = found.called
    if one.n:
        words = f"called, from {threshold:.0%}"
        table.add_row(words, f"{one.n:,}", f"{one.said / one.n:.1%}", f"{one.late / one.n:.1%}")
    console.print(table)
    console.print(f"{found.cases:,} cases whose end is known, {found.late:,} of them late")


def _hours(hours: Sequence[float], share: float) -> str:
    place = round(share / 0.05) - 1
    return f"{hours[place]:,.1f} h" if place < len(hours) else "not yet"


def _form(file: Path, mapping: Path | None) -> Mapping:
    from lab.infer.reading import fitting
    from lab.mapping import read_mapping

    with _said("cannot be read"):
        return read_mapping(mapping) if mapping else fitting(file)


def _period(from_: str | None, to: str | None) -> Period:
    from lab.compare import Period

    return Period(day(from_, "--from"), day(to, "--to"))


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Tell why an export or its mapping cannot be used, and end."""
    from lab.mapping import CannotImport

    try:
        yield
    except CannotImport as error:
        console.print(f"[red]{what}[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
