"""Bars side by side, as an SVG that any browser shows. Text is text, so no font is needed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

INK, PAPER = "#1c2a33", "#ffffff"
COLOURS = ("#1f6f8b", "#c8553d", "#d9a441", "#7a8b99")
LEFT, TOP, HEIGHT, GAP = 60, 90, 260, 14


def bars(
    title: str,
    groups: Mapping[str, Sequence[float]],
    names: Sequence[str],
    most: float,
    wide: int = 14,
) -> str:
    """One group of bars for each key, one bar for each of `names`; the scale reaches a round figure
    that holds `most`. A narrow bar (`wide` in pixels) says nothing of its own height."""
    tick = _tick(most)
    most = tick * max(ceil(most / tick), 1)
    step = wide * len(names) + GAP
    width, bottom = LEFT + step * len(groups) + 40, TOP + HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{max(width, 480)}" height="{bottom + 60}" '
        f'font-family="sans-serif" font-size="11" fill="{INK}">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        _text(20, 32, title, size=17),
    ]
    for n, name in enumerate(names):
        parts.append(
            f'<rect x="{20 + n * 150}" y="48" width="12" height="12" fill="{COLOURS[n]}"/>'
        )
        parts.append(_text(36 + n * 150, 58, name))
    for line in range(round(most / tick) + 1):
        y = bottom - line * tick / most * HEIGHT
        parts.append(f'<path d="M{LEFT - 6},{y:.0f} H{width - 20}" stroke="#dde3e7"/>')
        parts.append(_text(LEFT - 10, y + 4, f"{line * tick:,g}", anchor="end"))
    for place, (group, values) in enumerate(groups.items()):
        x = LEFT + place * step
        for n, value in enumerate(values):
            tall = min(value / most, 1.0) * HEIGHT
            at = x + n * wide
            parts.append(
                f'<rect x="{at}" y="{bottom - tall:.1f}" width="{wide - 2}" height="{tall:.1f}" '
                f'fill="{COLOURS[n]}"/>'
            )
        parts.append(_text(x + step / 2 - GAP / 2, bottom + 18, group, anchor="middle"))
    return "\n".join([*parts, "</svg>\n"])


def _tick(most: float) -> float:
    """Of the round steps 1, 2, 5, 10 … the one that takes some five to reach `most`."""
    rough = most / 5 or 1
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough)


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 11) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(words)}</text>"
    )
