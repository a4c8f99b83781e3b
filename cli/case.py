"""`gridcase case ID`: the whole story of one case, and the reasons behind each step."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.troubles import START, fail

if TYPE_CHECKING:
    from lab.story.case_log import Found
    from schemas.rulebook import Rulebooks

console = Console(highlight=False)


class Language(StrEnum):
    BOTH = "both"
    ZH = "zh"
    EN = "en"


def case(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="The case id, or the report's SOURCE/REPORT_ID.")
    ],
    log: Annotated[
        Path | None,
        typer.Option(help="Read this exported log, not the broker.", exists=True, dir_okay=False),
    ] = None,
    lang: Annotated[Language, typer.Option(help="In which language.")] = Language.BOTH,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Names from this folder. Otherwise from the broker; with --log, deploy/hanyin.",
            exists=True,
        ),
    ] = None,
) -> None:
    """Tell the story of a case: who did what and when, by which rule, against which clock.

    Example: `gridcase case hotline-12345/hl-0701-003`
    """
    key, found = find(id, log, reference)
    _show(found, key, lang, as_json)


def find(id: str, log: Path | None, reference: Path | None) -> tuple[str, Found]:
    """A case's id and all that is known of it, from an exported log or from the broker; ends with
    words where there is none."""
    from lab.story.case_log import case_of

    key = case_of(id)
    found = _from_file(log, key, reference) if log else _from_broker(key, reference)
    if not found.events:
        fail(
            f"there is no case {key}" + (f", the one of report {id}" if key != id else ""),
            f"look at the id again; a report that was refused is on `reports.rejected`, not in "
            f"{log or 'the log'}",
        )
    return key, found


def _from_file(log: Path, key: str, reference: Path | None) -> Found:
    from lab.story.case_log import from_file
    from schemas.envelope import Unreadable

    try:
        return from_file(log, key, _books(reference or Path("deploy/hanyin")))
    except Unreadable as error:
        fail(str(error), "make the file by `gridcase log export FILE`: one event a line")


def _from_broker(key: str, reference: Path | None) -> Found:
    from lab.reaching import NoPlatform
    from lab.story.case_log import from_broker
    from services.shell.endpoints import settings_at

    books = _books(reference) if reference else None
    try:
        return asyncio.run(from_broker(settings_at(), key, books))
    except NoPlatform as error:
        fail(str(error), f"read a file with --log FILE, or {START}")


def _books(folder: Path) -> Rulebooks:
    from schemas.rulebook import Rulebooks
    from services.shell.reference import ReferenceError, read_folder

    if not (folder / "manifest.yaml").exists():
        return Rulebooks()
    try:
        return Rulebooks([read_folder(folder)])
    except ReferenceError as error:
        fail(error.problems[0], f"`gridcase reference check {folder}` tells all that is wrong")


def _show(found: Found, key: str, lang: Language, as_json: bool) -> None:
    from lab.story.story_page import as_data, render
    from lab.story.storytelling import stand, tell

    lines, standing = tell(found.events, found.rules), stand(found.events, found.now)
    if as_json:
        typer.echo(as_data(key, lines, standing))
    else:
        console.print(render(key, lines, standing, found.rules, lang.value))
