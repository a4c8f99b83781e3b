"""A recording of the demo for the README: what the terminal showed, as one picture that moves.

    run/demo/log.jsonl ─► MonthView, day by day ─► frames ─► one SVG, with no script and no foreign font

    python -m lab.demo.recording run/demo/log.jsonl docs/img/demo.svg

The same log gives the same bytes. Rich can write SVG too, but squeezes Chinese characters into half
their width, so the cells are placed here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from io import StringIO
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI

from lab.accepted import Accepted
from lab.story.case_log import events_of
from lab.watch.view import MonthView
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder

COLUMNS, ROWS = 100, 30
CELL, LINE, EDGE = 8.4, 18, 12
"""Width of a cell, height of a line, and the margin around all, in pixels."""
SECONDS = 2.5
"""How long each frame is seen."""
DAYS = (2, 6, 10, 14, 18, 22, 26, 31)
"""Of July, each at its end; the last frame is the log's end."""


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


def svg(shown: Sequence[list[list[Segment]]]) -> str:
    """All frames, one after the other, for ever."""
    rows = max(map(len, shown))
    width, height = round(COLUMNS * CELL + 2 * EDGE), rows * LINE + 2 * EDGE
    share = 100 / len(shown)
    style = (
        f"text{{font:14px ui-monospace,Menlo,Consolas,'Noto Sans Mono CJK SC',monospace;"
        f"white-space:pre}}.f{{opacity:0;animation:f {SECONDS * len(shown)}s infinite}}"
        f"@keyframes f{{0%,{share:.3f}%{{opacity:1}}{share + 0.01:.3f}%,100%{{opacity:0}}}}"
        "@media(prefers-reduced-motion:reduce){.f{animation:none}.f:last-of-type{opacity:1}}"
    )
    drawn = "\n".join(
        f'<g class="f" style="animation-delay:{number * SECONDS}s">{"".join(_texts(lines))}</g>'
        for number, lines in enumerate(shown)
    )
    back = MONOKAI.background_color.hex
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="gridcase demo: July 2022 in a county, as the terminal shows it">'
        f'<style>{style}</style><rect width="{width}" height="{height}" rx="8" fill="{back}"/>\n'
        f"{drawn}\n</svg>\n"
    )


def _texts(lines: list[list[Segment]]) -> Iterator[str]:
    for row, line in enumerate(lines):
        column = 0
        for style, run in groupby(line, key=lambda segment: segment.style):
            text = "".join(segment.text for segment in run)
            cells = cell_len(text)
            if text.strip():
                lead = len(text) - len(text.lstrip())
                words = text.strip()
                x, y = EDGE + (column + lead) * CELL, EDGE + row * LINE + 14
                yield (
                    f'<text x="{x:.1f}" y="{y}" textLength="{cell_len(words) * CELL:.1f}" '
                    f'fill="{_colour(style)}"{_weight(style)}>{escape(words)}</text>'
                )
            column += cells


def _colour(style: Style | None) -> str:
    if style is None or style.color is None or style.color.is_default:
        colour = MONOKAI.foreground_color
    else:
        colour = style.color.get_truecolor(MONOKAI)
    if style is not None and style.dim:
        back = MONOKAI.background_color
        colour = type(colour)(*((a + b) // 2 for a, b in zip(colour, back, strict=True)))
    return colour.hex


def _weight(style: Style | None) -> str:
    return ' font-weight="bold"' if style is not None and style.bold else ""


def main(log: Path, to: Path) -> None:
    rules = Rulebook(read_folder(Path("deploy/hanyin")))
    to.write_text(svg(list(frames(log, rules))), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
