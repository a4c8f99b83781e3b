"""`gridcase route`: which department would get a matter, by which rule, and why not the others."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from enum import StrEnum

    from lab.routes import Routed
    from schemas.rulebook import Rulebook

    E = TypeVar("E", bound=StrEnum)

console = Console(highlight=False)


def route(
    category: Annotated[str | None, typer.Option(help="Code of the kind; none: unknown.")] = None,
    grid: Annotated[
        str | None, typer.Option(help="Code of the grid, village, town or county.")
    ] = None,
    service: Annotated[
        str, typer.Option(help="epidemic, risk, sentiment, violation or deputy.")
    ] = "sentiment",
    urgency: Annotated[str, typer.Option(help="normal, urgent or emergency.")] = "normal",
    at: Annotated[
        str | None, typer.Option(help="When: RFC 3339 with its zone. Usually now.")
    ] = None,
    returned_by: Annotated[
        list[str] | None, typer.Option(help="A department that has returned it; repeatable.")
    ] = None,
    reference: Annotated[Path, typer.Option(help="Folder with the rules.", exists=True)] = Path(
        "deploy/hanyin"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show every rule that matches a matter, the one that wins and why, as the router would.

    Example: `gridcase route --category street-lights --grid 610921100001012 --urgency urgent`

    At night: `gridcase route --category road-upkeep --at 2026-01-05T23:00:00+08:00`
    """
    from lab.routes import Matter, as_data, explain
    from schemas.reference import Service, Urgency
    from schemas.rulebook import Rulebook
    from services.shell.reference import ReferenceError, read_folder

    asked = (_one_of(Service, service, "--service"), _one_of(Urgency, urgency, "--urgency"))
    matter = Matter(grid, category, *asked, _moment(at), tuple(returned_by or ()))
    try:
        rules = Rulebook(read_folder(reference))
        routed = explain(rules, matter)
    except (LookupError, ReferenceError) as error:
        words = error.problems[0] if isinstance(error, ReferenceError) else error.args[0]
        console.print(f"[red]error[/] {escape(str(words))}", soft_wrap=True)
        console.print(
            f"[dim]next[/]  `gridcase reference check {reference}`, or look into its "
            "areas.csv and categories.csv"
        )
        raise typer.Exit(1) from None
    if as_json:
        import orjson

        typer.echo(orjson.dumps(as_data(routed, rules), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(routed, rules)


def _one_of(kind: type[E], word: str, option: str) -> E:
    try:
        return kind(word)
    except ValueError:
        known = ", ".join(each.value for each in kind)
        raise typer.BadParameter(f"{word!r} is none of: {known}", param_hint=option) from None


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write 2026-01-05T23:00:00+08:00") from error
    if moment.tzinfo is None:
        raise typer.BadParameter("the time has no zone: add +08:00 or Z", param_hint="--at")
    return moment


def _show(routed: Routed, rules: Rulebook) -> None:
    from lab.routes import conditions
    from services.router.routing import Choice

    table = Table("", "rule", "asks for", "unit here", "level", "outcome", box=None)
    for number, one in enumerate(routed.candidates, start=1):
        style = "bold green" if one.outcome == "wins" else ""
        cells = (one.rule.id, conditions(one.rule), one.unit or "–", one.level or "–", one.outcome)
        table.add_row(str(number), *cells, style=style)
    console.print(table if routed.candidates else "no rule matches", soft_wrap=True)
    choice = routed.choice
    if not isinstance(choice, Choice):
        console.print(f"\n[bold yellow]triage 人工分拨[/]: {escape(choice.reason)}", soft_wrap=True)
        return
    console.print(f"\n[bold]lead 主办[/]    {_named(choice.lead, rules)}, {choice.level} level")
    for word, units in (("assist 协办", choice.assist), ("parts 各自承办", choice.parts)):
        if units:
            console.print(f"[bold]{word}[/]  {', '.join(_named(unit, rules) for unit in units)}")
    if choice.legal_review:
        console.print("[bold]legal review 法制审核[/] needed before it is resolved")
    console.print(f"[bold]why[/]  {escape(choice.why)}", soft_wrap=True)
    console.print(f"[dim]rules {rules.version}[/]")


def _named(code: str, rules: Rulebook) -> str:
    unit = rules.department(code)
    return f"{code} {unit.name}" if unit else code
