"""What a long command shows while it works: on standard error, and only on a terminal.

    through(start, end) ─► a bar that the events' own time moves      busy(words) ─► a spinner

In a pipe nothing of it is written, so standard output is the result alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

WORDS = TextColumn("{task.description}")


@contextmanager
def through(start: datetime, end: datetime) -> Iterator[Callable[[datetime], None]]:
    """What comes out takes the time of each event, in order."""
    with _shown(WORDS, BarColumn(), TaskProgressColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(f"{start:%Y-%m-%d}", total=(end - start).total_seconds())
        shown = start.date()

        def to(moment: datetime) -> None:
            nonlocal shown
            if (
                moment.date() != shown
            ):  # once a day is enough for the eye, and costs next to nothing
                shown = moment.date()
                seconds = (moment - start).total_seconds()
                progress.update(task, description=f"{shown}", completed=seconds)

        yield to


@contextmanager
def busy(words: str) -> Iterator[None]:
    """While something is done whose end nobody can foresee."""
    with _shown(SpinnerColumn(), WORDS, TimeElapsedColumn()) as progress:
        progress.add_task(words, total=None)
        yield


def _shown(*columns: ProgressColumn) -> Progress:
    console = Console(stderr=True, highlight=False)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
