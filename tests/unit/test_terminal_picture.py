"""A terminal's lines as a picture: each run of letters on its own cells, frames and bars as lines."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from lab.demo.terminal_picture import CELL, EDGE, svg

COLUMNS = 24
PLACED = re.compile(r'<text [^>]*?x="([\d.]+)" [^>]*?textLength="([\d.]+)"[^>]*>([^<]+)</text>')


def drawn(*shown: RenderableType) -> str:
    console = Console(file=StringIO(), width=COLUMNS, force_terminal=True)
    pictures = [console.render_lines(each, console.options) for each in shown]
    return svg(pictures, COLUMNS, "a test")


def words(picture: str) -> dict[str, tuple[int, int]]:
    """Each run of letters, with the cell at which it starts and the cells that it fills."""
    return {
        text: (round((float(x) - EDGE) / CELL), round(float(length) / CELL))
        for x, length, text in PLACED.findall(picture)
    }


def test_every_word_of_a_title_stands_on_its_own_cells_and_the_frame_is_no_text() -> None:
    picture = drawn(Panel("ab → 办结", title="各镇 towns", title_align="left"))
    title = {"各镇": (3, 4), "towns": (8, 5)}
    assert words(picture) == title | {"ab": (2, 2), "→": (5, 1), "办结": (7, 4)}
    assert picture.count("<path") == 1


def test_a_bar_is_a_rectangle_as_long_as_its_cells() -> None:
    picture = drawn(Group(Text("██████░░")))
    assert words(picture) == {}
    bars = re.findall(r'<rect x="([\d.]+)" .*?width="([\d.]+)"', picture)
    assert bars == [
        (f"{EDGE:.1f}", f"{6 * CELL:.1f}"),
        (f"{EDGE + 6 * CELL:.1f}", f"{2 * CELL:.1f}"),
    ]


def test_each_picture_has_its_turn_and_the_last_is_the_one_that_stays() -> None:
    picture = drawn(Text("one"), Text("two"), Text("three"))
    assert re.findall(r"animation-delay:(-?[\d.]+)s", picture) == ["0", "-5.0", "-2.5"]
    assert ".f:last-of-type{opacity:1}" in picture
