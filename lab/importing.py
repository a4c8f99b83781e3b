"""Other systems' exports: rows come in, reports and their endings go out.

    CSV + Mapping ──outcomes──► Accepted (a report, how it ended) or Rejected (line, reason)
    case.assigned ──ImportParties──► the update that resolves it, as the row says that it ended

The rule to remember: **accepted + rejected = rows**. A row that cannot become a report is rejected
with its line and reason, never passed over, whatever is wrong with it. Nothing here reads a clock.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from pydantic import ValidationError
from pydantic.dataclasses import dataclass as validated

from lab import inputs
from lab.half_way import Held, carry_on, held_of
from lab.inputs import TimedInput
from lab.mapping import CannotImport, Cells, Mapping, ResolutionFields, RowRejected, fill
from schemas import ids
from schemas.envelope import Instant, Message, explain
from schemas.events import Assigned, Resolved, Withdrawn
from schemas.inputs import Action, Identifier, Report, Settlement, Text, Update

AT_ONCE = "ended before it began: resolved as soon as it is assigned"
LEFT_OPEN = "ended before it began: left open"
UNREADABLE_END = "the time of its end cannot be read: left open"

SOON = timedelta(seconds=1)
"""A department's answer comes this long after its assignment, at the soonest."""


@validated(frozen=True, slots=True)
class Resolution:
    """How the row ended in the system that it comes from."""

    at: Instant
    by: Identifier
    result: Text | None = None
    settlement: Settlement | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that became a report. `notes` say what was put right to make it one."""

    line: int
    report: Report
    case_id: str
    resolution: Resolution | None = None
    held: Held | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """`line` is where the row begins in the file, the header being line 1."""

    line: int
    reason: str


Outcome: TypeAlias = Accepted | Rejected


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def read_export(path: Path, mapping: Mapping) -> Iterator[Outcome]:
    """`outcomes` of a file, plain or ``.gz``. Raises `CannotImport` for one that cannot be read."""
    return (outcome for outcome, _ in read_rows(path, mapping))


def read_rows(
    path: Path, mapping: Mapping, also: Iterable[tuple[str, str]] = ()
) -> Iterator[tuple[Outcome, Cells]]:
    """`read_export`, with the row's own cells (none where it was no row). `also` names further
    columns that must be there, each with the field that reads it."""
    try:
        with opened(path, mapping.encoding) as file:
            yield from _outcomes(file, mapping, path.name, also)
    except UnicodeError as error:
        raise CannotImport(f"{path}: is not {mapping.encoding}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CannotImport(f"{path}: {error}") from error


def opened(path: Path, encoding: str) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def outcomes(lines: Iterable[str], mapping: Mapping, name: str = "the file") -> Iterator[Outcome]:
    """One outcome for each row of a CSV, in its order. An id that an earlier row had is rejected:
    both would be the same case. Raises `CannotImport` where a column that the mapping names is
    missing."""
    return (outcome for outcome, _ in _outcomes(lines, mapping, name))


def _outcomes(
    lines: Iterable[str], mapping: Mapping, name: str, also: Iterable[tuple[str, str]] = ()
) -> Iterator[tuple[Outcome, Cells]]:
    first_line: dict[str, int] = {}
    columns = [*mapping.columns(), *also]
    for line, cells in _rows(csv.reader(lines, strict=True), columns, name):
        outcome = _outcome(line, cells, mapping)
        if isinstance(outcome, Accepted):
            before = first_line.setdefault(outcome.report.report_id, line)
            if before != line:
                outcome = Rejected(line, f"report_id: line {before} has the same")
        yield outcome, cells if isinstance(cells, dict) else {}


def _rows(
    reader: Any, columns: Iterable[tuple[str, str]], name: str
) -> Iterator[tuple[int, Cells | str]]:
    """Each row with the line where it begins: its cells, or why it has none. Empty lines are no
    rows."""
    header = _header(reader, columns, name)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"not CSV: {error}"
            continue
        if len(row) == len(header):
            yield line, dict(zip(header, (cell.strip() for cell in row), strict=True))
        elif row:
            yield line, f"{len(row)} cells, where the header has {len(header)}"


def _header(reader: Any, columns: Iterable[tuple[str, str]], name: str) -> list[str]:
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise CannotImport(f"{name}: line 1: not CSV: {error}") from error
    for field, column in columns:
        if header.count(column) != 1:
            known = ", ".join(header) or "none at all"
            raise CannotImport(f"{name}: {field} needs one column {column!r}; there are {known}")
    return header


def _outcome(line: int, cells: Cells | str, mapping: Mapping) -> Outcome:
    if isinstance(cells, str):
        return Rejected(line, cells)
    try:
        report = _report(cells, mapping)
        resolution, notes = _ending(cells, mapping, report)
        held = held_of(cells, mapping, report.submitted_at)
    except RowRejected as reason:
        return Rejected(line, str(reason))
    case = ids.case_id(report.source, report.report_id)
    return Accepted(line, report, case, resolution, held, notes)


def _report(cells: Cells, mapping: Mapping) -> Report:
    data = _filled(mapping.report, cells)
    said = data.get("submitted_at", "")
    data["submitted_at"] = mapping.times.read(said)
    if data["submitted_at"] is None:
        raise RowRejected(f"submitted_at: {said!r} is in none of the formats")
    try:
        return Report.model_validate({"text": "", **data, "source": mapping.source})
    except ValidationError as error:
        raise RowRejected(explain(error)) from None


def _filled(part: Any, cells: Cells) -> dict[str, Any]:
    """The fields of a part that are not empty; parts within it likewise."""
    found = {
        name: _filled(value, cells) if name in ("location", "reporter") else fill(value, cells)
        for name, value in part
        if value
    }
    return {name: value for name, value in found.items() if value}


# ── endings ──────────────────────────────────────────────────────────────────────────────────


def _ending(
    cells: Cells, mapping: Mapping, report: Report
) -> tuple[Resolution | None, tuple[str, ...]]:
    fields = mapping.resolution
    said = fill(fields.at, cells) if fields else ""
    if fields is None or not said:
        return None, ()
    at = mapping.times.read(said)
    if at is None:
        if fields.if_unreadable == "reject":
            raise RowRejected(f"resolution.at: {said!r} is in none of the formats")
        return None, (UNREADABLE_END,)
    if at >= report.submitted_at:
        return _resolution(fields, cells, at), ()
    return _before_the_report(fields, cells, report)


def _before_the_report(
    fields: ResolutionFields, cells: Cells, report: Report
) -> tuple[Resolution | None, tuple[str, ...]]:
    if fields.if_before_report == "reject":
        raise RowRejected("resolution.at: lies before submitted_at")
    if fields.if_before_report == "leave-open":
        return None, (LEFT_OPEN,)
    return _resolution(fields, cells, report.submitted_at), (AT_ONCE,)


def _resolution(fields: ResolutionFields, cells: Cells, at: Instant) -> Resolution:
    settlement = fill(fields.settlement, cells)
    try:
        return Resolution(
            at=at,
            by=fill(fields.by, cells),
            result=fill(fields.result, cells) or None,
            settlement=Settlement.model_validate({"outcome": settlement}) if settlement else None,
        )
    except ValidationError as error:
        raise RowRejected(f"resolution.{explain(error)}") from None


# ── parties ──────────────────────────────────────────────────────────────────────────────────


class ImportParties:
    """The departments of an export: whoever is assigned a case takes it where the row says that it
    was (`lab.half_way`), and resolves it as the row says.

    An ending is kept until its case has one on the log: a case that climbs meanwhile is resolved by
    its new holder. A row without an ending stays open."""

    def __init__(self, rows: Iterable[Accepted] = ()) -> None:
        rows = list(rows)
        self._endings = {row.case_id: row.resolution for row in rows if row.resolution}
        self._held = {row.case_id: row.held for row in rows if row.held}

    @property
    def waiting(self) -> int:
        """Endings that have not come to pass."""
        return len(self._endings)

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        match event.data:
            case Assigned():
                return self._carry_on(event)
            case Resolved() | Withdrawn():
                self._endings.pop(event.subject, None)
        return []

    def _carry_on(self, event: Message[Assigned]) -> list[TimedInput]:
        held, ending = self._held.get(event.subject), self._endings.get(event.subject)
        found = list(carry_on(event, held)) if held else []
        return [*found, _resolving(event, ending)] if ending else found


def _resolving(assigned: Message[Assigned], ending: Resolution) -> TimedInput:
    """The update id follows from case and holding, so that a second import sends nothing new."""
    update = Update(
        update_id=ids.derive("import", assigned.subject, assigned.id),
        case_id=assigned.subject,
        action=Action.RESOLVE,
        at=max(ending.at, assigned.time + SOON),
        by=ending.by,
        result=ending.result,
        settlement=ending.settlement,
    )
    return inputs.update(assigned.data.lead, update, holding=assigned.id)
