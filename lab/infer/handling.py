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
from schemas.reference import HandlingTimes
from schemas.rulebook import Rulebook
from services.sla.outlook import STEP, called_from, likelihood

ENOUGH = 30
"""Categories with fewer cases have no handling times of their own."""
AGES = (0.0, 0.25, 0.5, 0.75)
"""Shares of the limit at which a case that is still open is judged."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Lasted:
    """A case that was done after so many hours, or was open so long and nobody knows more."""

    hours: float
    done: bool


def learn(file: Path, mapping: Mapping, period: Period) -> list[HandlingTimes]:
    """Handling times of every category, and of each department in it, with enough cases. What
    happened after the period's end is not looked at. Raises `CannotImport`."""
    end = _end(mapping, period)
    groups: dict[tuple[str, str | None], list[Lasted]] = defaultdict(list)
    for row, cells in _rows(file, mapping, period):
        lasted = _lasted(row, end)
        category = row.report.category or ""
        for department in {None, _department(cells, mapping)}:
            groups[category, department].append(lasted)
    found = (_times(*key, rows) for key, rows in groups.items() if len(rows) >= ENOUGH and key[0])
    return sorted(found, key=lambda each: each.id)


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


def _lasted(row: Accepted, end: datetime | None) -> Lasted:
    begun, done = row.report.submitted_at, row.resolution.at if row.resolution else None
    if done is not None and (end is None or done <= end):
        return Lasted((done - begun).total_seconds() / HOUR, done=True)
    return Lasted(max(((end or begun) - begun).total_seconds() / HOUR, 0.0), done=False)


def _times(category: str, department: str | None, rows: Iterable[Lasted]) -> HandlingTimes:
    rows = list(rows)
    return HandlingTimes(
        id=category if department is None else f"{category}-by-{department}"[:64],
        category=category,
        department=department,
        cases=len(rows),
        hours=tuple(round(hours, 2) for hours in quantiles(rows)),
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
    found = Calibration()
    as_of = mapping.times.read(mapping.expect.as_of) if mapping.expect else None
    for row, _ in _rows(file, mapping, period):
        decided = decide(row.report, rules)
        times = rules.handling(row.report.category, decided.department or "")
        done = row.resolution.at if row.resolution else None
        now = done or as_of
        if (
            decided.due is None
            or times is None
            or now is None
            or (done is None and now <= decided.due)
        ):
            continue
        begun = row.report.submitted_at
        due, lasted = ((each - begun).total_seconds() / HOUR for each in (decided.due, now))
        _judge(found, times, due, lasted, late=now > decided.due, threshold=rules.settings.at_risk)
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
