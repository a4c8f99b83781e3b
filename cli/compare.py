"""`gridcase compare FILE`: our decisions against those that another system has recorded."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.going_on import busy

if TYPE_CHECKING:
    from lab.compare import Comparison
    from schemas.rulebook import Rulebook

console = Console(highlight=False)
SHOWN = 15
"""So many of the worst lines stand in each table; `--json` has all."""


def compare(
    file: Annotated[Path, typer.Argument(help="CSV, plain or .gz.", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path, typer.Option(help="How its columns become reports, and `expect:`.", exists=True)
    ],
    reference: Annotated[Path, typer.Option(help="Folder with the rules.", exists=True)],
    from_: Annotated[
        str | None, typer.Option("--from", help="Reports from this local day on: 2015-07-01.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Reports up to this local day, included.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with everything.")] = False,
) -> None:
    """Decide each row in process and count how often department, due time (to the minute) and
    on-time verdict equal what the file says, by the columns that the mapping names under `expect:`.

    Example: `gridcase compare requests.csv.gz --mapping lab/mappings/boston311.yaml
    --reference deploy/boston --from 2015-07-01 --to 2015-09-30`
    """
    import orjson

    from lab import compare as lab
    from lab.mapping import CannotImport, read_mapping

    period = lab.Period(day(from_, "--from"), day(to, "--to"))
    try:
        rules = rules_of(reference)
        with busy("deciding each row …"):
            found = lab.compare(file, read_mapping(mapping), rules, period)
    except CannotImport as error:
        console.print(f"[red]not compared[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    if as_json:
        print(orjson.dumps(lab.as_json(found), option=orjson.OPT_INDENT_2).decode())
        return
    _show(found, file)


def day(text: str | None, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write 2015-07-01", param_hint=option) from error


def rules_of(folder: Path) -> Rulebook:
    from schemas.rulebook import Rulebook
    from services.shell.reference import ReferenceError, read_folder

    try:
        return Rulebook(read_folder(folder))
    except ReferenceError as error:
        for problem in error.problems:
            console.print(f"[red]error[/] {problem}", soft_wrap=True)
        raise typer.Exit(1) from None


def _show(found: Comparison, file: Path) -> None:
    from lab.compare import as_json

    said = as_json(found)
    console.print(f"{file.name}: {found.rows:,} rows, {found.rejected.total():,} of them unread")
    for reason, n in found.rejected.most_common(SHOWN):
        console.print(f"  {n:,} × {escape(reason)}")
    for name in ("department", "due", "on_time"):
        n, equal = said[name]["n"], said[name]["equal"]
        share = f"{equal / n:.2%}" if n else "nothing to compare with"
        later = said[name].get("transferred", 0)
        more = f"; {later:,} of the others were sent on later" if later else ""
        console.print(f"[bold]{name.replace('_', ' ')}[/]: {equal:,} of {n:,} equal, {share}{more}")
    console.print(_departments(found), _due(said))


def _departments(found: Comparison) -> Table:
    from lab.compare import most_frequent

    columns = ("kind", "theirs", "ours", "rows", "sent on later")
    table = Table(*columns, title="departments that differ")
    for (category, expected, ours), miss in most_frequent(found)[:SHOWN]:
        rows, later = f"{len(miss.reports):,}", f"{miss.transferred:,}"
        table.add_row(category, expected, ours, rows, later)
    return table


def _due(said: dict[str, Any]) -> Table:
    table = Table("kind", "differ", "of", "ours", "why, by guess", title="due times that differ")
    for name, kind in list(said["due"]["per_kind"].items())[:SHOWN]:
        if kind["n"] > kind["equal"]:
            why = "\n".join(f"{n:,} {words}" for words, n in list(kind["why"].items())[:3])
            differ, of = f"{kind['n'] - kind['equal']:,}", f"{kind['n']:,}"
            table.add_row(name, differ, of, ", ".join(kind["ours"]), why)
    return table
