"""The report as one picture: figures come in, an SVG goes out that any browser shows.

Left, what was said for each true label, a row a label, darker for more; right, how many are right
among the surest, and where messages pass unasked. Text is text, so Chinese labels need no font here.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

CELL, LEFT, TOP = 26, 190, 96
INK, PAPER, RIGHT, WRONG = "#1c2a33", "#ffffff", "#1f6f8b", "#c8553d"
MOST_LABELS = 40
"""Of more labels, those with the most messages are drawn."""


def draw(figures: dict[str, Any]) -> str:
    """The picture of what `lab.training.judging.report` says."""
    labels = _labels(figures)
    side = len(labels) * CELL
    width, height = LEFT + side + 420, TOP + max(side, 300) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *_heading(figures),
        *_matrix(figures, labels),
        *_curve(figures, LEFT + side + 80),
        "</svg>",
    ]
    return "\n".join(parts)


def _labels(figures: dict[str, Any]) -> list[str]:
    per_label = figures["per_label"]
    most = sorted(per_label, key=lambda label: -per_label[label]["messages"])[:MOST_LABELS]
    return [label for label in per_label if label in most]


def _heading(figures: dict[str, Any]) -> list[str]:
    line = (
        f"{figures['messages']:,} messages · accuracy {figures['accuracy']:.3f} · macro-F1 "
        f"{figures['macro_f1']:.3f} · {figures['coverage']:.1%} pass unasked, "
        f"{figures['accuracy_at_coverage']:.1%} of them right"
    )
    title = f"Classifier {figures['model']}"
    return [_text(20, 32, title, size=18), _text(20, 56, line)]


def _matrix(figures: dict[str, Any], labels: list[str]) -> list[str]:
    out = [_text(LEFT, TOP - 12, "what was said (columns in the order of the rows)")]
    for down, truth in enumerate(labels):
        row = figures["confusion"].get(truth, {})
        whole = sum(row.values()) or 1
        y = TOP + down * CELL
        recall = figures["per_label"][truth]["recall"]
        out.append(_text(LEFT - 8, y + 17, f"{truth} {recall:.0%}", anchor="end"))
        for across, said in enumerate(labels):
            count = row.get(said, 0)
            out.append(_cell(LEFT + across * CELL, y, count, count / whole, truth == said))
    return out


def _cell(x: int, y: int, count: int, share: float, right: bool) -> str:
    colour = RIGHT if right else WRONG
    opacity = min(share if right else share * 4, 1.0)
    box = (
        f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" fill="#eef2f4"/>'
        f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" fill="{colour}" '
        f'fill-opacity="{opacity:.2f}"/>'
    )
    if not count:
        return box
    ink = PAPER if opacity > 0.5 else INK
    return box + _text(x + CELL // 2 - 1, y + 16, str(count), anchor="middle", size=9, fill=ink)


def _curve(figures: dict[str, Any], x: int) -> list[str]:
    """Right ones among the surest share, on a scale from the lowest told up to all."""
    told = {float(k.rstrip("%")) / 100: v for k, v in figures["surest"].items()}
    low = min(0.9, *told.values())

    def point(share: float, right: float) -> tuple[float, float]:
        return x + share * 280, TOP + (1 - right) / (1 - low or 1) * 260

    line = " ".join(f"{px:.0f},{py:.0f}" for px, py in (point(*item) for item in told.items()))
    out = [
        _text(x, TOP - 12, "right among the surest (line), and where messages pass (dot)"),
        f'<polyline points="{line}" fill="none" stroke="{RIGHT}" stroke-width="2"/>',
    ]
    for share, right in told.items():
        px, py = point(share, right)
        out += [_text(px, py - 8, f"{right:.1%}", anchor="middle", size=10)]
        out += [_text(px, TOP + 284, f"{share:.0%}", anchor="middle", size=10)]
    cx, cy = point(figures["coverage"], max(figures["accuracy_at_coverage"], low))
    return [*out, f'<circle cx="{cx:.0f}" cy="{cy:.0f}" r="5" fill="{WRONG}"/>']


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, fill: str = INK
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{fill}">{escape(words)}</text>'
    )
