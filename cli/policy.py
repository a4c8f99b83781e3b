"""`gridcase policy search LOG`: rules that would meet a goal, as a change to the county's files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.replay import moment_of

if TYPE_CHECKING:
    from lab.policy.judging import Goal, Least
    from lab.policy.searching import Found

console = Console(highlight=False)
app = typer.Typer(help="Which rules would meet a goal?", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Which rules would meet a goal?"""


@app.command()
def search(
    log: Annotated[str, typer.Argument(help="JSONL, plain or .gz; `-` is standard input.")],
    reference: Annotated[
        Path, typer.Option(help="Folder with the rules of the log.", exists=True, file_okay=False)
    ],
    on_time: Annotated[
        float, typer.Option(help="So large a share of the cases on time.", min=0.01, max=1.0)
    ] = 0.98,
    least: Annotated[
        str, typer.Option(help="What comes second: fewest `escalations`, or the fairest `load`.")
    ] = "escalations",
    at_most: Annotated[
        float, typer.Option(help="No limit so many times as long as today.", min=1.0)
    ] = 2.0,
    at_least: Annotated[
        float,
        typer.Option(
            help="No limit less than so much of today's; below 1 limits may be shorter.",
            min=0.05,
            max=1.0,
        ),
    ] = 1.0,
    held_back: Annotated[
        str | None,
        typer.Option(help="Cases from this moment on are held back; else the last third."),
    ] = None,
    tries: Annotated[
        int,
        typer.Option(help="So many of each are tried: shorter limits, leads, levels.", min=0),
    ] = 4,
    repeats: Annotated[int, typer.Option(help="How often what must be drawn is.", min=1)] = 5,
    seed: Annotated[int, typer.Option(help="For what must be drawn.", min=0)] = 1,
    to: Annotated[
        Path | None, typer.Option(help="Write the changed folder here; it must not be there yet.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write one HTML page, in both languages.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="So many processes; all cores.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Propose longer limits, as few and as little longer as will do; shorter ones where nobody more
    would be late; another lead, of those that did such work before; and rules that start a level
    higher where their cases end anyway. Each is tried by what-if on the earlier part of the log, and
    what is kept on the part that was held back. Prints the change to the files.

    Example: `gridcase policy search log.jsonl --reference deploy/hanyin --on-time 0.95 --to mine`

    Example: `gridcase policy search log.jsonl --reference deploy/hanyin --at-least 0.5 --page p.html`

    Example: `gridcase policy search log.jsonl --reference deploy/hanyin --least load`
    """
    import orjson

    from lab.policy.editing import written
    from lab.policy.judging import Goal
    from lab.policy.searching import search as find
    from lab.policy.telling import as_json as told
    from lab.policy.telling import render
    from lab.replay.reading import NoLog, log_file
    from lab.replay.running import cores
    from schemas.rulebook import Rulebook
    from services.shell.reference import read_folder

    if to is not None and to.exists():
        raise typer.BadParameter(f"{to} is there already; name a new folder", param_hint="--to")
    moment = moment_of(held_back, "--held-back") if held_back else None
    try:
        rules = read_folder(reference)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--reference") from error
    goal = Goal(on_time, _least(least), at_most, at_least, tries, repeats, seed)
    say = (lambda _text: None) if as_json else (lambda text: console.print(f"  tried: {text}"))
    try:
        with log_file(log) as path:
            found = find(path, rules, goal, moment, jobs or cores(), say)
    except NoLog as error:
        console.print(f"[red]not searched[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    version = f"{rules.manifest.version}-proposed"
    with TemporaryDirectory() as folder:
        diff = written(reference, found.change, version, to or Path(folder) / reference.name)
    if page is not None:
        page.write_text(render(found, goal, diff, Rulebook(rules)), "utf-8")
    if as_json:
        print(orjson.dumps(told(found, goal, diff), option=orjson.OPT_INDENT_2).decode())
        return
    _show(found, goal, diff, to)
    if page is not None:
        console.print(f"page {page}")


def _least(text: str) -> Least:
    match text:
        case "escalations" | "load":
            return text
        case _:
            raise typer.BadParameter("write `escalations` or `load`", param_hint="--least")


def _show(found: Found, goal: Goal, diff: str, to: Path | None) -> None:
    from lab.policy.telling import GROUNDS

    if not found.change:
        console.print("[green]no change proposed[/]: none that was tried is better")
        return
    print(diff, end="")
    table = Table("", "cases", "on time", "late", "escalated", "inequality of load")
    rows = [
        (f"{name}, {when}", figures)
        for name, both in (("proposed from", found.early), ("held back", found.late))
        for when, figures in zip(("before 之前", "after 之后"), both, strict=True)
    ]
    kept = any(tried.kept for tried in found.tried)
    if kept and found.longer != found.late[0]:
        rows.append(("held back, longer limits alone 仅放宽时限", found.longer))
    for tried in found.tried:
        if tried.late is not None:
            step = tried.step
            rows.append((f"held back, {step.row}: {step.was} → {step.becomes}", tried.late))
    for name, each in rows:
        share = "" if each.share is None else f"{each.share:.1%}"
        cells = (f"{each.late:,.0f}", f"{each.escalated:,.0f}", f"{each.unequal:.3f}")
        table.add_row(name, f"{each.cases:,}", share, *cells)
    console.print(table)
    met = found.late[1].score(goal)[0] == 0.0
    word = "[green]met[/]" if met else "[yellow]not met[/]"
    console.print(f"from {found.at:%Y-%m-%d} on, held back: {goal.on_time:.0%} on time is {word}")
    for words in GROUNDS:
        console.print(f"  {words.en}", soft_wrap=True)
    if to is not None:
        console.print(
            f"written: {to}; next `gridcase reference check {to}`, and give it a date of its own "
            f"(`effective_from` in {to}/manifest.yaml)",
            soft_wrap=True,
        )
