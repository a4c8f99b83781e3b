"""Bars side by side, as an SVG that any browser shows. Text is text, so no font is needed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """One group of bars for each key, one bar for each of `names`; `most` is the height of the
    scale. A narrow bar (`wide` in pixels) says nothing of its own height."""
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
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = bottom - share * HEIGHT
        parts.append(f'<path d="M{LEFT - 6},{y:.0f} H{width - 20}" stroke="#dde3e7"/>')
        parts.append(_text(LEFT - 10, y + 4, f"{share * most:,.0f}", anchor="end"))
    for place, (group, values) in enumerate(groups.items()):
        x = LEFT + place * step
        for n, value in enumerate(values):
            tall = min(value / most, 1.0) * HEIGHT if most else 0
            at = x + n * wide
            parts.append(
                f'<rect x="{at}" y="{bottom - tall:.1f}" width="{wide - 2}" height="{tall:.1f}" '
                f'fill="{COLOURS[n]}"/>'
            )
        parts.append(_text(x + step / 2 - GAP / 2, bottom + 18, group, anchor="middle"))
    return "\n".join([*parts, "</svg>\n"])


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 11) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(words)}</text>"
    )
