"""`gridcase mediation`: disputes accepted and settled, and at which level."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

console = Console(highlight=False)


def mediation(
    log: Annotated[Path, typer.Argument(help="An exported log.", exists=True, dir_okay=False)],
    reference: Annotated[Path, typer.Option(help="Which kinds are disputes.", exists=True)] = Path(
        "deploy/hanyin"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Count the disputes of a log: accepted, settled, and the settlements of each level.

    Example: `gridcase log export log.jsonl && gridcase mediation log.jsonl`
    """
    import orjson

    from lab.mediation import mediation as table_of
    from lab.story.case_log import events_of
    from schemas.envelope import Unreadable
    from schemas.rulebook import Rulebooks
    from services.shell.reference import ReferenceError, read_folder

    try:
        found = table_of(events_of(log), Rulebooks([read_folder(reference)]))
    except (ReferenceError, Unreadable) as error:
        console.print(f"[red]error[/] {error}", soft_wrap=True)
        console.print("[dim]next[/]  make the file by `gridcase log export FILE`")
        raise typer.Exit(1) from None
    data = found.as_data()
    if as_json:
        typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("", "cases", title="dispute mediation 矛盾纠纷调解", title_justify="left")
    table.add_row("accepted 受理", f"{found.accepted:,}")
    table.add_row("settled 调处成功", f"{found.settled:,}")
    for level, zh in (("village", "村"), ("town", "镇"), ("county", "县")):
        table.add_row(f"  settlements at {level} level {zh}级", f"{found.by_level[level]:,}")
    console.print(table)
    if sum(found.by_level.values()) > found.settled:
        console.print("[dim]A case that was settled again after it was reopened counts at both.[/]")
