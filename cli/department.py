"""`gridcase department ID`: a department's open assignments, live, and what it says about them."""

from __future__ import annotations

import asyncio
import getpass
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from lab.board import Board
    from services.shell.settings import Settings

console = Console(highlight=False)
HINT = "sign 1 · return 1 not-ours · pause 1 weather · extend 1 2026-01-09T17:00:00+08:00 · resolve 1 words · Ctrl-C ends"


def department(
    id: Annotated[str, typer.Argument(metavar="ID", help="The department's code.")],
    say: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ACTION CASE WORDS…]", help="Say this and end: sign 9f2c…"),
    ] = None,
    once: Annotated[bool, typer.Option(help="Show the board once and end.")] = False,
    by: Annotated[str | None, typer.Option(help="Who says it; else your login.")] = None,
    at: Annotated[
        str | None, typer.Option(help="When: RFC 3339. Needed where time is the stream's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The board once, as JSON.")] = False,
) -> None:
    """Show a department's open assignments live, and let it sign, return, pause, extend, resolve.

    In a terminal, type an action, a line's number and the words behind it: `return 2 not-ours`.

    Examples: `gridcase department county-housing`,
    `gridcase department county-housing resolve 9f2c… "the roof is mended"`
    """
    from services.shell.endpoints import settings_at

    settings, who = settings_at(), by or f"{getpass.getuser()}@{id}"
    asyncio.run(_reach(settings, id))
    if say:
        asyncio.run(_say(settings, id, " ".join(say), who, at))
    elif once or as_json or not console.is_terminal:
        asyncio.run(_once(settings, id, as_json))
    else:
        with suppress(KeyboardInterrupt):
            asyncio.run(_live(settings, id, who))


async def _reach(settings: Settings, id: str) -> None:
    """A department that has no topic is none: said at once, instead of waiting for one."""
    from lab.reaching import reach
    from schemas.topics import ASSIGNMENTS

    await reach(settings, ASSIGNMENTS.of(id))


async def _once(settings: Settings, id: str, as_json: bool) -> None:
    from lab.department_desk import board_now

    board = await board_now(settings, id)
    if as_json:
        from dataclasses import asdict

        import orjson

        lines = [asdict(line) for line in board.in_order()]
        said = {"department": id, "assignments": lines, "refused": board.refused}
        typer.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())
    else:
        console.print(_shown(board))


async def _say(settings: Settings, id: str, line: str, by: str, at: str | None) -> None:
    from datetime import datetime

    from lab.department_desk import board_now, send, understood, update_of

    said = understood(line, await board_now(settings, id))
    if isinstance(said, str):
        console.print(f"[red]not sent[/]: {escape(said)}", soft_wrap=True)
        raise typer.Exit(1)
    try:
        update = update_of(said, by, datetime.fromisoformat(at) if at else None)
    except ValueError as error:
        console.print(f"[red]not sent[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    await send(settings, id, update)
    console.print(f"{said.action} sent for case {said.case}; `--once` shows what came of it")


async def _live(settings: Settings, id: str, by: str) -> None:
    from lab.board import Board
    from lab.department_desk import heard

    board, note = Board(id), [HINT]
    with Live(_shown(board, note[0]), console=console, auto_refresh=False, screen=True) as live:

        async def follow() -> None:
            async for _ in heard(settings, board):
                live.update(_shown(board, note[0]), refresh=True)

        async def listen() -> None:
            while line := await asyncio.to_thread(sys.stdin.readline):
                note[0] = await _typed(settings, board, line, by) if line.strip() else HINT
                live.update(_shown(board, note[0]), refresh=True)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow())
            tasks.create_task(listen())


async def _typed(settings: Settings, board: Board, line: str, by: str) -> str:
    """What to show under the board after a typed line."""
    from lab.department_desk import send, understood, update_of

    said = understood(line, board)
    if isinstance(said, str):
        return said
    try:
        update = update_of(said, by)
    except ValueError as error:
        return str(error)
    await send(settings, board.department, update)
    board.sent(said.case, said.action.value)
    return HINT


def _shown(board: Board, note: str = "") -> RenderableType:
    table = Table("", "case", "role", "kind", "area", "due", "news", "text", expand=True)
    for number, line in enumerate(board.in_order(), start=1):
        due = f"{line.due:%m-%d %H:%M}Z {line.due_kind}" if line.due else "–"
        text = f"{line.first_step} · {line.text}" if line.first_step else line.text
        cells = (line.case[:8], line.role, line.category, line.area, due, line.news, text)
        style = "red" if line.late else ""
        table.add_row(str(number), *(escape(cell) for cell in cells), style=style)
    head = f"[bold]{board.department}[/]: {len(board.lines)} open 在办"
    refused = [f"[red]refused 未接受[/] {escape(words)}" for words in board.refused]
    return Group(head, table, *refused, f"[dim]{escape(note)}[/]" if note else "")
