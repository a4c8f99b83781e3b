"""`gridcase watch`: what goes on in the county, live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from cli.as_json import AsJson
from cli.going_on import busy

if TYPE_CHECKING:
    from lab.watch.view import MonthView
    from services.shell.settings import Settings

console = Console(highlight=False)
DRAW_SECONDS = 0.5
LINE_SECONDS = 5.0


class Since(StrEnum):
    NOW = "now"
    START = "start"


def watch(
    since: Annotated[
        Since, typer.Option(help="`now`: go over the past first. `start`: see it pass by.")
    ] = Since.NOW,
    as_json: AsJson = False,
) -> None:
    """Follow every case: where they stand, what is late, what has just happened. Ctrl-C ends it.

    The figures count all cases from the beginning of the log, whichever way one starts. Where the
    output is no terminal, a line comes every few seconds; with `--json`, an object a line.

    Example: `gridcase watch --since start`
    """
    from services.shell.endpoints import settings_at

    with suppress(KeyboardInterrupt):
        asyncio.run(_watch(settings_at(), since, as_json))


async def _watch(settings: Settings, since: Since, as_json: bool) -> None:
    from lab.reaching import reach
    from lab.story.case_log import in_force, present, published_rules
    from lab.watch.view import MonthView, line
    from lab.watch.watching import Watcher

    await reach(settings)
    rules = in_force(await published_rules(settings), await present(settings))
    view = MonthView(rules)
    watcher = Watcher(settings, view)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watcher.follow_events())
        tasks.create_task(watcher.follow_clock())
        if since is Since.NOW:
            with busy("reading the log …"):
                await watcher.caught_up()
        if as_json:
            await _every(LINE_SECONDS, lambda: typer.echo(line(view)))
        else:
            await (_draw(view) if console.is_terminal else _print(view))


async def _draw(view: MonthView) -> None:
    with Live(view, console=console, auto_refresh=False) as live:
        await _every(DRAW_SECONDS, live.refresh)


async def _print(view: MonthView) -> None:
    from lab.watch.view import progress

    await _every(LINE_SECONDS, lambda: typer.echo(progress(view)))


async def _every(seconds: float, act: Callable[[], Any]) -> None:
    """For ever, and a last time when it is stopped."""
    try:
        while True:
            act()
            await asyncio.sleep(seconds)
    finally:
        act()
