"""`gridcase sla`: what deadlines there are, and why."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.compare import day, rules_of

if TYPE_CHECKING:
    from lab.infer.policies import Inferred

app = typer.Typer(help="Deadlines: learn them from history.", no_args_is_help=True)
console = Console(highlight=False)


@app.command()
def infer(
    file: Annotated[Path, typer.Argument(help="CSV, plain or .gz.", exists=True, dir_okay=False)],
    reference: Annotated[
        Path, typer.Option(help="Folder whose calendar gives the working hours.", exists=True)
    ] = Path("deploy/boston"),
    mapping: Annotated[
        Path | None, typer.Option(help="Its columns; else one of ours that fits.", exists=True)
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Reports from this local day on: 2015-01-01.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Reports up to this local day, included.")] = None,
    at_least: Annotated[
        int, typer.Option(help="A limit must explain so many rows to be one.", min=1)
    ] = 1,
    write: Annotated[
        Path | None,
        typer.Option(help="Write deadlines.yaml into this folder.", exists=True, file_okay=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Find the limits that gave the due times in an export: N working days, calendar days, hours,
    with the share of rows that each explains to the minute, and since when.

    Example: `gridcase sla infer requests.csv.gz --reference deploy/boston --to 2015-06-30`
    """
    import orjson

    from lab.compare import Period
    from lab.infer.policies import infer as find
    from lab.infer.reading import fitting, history
    from lab.infer.writing import write as put
    from lab.mapping import CannotImport, read_mapping
    from services.sla.calendar import WorkCalendar

    rules = rules_of(reference)
    period = Period(day(from_, "--from"), day(to, "--to"))
    try:
        form = read_mapping(mapping) if mapping else fitting(file)
        past = list(history(file, form, period))
    except CannotImport as error:
        console.print(f"[red]nothing inferred[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    found = find(past, WorkCalendar.of(rules.calendar()), at_least)
    if as_json:
        rows = [{**asdict(each), "share": each.share} for each in found]
        print(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
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
