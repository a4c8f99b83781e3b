"""How long cases take, learnt from an export, and how far that can be trusted.

    rows that say when they ended ─► handling times of each category and department
    later rows + those times       ─► calibration: of those called 80 % likely, how many were late?

What is still open when the history ends has lasted at least so long, which the estimate of Kaplan
and Meier takes into account; leaving such rows out would make every department quick.

The rule to remember: **learn from one period, judge by a later one**.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lab.compare import Period
from lab.deciding import decide
from lab.importing import Accepted, read_rows
from lab.mapping import Cells, Mapping, fill
from schemas.reference import DeadlineKind, HandlingTimes, Urgency
from schemas.rulebook import Rulebook
from services.sla.calendar import WorkCalendar
from services.sla.deadlines import counts_working_time, work_calendar
from services.sla.outlook import STEP, called_from, hours_between, likelihood

ENOUGH = 30
"""Categories with fewer cases have no handling times of their own."""
AGES = (0.0, 0.25, 0.5, 0.75)
"""Shares of the limit at which a case that is still open is judged."""


@dataclass(frozen=True, slots=True)
class Lasted:
    """A case that was done after so many hours, or was open so long and nobody knows more."""

    hours: float
    done: bool


def learn(file: Path, mapping: Mapping, rules: Rulebook, period: Period) -> list[HandlingTimes]:
    """Handling times of every category, and of each department in it, with enough cases; in working
    hours where the rules' limit is counted so. What happened after the period's end is not looked
    at. Raises `CannotImport`."""
    end, calendar = _end(mapping, period), work_calendar(rules)
    groups: dict[tuple[str, str | None], list[Lasted]] = defaultdict(list)
    for row, cells in _rows(file, mapping, period):
        category = row.report.category or ""
        lasted = _lasted(row, end, _works(category, rules), calendar)
        for department in {None, _department(cells, mapping)}:
            groups[category, department].append(lasted)
    found = (
        _times(category, department, rows, _works(category, rules))
        for (category, department), rows in groups.items()
        if len(rows) >= ENOUGH and category
    )
    return sorted(found, key=lambda each: each.id)


def _works(category: str, rules: Rulebook) -> bool:
    """Whether the category's limit is counted in working time."""
    limits = rules.deadlines(None, category, Urgency.NORMAL, None)
    resolve = limits.get(DeadlineKind.RESOLVE)
    return resolve is not None and counts_working_time(resolve.duration)


def _rows(file: Path, mapping: Mapping, period: Period) -> Iterator[tuple[Accepted, Cells]]:
    zone = ZoneInfo(mapping.times.zone)
    for row, cells in read_rows(file, mapping, mapping.expected_columns()):
        if isinstance(row, Accepted) and period.holds(
            row.report.submitted_at.astimezone(zone).date()
        ):
            yield row, cells


def _end(mapping: Mapping, period: Period) -> datetime | None:
    """When the history ends: after the period's last day, or when the file was taken."""
    if period.last is not None:
        return datetime.combine(
            period.last + timedelta(days=1), time(), ZoneInfo(mapping.times.zone)
        )
    return mapping.times.read(mapping.expect.as_of) if mapping.expect else None


def _department(cells: Cells, mapping: Mapping) -> str | None:
    return fill(mapping.expect.department, cells) or None if mapping.expect else None


def _lasted(row: Accepted, end: datetime | None, working: bool, calendar: WorkCalendar) -> Lasted:
    begun, done = row.report.submitted_at, row.resolution.at if row.resolution else None
    known = done is not None and (end is None or done <= end)
    until = done if known else end
    hours = hours_between(begun, max(until or begun, begun), working, calendar)
    return Lasted(hours, known)


def _times(
    category: str, department: str | None, rows: Iterable[Lasted], working: bool
) -> HandlingTimes:
    rows = list(rows)
    return HandlingTimes(
        id=category if department is None else f"by-{department}-{category}"[:64],
        category=category,
        department=department,
        cases=len(rows),
        hours=tuple(round(hours, 2) for hours in quantiles(rows)),
        working=working,
    )


def quantiles(rows: Iterable[Lasted]) -> Iterator[float]:
    """The hours by which 5 %, 10 % … were done, by the estimate of Kaplan and Meier."""
    ordered = sorted(rows, key=lambda each: (each.hours, not each.done))
    share, left, wanted = 1.0, len(ordered), 1
    for each in ordered:
        if each.done:
            share *= 1 - 1 / left
        left -= 1
        while wanted < round(1 / STEP) and share <= 1 - STEP * wanted + 1e-9:
            yield each.hours
            wanted += 1


# ── calibration ──────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Bin:
    """Judgements of one tenth of likelihood."""

    n: int = 0
    late: int = 0
    said: float = 0.0

    def count(self, likely: float, late: bool) -> None:
        self.n += 1
        self.late += late
        self.said += likely


@dataclass(slots=True)
class Calibration:
    cases: int = 0
    late: int = 0
    tenths: list[Bin] = field(default_factory=lambda: [Bin() for _ in range(10)])
    called: Bin = field(default_factory=Bin)
    """Those that are called at risk, at the moment of the call."""


def calibrate(file: Path, mapping: Mapping, rules: Rulebook, period: Period) -> Calibration:
    """What the handling times of the rules say of a period's cases, and what became of them. Cases
    whose end nobody knows are left out. Raises `CannotImport`."""
    found, calendar = Calibration(), work_calendar(rules)
    as_of = mapping.times.read(mapping.expect.as_of) if mapping.expect else None
    for row, _ in _rows(file, mapping, period):
        decided = decide(row.report, rules)
        times = rules.handling(row.report.category, decided.department or "")
        done = row.resolution.at if row.resolution else None
        now = done or as_of
        if decided.due is None or times is None or now is None:
            continue
        late = now > decided.due
        if done is None and not late:
            continue
        due, lasted = (
            hours_between(row.report.submitted_at, each, times.working, calendar)
            for each in (decided.due, max(now, row.report.submitted_at))
        )
        _judge(found, times, due, lasted, late=late, threshold=rules.settings.at_risk)
    return found


def _judge(
    found: Calibration,
    times: HandlingTimes,
    due: float,
    lasted: float,
    *,
    late: bool,
    threshold: float | None,
) -> None:
    found.cases += 1
    found.late += late
    for age in (share * due for share in AGES):
        if lasted > age:
            likely = likelihood(times, due, age)
            found.tenths[min(int(likely * 10), 9)].count(likely, late)
    called = called_from(times, due, threshold) if threshold else None
    if called and lasted > called[0]:
        found.called.count(called[1], late)
