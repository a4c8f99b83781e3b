"""Our decisions against another system's: row by row, how many are the same?

    export row ─┬─ mapping `report` ─► the services' pure functions ─► department, due ─┐
                └─ mapping `expect` ─► what the other system decided ──────────────────┴─► counts

The rule to remember: **each share has its own denominator**, the rows for which the other system
says something; a row that we would send to triage counts there as not equal. `on_time` is the
verdict of our clocks when they are given the other system's due times.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lab.deciding import Decided, decide
from lab.importing import Accepted, read_rows
from lab.infer.guess import guess
from lab.infer.limits import Past, minute
from lab.mapping import CannotImport, Cells, ExpectFields, Mapping, RowRejected, fill
from schemas.rulebook import Rulebook
from services.sla.calendar import WorkCalendar
from services.sla.clocks import kept
from services.sla.deadlines import work_calendar

TRIAGE = "triage"
"""What stands for the department where we would ask a person."""
VERDICTS = {"true": True, "false": False, "": None}


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included; None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Expected:
    """What the other system says of a row; None where it says nothing."""

    department: str | None
    due: datetime | None
    on_time: bool | None
    transferred: bool = False
    """It went elsewhere first, and was sent on later."""


@dataclass(slots=True)
class Kind:
    """One category's due times."""

    n: int = 0
    equal: int = 0
    ours: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[Past, str | None]] = field(default_factory=list)
    """The rows that differ, with the limit that we have."""


@dataclass(slots=True)
class Miss:
    """The rows of one kind whose department differs in the same way."""

    reports: list[str] = field(default_factory=list)
    transferred: int = 0
    """How many of them the other system sent on later, by its own account."""


@dataclass(slots=True)
class Comparison:
    calendar: WorkCalendar
    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that the mapping could not read, by reason; they are compared in nothing."""
    departments: Counter[str] = field(default_factory=Counter)
    misses: defaultdict[tuple[str, str, str], Miss] = field(
        default_factory=lambda: defaultdict(Miss)
    )
    """By (category, expected, ours): the departments that differ."""
    kinds: defaultdict[str, Kind] = field(default_factory=lambda: defaultdict(Kind))
    on_time: Counter[str] = field(default_factory=Counter)


def compare(file: Path, mapping: Mapping, rules: Rulebook, period: Period) -> Comparison:
    """All rows of a file that were reported in the period. Raises `CannotImport` for a file or a
    mapping that cannot be compared. Some 0.4 ms a row."""
    if mapping.expect is None:
        raise CannotImport("the mapping has no `expect:`, so there is nothing to compare with")
    found, zone = Comparison(work_calendar(rules)), ZoneInfo(mapping.times.zone)
    as_of = _as_of(mapping, mapping.expect)
    for outcome, cells in read_rows(file, mapping, mapping.expected_columns()):
        if not isinstance(outcome, Accepted):
            found.rejected[outcome.reason] += 1
            continue
        if not period.holds(outcome.report.submitted_at.astimezone(zone).date()):
            continue
        found.rows += 1
        try:
            expected = _expected(cells, mapping, mapping.expect)
        except RowRejected as reason:
            found.rejected[str(reason)] += 1
            continue
        _count(found, outcome, expected, decide(outcome.report, rules))
        _judge(found, outcome, expected, as_of)
    return found


# ── what the other system says ───────────────────────────────────────────────────────────────


def _expected(cells: Cells, mapping: Mapping, expect: ExpectFields) -> Expected:
    due, on_time = fill(expect.due, cells), fill(expect.on_time, cells).lower()
    if on_time not in VERDICTS:
        raise RowRejected(f"expect.on_time: {on_time!r} is neither true nor false")
    moment = mapping.times.read(due)
    if due and moment is None:
        raise RowRejected(f"expect.due: {due!r} is in none of the formats")
    transferred = fill(expect.transferred, cells).lower()
    if transferred not in VERDICTS:
        raise RowRejected(f"expect.transferred: {transferred!r} is neither true nor false")
    department = fill(expect.department, cells) or None
    return Expected(department, moment, VERDICTS[on_time], VERDICTS[transferred] or False)


def _as_of(mapping: Mapping, expect: ExpectFields) -> datetime | None:
    moment = mapping.times.read(expect.as_of)
    if expect.as_of and moment is None:
        raise CannotImport(f"expect.as_of: {expect.as_of!r} is in none of the formats")
    return moment


# ── counting ─────────────────────────────────────────────────────────────────────────────────


def _count(found: Comparison, row: Accepted, expected: Expected, ours: Decided) -> None:
    category = row.report.category or ""
    if expected.department is not None:
        same = ours.department == expected.department
        found.departments[_word(same)] += 1
        if not same:
            miss = found.misses[category, expected.department, ours.department or TRIAGE]
            miss.reports.append(row.report.report_id)
            miss.transferred += expected.transferred
    if expected.due is None:
        return
    kind, same = (
        found.kinds[category],
        ours.due is not None and minute(ours.due) == minute(expected.due),
    )
    kind.n += 1
    kind.equal += same
    kind.ours[ours.duration or ("none" if ours.department else TRIAGE)] += 1
    if not same:
        past = Past(category, row.report.submitted_at, expected.due)
        kind.missed.append((past, ours.duration))


def _judge(found: Comparison, row: Accepted, expected: Expected, as_of: datetime | None) -> None:
    """Our clock's verdict on the other system's due time; without one nothing can be late."""
    done = row.resolution.at if row.resolution else None
    now = done or as_of
    if expected.on_time is None or now is None:
        return
    ours = expected.due is None or kept(expected.due, done, now)
    found.on_time[_word(ours == expected.on_time)] += 1


def _word(same: bool) -> str:
    return "equal" if same else "different"


# ── telling ──────────────────────────────────────────────────────────────────────────────────


def as_json(found: Comparison) -> dict[str, Any]:
    """The counts, and what differs, most frequent first."""
    return {
        "rows": found.rows,
        "rejected": dict(found.rejected.most_common()),
        "department": {
            **_share(found.departments),
            "transferred": sum(miss.transferred for miss in found.misses.values()),
            "misses": list(_misses(found)),
        },
        "due": {
            "n": sum(kind.n for kind in found.kinds.values()),
            "equal": sum(kind.equal for kind in found.kinds.values()),
            "per_kind": {name: _kind(kind, found) for name, kind in worst_first(found)},
        },
        "on_time": _share(found.on_time),
    }


def worst_first(found: Comparison) -> Iterable[tuple[str, Kind]]:
    return sorted(found.kinds.items(), key=lambda item: (item[1].equal - item[1].n, item[0]))


def most_frequent(found: Comparison) -> list[tuple[tuple[str, str, str], Miss]]:
    """The departments that differ, those of most rows first."""
    return sorted(found.misses.items(), key=lambda item: (-len(item[1].reports), item[0]))


def _share(counts: Counter[str]) -> dict[str, int]:
    return {"n": counts.total(), "equal": counts["equal"]}


def _misses(found: Comparison) -> Iterator[dict[str, Any]]:
    for (category, expected, ours), miss in most_frequent(found):
        yield {
            "category": category,
            "expected": expected,
            "ours": ours,
            "n": len(miss.reports),
            "transferred": miss.transferred,
            "reports": miss.reports,
        }


def _kind(kind: Kind, found: Comparison) -> dict[str, Any]:
    told = {"n": kind.n, "equal": kind.equal, "ours": dict(kind.ours.most_common())}
    return told | ({"why": guess(kind.missed, found.calendar)} if kind.missed else {})
