"""`gridcase rebuild SERVICE`: make the stored documents again from the log, and compare."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.as_json import AsJson, print_json
from cli.going_on import busy
from cli.serve import Name

if TYPE_CHECKING:
    from lab.rebuild import Comparison
    from services.shell.settings import Settings

console = Console(highlight=False)


def rebuild(
    service: Annotated[Name, typer.Argument(help="Whose documents.")],
    write: Annotated[bool, typer.Option(help="Replace the stored documents by the fold.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fold the whole log again and hold every stored document against it, to the byte.

    Run it while nothing comes in; with `--write`, stop the service first.

    Example: `gridcase rebuild sla`
    """
    from dataclasses import asdict

    from services.shell.endpoints import settings_at

    with busy("reading the log …"):
        found = asyncio.run(_run(service.value, settings_at(), write))
    if as_json:
        print_json({"service": service.value, "holds": found.holds, **asdict(found)})
    else:
        _show(service.value, found)
    if not found.holds and not write:
        raise typer.Exit(1)


async def _run(service: str, settings: Settings, write: bool) -> Comparison:
    from lab.reaching import reach
    from lab.rebuild import run

    await reach(settings)
    return await run(service, settings, write=write)


def _show(service: str, found: Comparison) -> None:
    console.print(
        f"{service}: {found.events} events, {found.cases} cases: {found.equal} equal, "
        f"{found.behind} behind, {len(found.different)} different, {len(found.missing)} missing, "
        f"{len(found.unexplained)} not on the log"
    )
    for case in (found.different + found.missing + found.unexplained)[:10]:
        console.print(f"  {case}")
    if found.different or found.missing or found.unexplained:
        console.print(
            "next: stop the service, `--write`, and start it again; the log is the record"
        )
    elif found.behind:
        console.print("next: wait a second while nothing comes in, and ask again")
