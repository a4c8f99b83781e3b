"""Bars side by side, as an SVG that any browser shows. Text is text, so no font is needed here.

    title, note, unit
    names of the bars
    unit ┤ bars with their values, group by group
         └ names of the groups

The rule to remember: **a picture goes alone**: it says itself what is measured, in what, and of whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor, log10
from textwrap import wrap
from xml.sax.saxutils import escape

INK, PAPER, FAINT, QUIET = "#1c2a33", "#ffffff", "#dde3e7", "#55646e"
COLOURS = ("#1f6f8b", "#c8553d", "#d9a441", "#7a8b99")
FONTS = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif"
LEFT, TOP, HEIGHT, GAP, LINE = 60, 116, 260, 18, 14
LETTER, SIGN = 6, 11
"""How wide a letter and a Chinese sign are, in pixels at size 11."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a picture says: `title`; `note`, of whom and where from; `unit`, what a bar counts."""

    title: str
    note: str
    unit: str


def bars(
    words: Words,
    groups: Mapping[str, Sequence[float]],
    names: Sequence[str],
    most: float,
    wide: int = 34,
) -> str:
    """One group of bars for each key, one bar of so many pixels (`wide`) for each of `names`, with
    its value on it; the scale reaches a round figure that holds `most`. A single name is told by the
    unit alone."""
    tick = _tick(most)
    most = tick * max(ceil(most / tick), 1)
    step = wide * len(names) + GAP
    labels = [wrap(group, max((step - GAP) // LETTER, 8)) for group in groups]
    legend = names if len(names) > 1 else ()
    width = max(
        LEFT + step * len(groups) + 40, *(40 + _long(text) for text in (words.note, words.title))
    )
    height = TOP + HEIGHT + 30 + LINE * max(map(len, labels), default=1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="{FONTS}" font-size="11" '
        f'fill="{INK}">',
        f"<title>{escape(words.title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        _text(20, 32, words.title, size=17),
        _text(20, 52, words.note, ink=QUIET),
        *_legend(legend),
        *_scale(words.unit, tick, most, width),
    ]
    for place, values in enumerate(groups.values()):
        parts += _group(LEFT + place * step, values, most, wide)
        middle = LEFT + place * step + (step - GAP) / 2
        for n, line in enumerate(labels[place]):
            parts.append(_text(middle, TOP + HEIGHT + 18 + n * LINE, line, anchor="middle"))
    return "\n".join([*parts, "</svg>\n"])


def _legend(names: Sequence[str]) -> list[str]:
    starts = accumulate((_long(name) + 40 for name in names), initial=20)
    return [
        part
        for x, name, colour in zip(starts, names, COLOURS, strict=False)
        for part in (
            f'<rect x="{x}" y="66" width="12" height="12" fill="{colour}"/>',
            _text(x + 18, 76, name),
        )
    ]


def _scale(unit: str, tick: float, most: float, width: int) -> list[str]:
    parts = [_text(20, TOP - 14, unit, ink=QUIET)]
    for line in range(round(most / tick) + 1):
        y = TOP + HEIGHT - line * tick / most * HEIGHT
        parts.append(f'<path d="M{LEFT - 6},{y:.0f} H{width - 20}" stroke="{FAINT}"/>')
        parts.append(_text(LEFT - 10, y + 4, f"{line * tick:,g}", anchor="end"))
    return parts


def _group(x: float, values: Sequence[float], most: float, wide: int) -> list[str]:
    parts = []
    for n, value in enumerate(values):
        tall = min(value / most, 1.0) * HEIGHT
        at, top = x + n * wide, TOP + HEIGHT - tall
        parts.append(
            f'<rect x="{at}" y="{top:.1f}" width="{wide - 2}" height="{tall:.1f}" '
            f'fill="{COLOURS[n]}"/>'
        )
        parts.append(_text(at + wide / 2 - 1, top - 4, f"{value:,.0f}", anchor="middle", size=10))
    return parts


def _tick(most: float) -> float:
    """Of the round steps 1, 2, 5, 10 … the one that takes some five to reach `most`."""
    rough = most / 5 or 1
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough)


def _long(text: str) -> int:
    """How many pixels it takes, about."""
    return sum(LETTER if letter.isascii() else SIGN for letter in text)


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 11, ink: str = INK
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" fill="{ink}">'
        f"{escape(words)}</text>"
    )
