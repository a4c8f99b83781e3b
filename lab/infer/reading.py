"""History from an export: its rows, by the mapping's own `report` and `expect.due`.

    export + mapping ─► Past: kind, reported, due by the other system

A row without a due time teaches nothing and is passed over.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from lab.compare import ALWAYS, Period
from lab.importing import Accepted, opened, read_rows
from lab.infer.limits import Past
from lab.mapping import CannotImport, Mapping, fill, read_mapping

MAPPINGS = Path(__file__).parents[1] / "mappings"


def history(file: Path, mapping: Mapping, period: Period = ALWAYS) -> Iterator[Past]:
    """The rows of a period that have a due time. Raises `CannotImport`."""
    if mapping.expect is None or not mapping.expect.due:
        raise CannotImport("the mapping has no `expect: {due: …}`: nothing tells what was due when")
    zone = ZoneInfo(mapping.times.zone)
    for row, cells in read_rows(file, mapping, mapping.expected_columns()):
        due = mapping.times.read(fill(mapping.expect.due, cells)) if cells else None
        if due is None or not isinstance(row, Accepted):
            continue
        report = row.report
        if period.holds(report.submitted_at.astimezone(zone).date()):
            yield Past(report.category or "", report.submitted_at, due)


def fitting(file: Path) -> Mapping:
    """The one of our own mappings whose columns the file has, those of `expect` included. Raises
    `CannotImport` where there is none."""
    for path in sorted(MAPPINGS.glob("*.yaml")):
        mapping = read_mapping(path)
        wanted = {column for _, column in (*mapping.columns(), *mapping.expected_columns())}
        if mapping.expect and mapping.expect.due and wanted <= _header(file, mapping):
            return mapping
    raise CannotImport(f"{file}: none of our mappings fits its columns: write one, see --mapping")


def _header(file: Path, mapping: Mapping) -> set[str]:
    try:
        with opened(file, mapping.encoding) as lines:
            return {column.strip() for column in next(csv.reader(lines), [])}
    except (OSError, UnicodeError, csv.Error) as error:
        raise CannotImport(f"{file}: {error}") from error
