"""`gridcase rebuild SERVICE`: make the stored documents again from the log, and compare."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from cli.serve import Name

console = Console(highlight=False)


def rebuild(
    service: Annotated[Name, typer.Argument(help="Whose documents.")],
    write: Annotated[bool, typer.Option(help="Replace the stored documents by the fold.")] = False,
) -> None:
    """Fold the whole log again and hold every stored document against it, to the byte.

    Run it while nothing comes in; with `--write`, stop the service first.

    Example: `gridcase rebuild sla`
    """
    from lab.rebuild import run
    from services.shell.endpoints import settings_at

    found = asyncio.run(run(service.value, settings_at(), write=write))
    console.print(
        f"{service.value}: {found.events} events, {found.cases} cases: {found.equal} equal, "
        f"{found.behind} behind, {len(found.different)} different, {len(found.missing)} missing, "
        f"{len(found.unexplained)} not on the log"
    )
    for case in (found.different + found.missing + found.unexplained)[:10]:
        console.print(f"  {case}")
    if not found.holds and not write:
        raise typer.Exit(1)
