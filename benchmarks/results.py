"""What came out: medians of rounds, ours beside raw, as a table and as JSON."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

Sample = dict[str, float]
"""The figures of one round, by name."""


@dataclass(slots=True)
class Result:
    """All rounds of one benchmark."""

    title: str
    ours: list[Sample] = field(default_factory=list)
    raw: list[Sample] = field(default_factory=list)

    def figures(self) -> dict[str, dict[str, Any]]:
        """For each figure the rounds, the medians, and ours as a multiple of raw's."""
        return {name: self._figure(name) for name in self.ours[0]}

    def _figure(self, name: str) -> dict[str, Any]:
        ours = [sample[name] for sample in self.ours]
        raw = [sample[name] for sample in self.raw if name in sample]
        ratio = median(ours) / median(raw) if raw and median(raw) else None
        return {
            "ours": median(ours),
            "raw": median(raw) if raw else None,
            "ratio": ratio,
            "rounds": {"ours": ours, "raw": raw},
        }


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load average": round(os.getloadavg()[0], 1),
    }


def show(console: Console, results: list[Result]) -> None:
    table = Table("", "", "ours", "raw", "ours / raw", title="medians")
    for column in table.columns[2:]:
        column.justify = "right"
    for result in results:
        for number, (name, figure) in enumerate(result.figures().items()):
            title = "" if number else result.title
            words = [_words(figure[key]) for key in ("ours", "raw", "ratio")]
            table.add_row(title, name, *words)
        table.add_section()
    console.print(table)


def markdown(about: dict[str, Any], results: list[Result]) -> str:
    """The same table for a page."""
    lines = ["| | | ours | raw | ours ÷ raw |", "|---|---|--:|--:|--:|"]
    for result in results:
        for number, (name, figure) in enumerate(result.figures().items()):
            words = [_words(figure[key]) for key in ("ours", "raw", "ratio")]
            lines.append(f"| {' | '.join(['' if number else result.title, name, *words])} |")
    told = " · ".join(f"{name} {value}" for name, value in about["machine"].items())
    return "\n".join([*lines, "", f"Measured on: {told}."])


def _words(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def save(path: Path, about: dict[str, Any], results: list[Result]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    found = about | {"results": {result.title: result.figures() for result in results}}
    path.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
