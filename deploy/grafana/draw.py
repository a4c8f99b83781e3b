"""Draws the dashboards as pictures, from a Prometheus that runs: for the documentation, and for
where there is no Grafana.

    python deploy/grafana/draw.py http://localhost:9090 FOLDER [--minutes 10] [--board UID]

The questions, titles and units are the dashboards' own; only the drawing is not Grafana's. Those of
the documentation are made by `python -m tests.deploy.pictures docs/pictures`.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from pathlib import Path
from typing import Any

import httpx
import matplotlib as mpl
from make_dashboards import BOARDS, Board, Panel
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter

mpl.use("Agg")
mpl.rcParams["font.family"] = ["Noto Sans CJK SC", "Noto Sans CJK JP", "DejaVu Sans"]
mpl.rcParams["font.size"] = 8
UNITS = {
    "s": lambda v: f"{v * 1000:.0f} ms" if abs(v) < 1 else f"{v:.1f} s",
    "percentunit": lambda v: f"{v:.1%}",
    "reqps": lambda v: f"{v:.2f}/s",
    "short": lambda v: f"{v:,.0f}" if float(v).is_integer() else f"{v:,.1f}",
}
MOST_LINES = 12
Series = list[tuple[str, list[float], list[float]]]


def ask(client: httpx.Client, panel: Panel, minutes: float) -> Series:
    """What Prometheus answers to a panel's questions: legend, minutes from now, values. Quantiles of
    nothing, and those beyond the last bucket, are no points."""
    now = time.time()
    found: Series = []
    for legend, question in panel.questions.items():
        span = {"start": now - minutes * 60, "end": now, "step": max(minutes / 2, 1)}
        answer = client.get("/api/v1/query_range", params={"query": question, **span}).json()
        for row in answer["data"]["result"]:
            values = [(at, float(value)) for at, value in row["values"]]
            points = [(at - now, value) for at, value in values if math.isfinite(value)]
            if not points:
                continue
            name = re.sub(r"\{\{(\w+)\}\}", lambda m, r=row: r["metric"].get(m[1], ""), legend)
            found.append((name, [at / 60 for at, _ in points], [value for _, value in points]))
    return found


def draw(board: Board, client: httpx.Client, file: Path, minutes: float) -> None:
    rows = _rows(board.panels)
    heights = [1 if row[0].kind == "number" else 2 for row in rows]
    figure = pyplot.figure(figsize=(13, 1.6 * sum(heights)), layout="constrained")
    figure.suptitle(board.title, fontsize=13, x=0.01, ha="left")
    grid = figure.add_gridspec(len(rows), 24, height_ratios=heights)
    for number, row in enumerate(rows):
        left = 0
        for panel in row:
            axes = figure.add_subplot(grid[number, left : left + panel.width])
            left += panel.width
            axes.set_title(panel.title, loc="left", fontsize=9)
            SHOW[panel.kind](axes, panel, ask(client, panel, minutes))
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def _rows(panels: tuple[Panel, ...]) -> list[list[Panel]]:
    rows: list[list[Panel]] = [[]]
    for panel in panels:
        if sum(p.width for p in rows[-1]) + panel.width > 24:
            rows.append([])
        rows[-1].append(panel)
    return rows


def _lines(axes: Any, panel: Panel, found: Series) -> None:
    highest = sorted(found, key=lambda series: max(series[2]), reverse=True)[:MOST_LINES]
    for name, at, values in highest:
        axes.plot(at, values, linewidth=1, label=name, clip_on=False)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: UNITS[panel.unit](v)))
    axes.set_xlabel("min")
    axes.set_ylim(bottom=0, top=max((max(v) for _, _, v in found), default=0) * 1.1 or 1)
    axes.grid(alpha=0.25)
    if found:
        axes.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1, 1.03), frameon=False)


def _number(axes: Any, panel: Panel, found: Series) -> None:
    axes.axis("off")
    worst = max((values[-1] for _, _, values in found), default=float("nan"))
    axes.text(0, 0.3, UNITS[panel.unit](worst), fontsize=20, color="#1f6f43")


def _table(axes: Any, panel: Panel, found: Series) -> None:
    """The present ones: the lowest first where the question asks for them, else the highest."""
    axes.axis("off")
    lowest = all(question.startswith("bottomk") for question in panel.questions.values())
    newest = max((at[-1] for _, at, _ in found), default=0)
    last = [(values[-1], name) for name, at, values in found if at[-1] == newest]
    for line, (value, name) in enumerate(sorted(last, reverse=not lowest)[:8]):
        axes.text(0, 0.9 - line * 0.12, name)
        axes.text(0.95, 0.9 - line * 0.12, UNITS[panel.unit](value), ha="right")


SHOW = {"lines": _lines, "number": _number, "table": _table}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("prometheus")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--board", action="append", help="uid of a dashboard; all by default")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=asked.prometheus, timeout=30) as client:
        for board in (b for b in BOARDS if not asked.board or b.uid in asked.board):
            draw(board, client, asked.folder / f"{board.uid}.png", asked.minutes)


if __name__ == "__main__":
    main()
