"""`gridcase log`: the record itself, out of the broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from cli.as_json import AsJson, print_json

app = typer.Typer(help="Export the log.", no_args_is_help=True)
console = Console(highlight=False, stderr=True)


@app.callback()
def _log() -> None:
    """Work with the record of every case."""


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="File to write, one event a line.")],
    as_json: AsJson = False,
) -> None:
    """Write every event of every case, as it stands on the log, one JSON object a line.

    Example: `gridcase log export log.jsonl`
    """
    from lab.reaching import reach
    from schemas.topics import CASE_EVENTS
    from services.shell.consuming import read_to_end
    from services.shell.endpoints import settings_at

    settings = settings_at()

    async def run() -> int:
        await reach(settings)
        count = 0
        columns = (SpinnerColumn(), TextColumn("{task.completed} events"))
        with to.open("wb") as file, Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=None)
            async for record in read_to_end(settings, settings.topic(CASE_EVENTS.name)):
                file.write((record.value or b"null") + b"\n")
                progress.update(task, advance=1)
                count += 1
        return count

    count = asyncio.run(run())
    if as_json:
        print_json({"events": count, "file": str(to)})
    else:
        console.print(f"{count:,} events in {to}")
