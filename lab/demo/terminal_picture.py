"""Lines of a terminal as one SVG that moves, with no script and no foreign font.

    a line ─► cells, told apart by `Kind` ─► a text for each word, a rectangle for each bar,
                                             one path for all frames of panels

The rule to remember: no font is trusted with more than a word. What a font makes of frames, blocks,
Chinese and signs such as → is its own affair, one cell wide here and two there; so frames and bars
are drawn, and each run of letters of one width is held to its cells by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import NamedTuple
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI

CELL, LINE, EDGE = 8.4, 18, 12
"""Width of a cell, height of a line, and the margin around all, in pixels."""
SECONDS = 2.5
"""How long each picture is seen."""
FONTS = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace"
HALF, LOW = CELL / 2, LINE // 2
PIECES = {
    "─": f"h{CELL}",
    "│": f"m{HALF} -{LOW}v{LINE}",
    "╭": f"m{CELL} 0q-{HALF} 0 -{HALF} {HALF}v{LOW - HALF:.1f}",
    "╮": f"q{HALF} 0 {HALF} {HALF}v{LOW - HALF:.1f}",
    "╰": f"m{CELL} 0q-{HALF} 0 -{HALF} -{HALF}v-{LOW - HALF:.1f}",
    "╯": f"q{HALF} 0 {HALF} -{HALF}v-{LOW - HALF:.1f}",
}
"""Of a panel's frame, from the middle of a cell's left side."""
BARS = {"█": "1", "░": "0.45"}
"""How solid."""


class Kind(Enum):
    """What is drawn alike."""

    SPACE, FRAME, BAR, WIDE, SIGN, WORD = range(6)


class Run(NamedTuple):
    """Cells beside each other that are drawn as one; `left` and `cells` count cells."""

    kind: Kind
    text: str
    left: int
    cells: int
    style: Style | None


def svg(pictures: Sequence[list[list[Segment]]], width: int, label: str) -> str:
    """All pictures of `width` cells, one after the other, for ever; the last where nothing moves."""
    rows = max(map(len, pictures))
    wide, high = round(width * CELL + 2 * EDGE), rows * LINE + 2 * EDGE
    total, share = SECONDS * len(pictures), 100 / len(pictures)
    style = (
        f"text{{font-family:{FONTS};font-size:14px;white-space:pre}}.w{{font-size:15.5px}}"
        f".f{{opacity:0;animation:f {total}s infinite}}.f:last-of-type{{opacity:1}}"
        f"@keyframes f{{0%,{share:.3f}%{{opacity:1}}{share + 0.01:.3f}%,100%{{opacity:0}}}}"
        "@media(prefers-reduced-motion:reduce){.f{animation:none}}"
    )
    drawn = "\n".join(
        f'<g class="f" style="animation-delay:{number and number * SECONDS - total}s">'
        f"{''.join(_drawn(lines))}</g>"
        for number, lines in enumerate(pictures)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        f'aria-label="{escape(label)}"><style>{style}</style>'
        f'<rect width="{wide}" height="{high}" rx="8" fill="{MONOKAI.background_color.hex}"/>\n'
        f"{drawn}\n</svg>\n"
    )


def _drawn(lines: list[list[Segment]]) -> Iterator[str]:
    frames: dict[str, str] = {}
    for row, line in enumerate(lines):
        top = EDGE + row * LINE
        for run in _runs(line):
            colour = _colour(run.style)
            if run.kind is Kind.FRAME:
                frames[colour] = frames.get(colour, "") + _frame(run, top)
            else:
                yield (_bar if run.kind is Kind.BAR else _text)(run, top, colour)
    for colour, way in frames.items():
        yield f'<path d="{way}" fill="none" stroke="{colour}"/>'


def _frame(run: Run, top: int) -> str:
    """A straight piece is drawn at once, however long."""
    places = (f"M{EDGE + (run.left + n) * CELL:.1f} {top + LOW}" for n in range(run.cells))
    if run.text[0] == "─":
        return f"{next(places)}h{run.cells * CELL:.1f}"
    return "".join(place + PIECES[sign] for place, sign in zip(places, run.text, strict=True))


def _bar(run: Run, top: int, colour: str) -> str:
    return (
        f'<rect x="{EDGE + run.left * CELL:.1f}" y="{top + 2}" width="{run.cells * CELL:.1f}" '
        f'height="{LINE - 4}" fill="{colour}" opacity="{BARS[run.text[0]]}"/>'
    )


def _text(run: Run, top: int, colour: str) -> str:
    how = {Kind.WIDE: 'class="w" ', Kind.SIGN: 'lengthAdjust="spacingAndGlyphs" '}.get(run.kind, "")
    return (
        f'<text {how}x="{EDGE + run.left * CELL:.1f}" y="{top + 14}" '
        f'textLength="{run.cells * CELL:.1f}" fill="{colour}"{_weight(run.style)}>'
        f"{escape(run.text)}</text>"
    )


def _runs(line: list[Segment]) -> Iterator[Run]:
    """Runs of one kind and one style, from the left; spaces are left out."""
    signs = [(sign, segment.style) for segment in line for sign in segment.text]
    left = 0
    for (kind, _, style), group in groupby(signs, key=lambda pair: (*_kind(pair[0]), pair[1])):
        text = "".join(sign for sign, _ in group)
        cells = cell_len(text)
        if kind is not Kind.SPACE:
            yield Run(kind, text, left, cells, style)
        left += cells


def _kind(sign: str) -> tuple[Kind, str]:
    """And the sign itself where only its like may join it."""
    if sign in PIECES:
        return Kind.FRAME, sign
    if sign in BARS:
        return Kind.BAR, sign
    if sign == " ":
        return Kind.SPACE, ""
    if cell_len(sign) == 2:
        return Kind.WIDE, ""
    return (Kind.SIGN if east_asian_width(sign) == "A" else Kind.WORD), ""


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
