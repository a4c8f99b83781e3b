"""`gridcase dead`: what could not be read or answered, and putting it back once it is repaired."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from lab.set_aside import Letter

app = typer.Typer(
    help="What was set aside: list it, look at it, put it back.\n\n死信:查看与重放。",
    no_args_is_help=True,
)
console = Console(highlight=False)
Address = Annotated[str, typer.Argument(help="As `gridcase dead list` writes it: TOPIC@OFFSET.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def list_(
    topic: Annotated[str | None, typer.Option(help="Only what came from this topic.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was set aside, and why; nothing of what it said.

    Example: `gridcase dead list --topic updates.vc-v11`
    """
    from lab.set_aside import letters
    from services.shell.endpoints import settings_at

    found = asyncio.run(letters(settings_at(), topic))
    if as_json:
        typer.echo(orjson.dumps([letter.as_dict() for letter in found], option=orjson.OPT_INDENT_2))
        return
    if not found:
        console.print("nothing was set aside")
        return
    console.print(_table(found))


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
        typer.echo(orjson.dumps(letter.as_dict() | {"value": said}, option=orjson.OPT_INDENT_2))
        return
    console.print(_table([letter]))
    console.print("(no value)" if said is None else _safe(said), soft_wrap=True)


@app.command()
def replay(
    address: Address,
    file: Annotated[
        Path | None, typer.Option(help="Send these bytes instead: the record, repaired.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who sends it; else GRIDCASE_OFFICER, else your login.")
    ] = None,
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
    console.print(f"sent to {letter.topic}; `gridcase dead list` shows whether it came back")


def _found(address: str) -> Letter:
    from lab.set_aside import NoLetterError, letter_at
    from services.shell.endpoints import settings_at

    try:
        return asyncio.run(letter_at(settings_at(), address))
    except NoLetterError as error:
        raise typer.BadParameter(str(error)) from error
