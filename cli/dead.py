"""`gridcase dead`: what could not be read or answered, and putting it back once it is repaired."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.as_json import AsJson, print_json
from cli.troubles import fail

if TYPE_CHECKING:
    from lab.set_aside import Letter
    from services.shell.settings import Settings

app = typer.Typer(
    help="What was set aside: list it, look at it, put it back.\n\n死信:查看与重放。",
    no_args_is_help=True,
)
console = Console(highlight=False)
Address = Annotated[str, typer.Argument(help="As `gridcase dead list` writes it: TOPIC@OFFSET.")]


@app.command("list")
def list_(
    topic: Annotated[str | None, typer.Option(help="Only what came from this topic.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was set aside, and why; nothing of what it said.

    Example: `gridcase dead list --topic updates.vc-v11`
    """
    from services.shell.endpoints import settings_at

    found = asyncio.run(_letters(settings_at(), topic))
    if as_json:
        print_json([letter.as_dict() for letter in found])
    else:
        console.print(_table(found) if found else "nothing was set aside 无死信")


async def _letters(settings: Settings, topic: str | None) -> list[Letter]:
    from lab.reaching import reach
    from lab.set_aside import letters

    await reach(settings)
    return await letters(settings, topic)


def _table(found: list[Letter]) -> Table:
    table = Table("address", "at", "by", "why 原因", box=None, pad_edge=False)
    for letter in found:
        at = f"{letter.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(letter.address, at, letter.service, _safe(letter.reason))
    return table


def _safe(text: str) -> str:
    """A reason may quote what a stranger sent: no control characters, and no markup."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("[", r"\[")


@app.command()
def show(address: Address, as_json: AsJson = False) -> None:
    """Show one record as it came in. It may hold personal data: mind who looks on; that you looked
    is on record.

    Example: `gridcase dead show reports.submitted@3`
    """
    from lab.set_aside import opened
    from services.shell.endpoints import settings_at, who

    settings = settings_at()
    letter = _found(address)
    value = asyncio.run(opened(settings, letter, who()))
    said = None if value is None else value.decode(errors="backslashreplace")
    if as_json:
        print_json(letter.as_dict() | {"value": said})
        return
    console.print(_table([letter]))
    console.print("(no value)" if said is None else _safe(said), soft_wrap=True)


@app.command()
def replay(
    address: Address,
    file: Annotated[
        Path | None,
        typer.Option(
            help="Send these bytes instead: the record, repaired.", exists=True, dir_okay=False
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who sends it; else GRIDCASE_OFFICER, else your login.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a record again to the topic that it came from, as it was or repaired.

    It is judged like any other; what carries its sender's id counts once, however often it comes.
    The record's headers say who sent it again, and which letter it was.

    Example: `gridcase dead replay reports.submitted@3 --file repaired.json`
    """
    from lab.set_aside import opened
    from lab.set_aside import replay as send
    from services.shell.endpoints import settings_at, who

    settings, name = settings_at(), by or who()
    letter = _found(address)

    async def run() -> None:
        value = file.read_bytes() if file else await opened(settings, letter, name)
        await send(settings, letter, value, name)

    asyncio.run(run())
    if as_json:
        print_json({"address": letter.address, "sent_to": letter.topic})
    else:
        console.print(f"sent to {letter.topic}; `gridcase dead list` shows whether it came back")


def _found(address: str) -> Letter:
    from lab.reaching import reach
    from lab.set_aside import NoLetterError, letter_at
    from services.shell.endpoints import settings_at

    async def run() -> Letter:
        settings = settings_at()
        await reach(settings)
        return await letter_at(settings, address)

    try:
        return asyncio.run(run())
    except NoLetterError as error:
        fail(str(error), "`gridcase dead list` shows the addresses: TOPIC@OFFSET")
