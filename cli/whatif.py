"""`gridcase whatif LOG`: the past again, under other rules."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.going_on import busy

if TYPE_CHECKING:
    from lab.whatif.asking import Changed
    from lab.whatif.report import Figure, Report

console = Console(highlight=False)
SHOWN = 15
"""So many lines stand in each table; `--json` and `--page` have all."""


def whatif(
    log: Annotated[str, typer.Argument(help="JSONL, plain or .gz; `-` is standard input.")],
    reference: Annotated[
        list[Path],
        typer.Option(
            help="Folder with the rules that hold instead; a second one: those of the log, to be checked."
        ),
    ],
    seed: Annotated[int, typer.Option(help="For what must be drawn.")] = 1,
    repeats: Annotated[int, typer.Option(help="How often it is drawn.", min=1, max=1000)] = 20,
    page: Annotated[
        Path | None, typer.Option(help="Write one HTML page, in both languages.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="So many processes; all cores.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with every case.")] = False,
) -> None:
    """Decide a log again under other rules, calendars or deadlines. What people did stays as it
    happened; what the system decided changes. Says what is exact, and what is assumed.

    Example: `cp -r deploy/hanyin mine`, change `mine/deadlines.yaml`, then `gridcase whatif
    run/demo/log.jsonl --reference mine --reference deploy/hanyin --page whatif.html`
    """
    import orjson

    from lab.replay.reading import NoLog, log_file
    from lab.replay.running import cores
    from lab.replay.verifying import DECISIONS, verify
    from lab.whatif.asking import Question, ask
    from lab.whatif.page import render
    from lab.whatif.report import as_json as told
    from lab.whatif.report import report_of
    from schemas.rulebook import Rulebook, Rulebooks
    from services.shell.reference import read_folder

    if len(reference) > 2:
        raise typer.BadParameter(
            "at most two: the new rules, and those of the log", param_hint="--reference"
        )
    try:
        rules = [read_folder(folder) for folder in reference]
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--reference") from error
    started, over = monotonic(), jobs or cores()
    try:
        with log_file(log) as path, busy("deciding the log again …"):
            old = verify(path, Rulebooks(rules[1:]), over) if rules[1:] else None
            answer = ask(path, Question(rules[0], seed, repeats), over)
    except NoLog as error:
        console.print(f"[red]not decided[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    report = report_of(answer, Rulebook(rules[0]))
    apart = old.broken[DECISIONS] if old else None
    if page is not None:
        page.write_text(render(report, Rulebook(rules[0])), "utf-8")
    if as_json:
        found = told(report) | {"the_log_differs_from_its_rules": apart}
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    _show(report, monotonic() - started)
    if apart:
        console.print(
            f"[yellow]{apart:,} decisions of the log are not those of {rules[1].manifest.version}[/]: "
            "they differ before anything is changed; `gridcase replay --verify` names them"
        )
    if page is not None:
        console.print(f"page {page}")


def _show(report: Report, seconds: float) -> None:
    from lab.whatif.report import ALWAYS, GROUNDS

    answer = report.answer
    changed = answer.changed
    console.print(
        f"{answer.cases:,} cases under {report.version}: {len(changed):,} decided otherwise, "
        f"{len(report.ends_otherwise):,} end otherwise · {seconds:.1f} s"
    )
    if not changed:
        console.print("[green]no difference[/]")
        return
    console.print(_figures(report))
    if any(unit.cases.change or unit.late.change for unit in report.units):
        console.print(_league(report))
    console.print(_cases(report))
    for name, number in report.sure.items():
        if number:
            console.print(f"{number:>8,}  {GROUNDS[name].en}")
    for words in ALWAYS:
        console.print(f"          {words.en}")


def _figures(report: Report) -> Table:
    from lab.whatif.report import FIGURES

    table = _table("", "before 之前", "after 之后", "change 变化")
    for name, figure in report.figures.items():
        table.add_row(f"{FIGURES[name].en} {FIGURES[name].zh}", *_told(figure))
    for name, figure in report.climbs.items():
        table.add_row(f"  {name}", *_told(figure))
    return table


def _told(figure: Figure, places: int = 0) -> tuple[str, str, str]:
    after = f"{figure.after:,.{places}f}"
    if figure.low != figure.high:
        after += f" ({figure.low:,.{places}f}–{figure.high:,.{places}f})"
    change = f"{figure.change:+,.{places}f}" if round(figure.change, places) else ""
    return f"{figure.before:,.{places}f}", after, change


def _league(report: Report) -> Table:
    """The departments that change most."""
    table = _table(
        "unit 单位",
        "level",
        "cases",
        "late before",
        "late after",
        "load before",
        "load after",
        "rank",
    )
    units = sorted(report.units, key=lambda unit: (-abs(unit.late.change), -abs(unit.load.change)))
    for unit in units[:SHOWN]:
        late, load = _told(unit.late), _told(unit.load, 1)
        rank = " → ".join(str(each or "–") for each in unit.rank)
        table.add_row(unit.name, unit.group, _told(unit.cases)[1], *late[:2], *load[:2], rank)
    return table


def _cases(report: Report) -> Table:
    table = _table("case", "before 之前", "after 之后")
    for each in report.ends_otherwise[:SHOWN]:
        table.add_row(each.case, _way(each, "before"), _way(each, "after"))
    rest = len(report.ends_otherwise) - SHOWN
    if rest > 0:
        table.add_row(f"and {rest:,} more", "", "")
    return table


def _way(each: Changed, when: str) -> str:
    from lab.whatif.report import way

    return escape(way(getattr(each, when)))


def _table(first: str, *others: str) -> Table:
    table = Table(header_style="bold")
    table.add_column(first)
    for column in others:
        table.add_column(column, justify="left" if first == "case" else "right")
    return table
