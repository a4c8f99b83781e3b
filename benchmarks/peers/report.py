"""What the race found, as a table in the terminal, a page and a picture.

The page states ratios first: rates are one machine's, ratios of one run travel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich import table
from rich.console import Console

from benchmarks.page import put
from benchmarks.peers.contenders import OURS, Contender
from benchmarks.results import Sample

RATE = {"cold": "answered/s", "warm": "second half/s"}
WHOSE = ("own", "broker", "database")
"""Whose processor time is told; each contender that needs no database leaves it at rest."""
CPU = "processor seconds per 100,000 answered inputs"
BAR, ROW, LABEL = 360, 30, 170


@dataclass(slots=True)
class Table:
    machine: dict[str, Any]
    inputs: dict[str, int]
    """Of each run."""
    rounds: dict[str, dict[str, list[Sample]]] = field(default_factory=dict)
    """By run and contender."""
    guarantees: dict[str, str] = field(default_factory=dict)

    def add(self, run: str, contender: Contender, sample: Sample) -> None:
        self.rounds.setdefault(run, {}).setdefault(contender.title, []).append(sample)
        self.guarantees[contender.title] = contender.guarantee

    def rows(self, run: str) -> list[tuple[str, float, float, Sample]]:
        """Title, rate, ours as a multiple of it, and the medians of all figures; fastest first."""
        medians = {
            title: {name: median(each[name] for each in samples) for name in samples[0]}
            for title, samples in self.rounds[run].items()
        }
        own = medians[OURS.title][RATE[run]] if OURS.title in medians else nan
        found = [
            (title, sample[RATE[run]], own / sample[RATE[run]], sample)
            for title, sample in medians.items()
        ]
        return sorted(found, key=lambda row: -row[1])

    def show(self, console: Console) -> None:
        for run in self.rounds:
            shown = table.Table(title=f"{run}: {self.inputs[run]:,} inputs, medians; {CPU}")
            for name in ("", "answered/s", "ours / it", *WHOSE, "MB"):
                shown.add_column(name, justify="right" if name else "left")
            for cells in self._cells(run):
                shown.add_row(*cells)
            console.print(shown)

    def _cells(self, run: str) -> list[tuple[str, ...]]:
        return [
            (
                title,
                f"{rate:,.0f}",
                "–" if isnan(ratio) else f"{ratio:.2f}",
                *(_cpu(sample, whose) for whose in WHOSE),
                f"{sample['memory MB']:,.0f}",
            )
            for title, rate, ratio, sample in self.rows(run)
        ]

    def markdown(self) -> str:
        lines: list[str] = []
        for run in self.rounds:
            counted = "all" if run == "cold" else "the second half"
            lines += [
                f"### {run.capitalize()}: {self.inputs[run]:,} inputs, {counted} counted",
                "",
                f"| | answered/s | ours ÷ it | {' | '.join(WHOSE)} | peak MB "
                "| what a crash leaves |",
                "|---|--:|--:|--:|--:|--:|--:|---|",
            ]
            for title, *cells in self._cells(run):
                lines.append(f"| {' | '.join([title, *cells])} | {self.guarantees[title]} |")
            lines.append("")
        about = " · ".join(f"{name} {value}" for name, value in self.machine.items())
        lines.append(f"*own*, *broker*, *database*: {CPU}.")
        return "\n".join([*lines, "", f"Measured on: {about}.", ""])


def _cpu(sample: Sample, whose: str) -> str:
    value = sample.get(f"CPU s per 100,000, {whose}")
    return "–" if value is None else f"{value:.1f}"


def write(page: Path, found: Table) -> None:
    """Put tables into the pages, the picture and the raw rounds beside."""
    put(
        "race",
        f"![answered inputs a second]({page.with_suffix('.svg').name})\n\n{found.markdown()}",
    )
    page.with_suffix(".svg").write_text(picture(found), encoding="utf-8")
    rounds = {"machine": found.machine, "inputs": found.inputs, "rounds": found.rounds}
    page.with_suffix(".json").write_bytes(orjson.dumps(rounds, option=orjson.OPT_INDENT_2))


def picture(found: Table) -> str:
    """Bars of answered inputs a second; one group a run."""
    parts: list[str] = []
    top = 0
    for run in found.rounds:
        rows = found.rows(run)
        parts.append(f'<text class="run" x="8" y="{top + 22}">{run}: answered inputs/s</text>')
        for number, (title, rate, _, _) in enumerate(rows):
            y = top + 34 + number * ROW
            width = BAR * rate / rows[0][1]
            kind = "ours" if title == OURS.title else "peer"
            parts += [
                f'<text x="{LABEL - 8}" y="{y + 16}" text-anchor="end">{title}</text>',
                f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{width:.0f}" height="22"/>',
                f'<text x="{LABEL + width + 6:.0f}" y="{y + 16}">{rate:,.0f}</text>',
            ]
        top += 44 + len(rows) * ROW
    style = (
        "text{font:13px sans-serif;fill:#222}.run{font-weight:bold}"
        ".ours{fill:#0b6e4f}.peer{fill:#9aa5b1}"
    )
    width = LABEL + BAR + 80
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" '
        f'viewBox="0 0 {width} {top}"><style>{style}</style>'
        f'<rect width="{width}" height="{top}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )
