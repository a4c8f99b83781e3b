"""A recording of the demo for the README: what the terminal showed, as one picture that moves.

    run/demo/log.jsonl ─► MonthView, day by day ─► what each showed ─► one SVG (`terminal_picture`)

    python -m lab.demo.recording run/demo/log.jsonl docs/img/demo.svg

The same log gives the same bytes. Rich can write SVG too, but squeezes Chinese characters into half
their width, so the cells are placed by us.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.segment import Segment

from lab.accepted import Accepted
from lab.demo.terminal_picture import svg
from lab.story.case_log import events_of
from lab.watch.view import MonthView
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder

COLUMNS, ROWS = 100, 30
LABEL = "gridcase demo: July 2022 in a county, as the terminal shows it"
DAYS = (2, 6, 10, 14, 18, 22, 26, 31)
"""Of July, each at its end; the last picture is the log's end."""


def frames(log: Path, rules: Rulebook) -> Iterator[list[list[Segment]]]:
    """The lines that the terminal showed at the end of each of `DAYS`, and at the end of all."""
    accepted = Accepted()
    events = [event for event in events_of(log) if accepted.admits(event)]
    events.sort(key=lambda event: event.time)
    total = sum(event.type == "case.opened.v1" for event in events)
    view = MonthView(rules, total, clock=lambda: 0.0)
    view.simulated = True
    days = iter(DAYS)
    until = next(days, None)
    for event in events:
        day = event.time.astimezone(rules.zone).date()
        while until is not None and day > date(day.year, 7, until):
            yield _drawn(view)
            until = next(days, None)
        view.on_event(event)
    yield _drawn(view)


def _drawn(view: MonthView) -> list[list[Segment]]:
    console = Console(
        file=StringIO(), width=COLUMNS, height=ROWS, force_terminal=True, color_system="truecolor"
    )
    return console.render_lines(view, console.options)


def main(log: Path, to: Path) -> None:
    rules = Rulebook(read_folder(Path("deploy/hanyin")))
    to.write_text(svg(list(frames(log, rules)), COLUMNS, LABEL), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
