"""How much comes in: ordinary days by month and weekday, hours, holidays, and shocks.

    days of the log × kinds ─► ordinary rate × month × weekday ─► what was far above it is a shock

The rule to remember: **a shock is no habit**: days on which a kind came in at `TIMES_USUAL` times
the usual and more are taken out of the rates, and kept as they were, to come again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from lab.simulate.habits import Arrivals, Kind, Shock
from lab.simulate.observing import Observed
from schemas.inputs import Channel, ReporterKind
from schemas.rulebook import Rulebook
from services.sla.calendar import WorkCalendar
from services.sla.deadlines import work_calendar

ENOUGH = 200
"""Kinds with fewer cases have the hours and weekdays of the whole county."""
TIMES_USUAL = 3.0
LEAST = 8
"""A shock is at least so many cases of a kind in a day."""
T = TypeVar("T")


@dataclass(slots=True)
class Came:
    """What came in of one kind."""

    days: Counter[date] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)


def arrivals(observed: Observed, rules: Rulebook) -> Arrivals:
    """The rates of a log that has cases."""
    kinds: dict[str | None, Came] = defaultdict(Came)
    every = Came()
    for state in observed.cases.values():
        if state.opened_at is None:
            continue
        at = state.opened_at.astimezone(rules.zone)
        for came in (kinds[state.category], every):
            came.days[at.date()] += 1
            came.hours[at.hour] += 1
    days = _days(every)
    calendar = work_calendar(rules)
    shocks = {kind: _shocks(came, days) for kind, came in kinds.items()}
    return Arrivals(
        kinds=tuple(
            _kind(kind, kinds[kind], days, shocks[kind], calendar)
            for kind in sorted(kinds, key=lambda each: each or "")
        ),
        week=_week(every, days, set().union(*shocks.values()), calendar),
        hours=_hours(every.hours),
        holiday=_holiday(every, days, calendar),
        shocks=tuple(_spells(shocks, kinds, days)),
        shock_days=len(set().union(*shocks.values())),
        days=len(days),
        **_mixes(observed),
    )


def _days(every: Came) -> list[date]:
    first, last = min(every.days), max(every.days)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _closed(day: date, calendar: WorkCalendar) -> bool:
    """A weekday on which nobody works."""
    return day.weekday() < 5 and not calendar.is_working_day(day)


# ── rates ────────────────────────────────────────────────────────────────────────────────────


def _kind(
    kind: str | None, came: Came, days: list[date], shocks: set[date], calendar: WorkCalendar
) -> Kind:
    ordinary = [day for day in days if day not in shocks]
    mean = _mean(came, ordinary)
    by_month: dict[int, list[date]] = defaultdict(list)
    for day in ordinary:
        by_month[day.month].append(day)
    months = {
        month: round(_mean(came, found) / mean, 3) if mean else 0.0
        for month, found in sorted(by_month.items())
    }
    cases = came.days.total()
    own = cases >= ENOUGH
    return Kind(
        category=kind,
        cases=cases,
        per_day=round(mean, 4),
        months=months,
        week=_week(came, days, shocks, calendar) if own else None,
        hours=_hours(came.hours) if own else None,
    )


def _mean(came: Came, days: list[date]) -> float:
    return sum(came.days[day] for day in days) / len(days) if days else 0.0


def _week(
    came: Came, days: list[date], shocks: set[date], calendar: WorkCalendar
) -> tuple[float, ...]:
    """Seven factors with the mean 1, Monday first."""
    plain = [day for day in days if day not in shocks and not _closed(day, calendar)]
    by_day = [_mean(came, [day for day in plain if day.weekday() == n]) for n in range(7)]
    whole = sum(by_day)
    return tuple(round(each * 7 / whole, 3) if whole else 1.0 for each in by_day)


def _hours(counts: Counter[int]) -> tuple[float, ...]:
    """Shares of the day; an hour in which nothing came may still have something."""
    whole = counts.total() + 24 * 0.1
    return tuple(round((counts[hour] + 0.1) / whole, 4) for hour in range(24))


def _holiday(every: Came, days: list[date], calendar: WorkCalendar) -> float:
    closed = [day for day in days if _closed(day, calendar)]
    open_ = [day for day in days if day.weekday() < 5 and not _closed(day, calendar)]
    usual = _mean(every, open_)
    return round(_mean(every, closed) / usual, 3) if closed and usual else 1.0


# ── shocks ───────────────────────────────────────────────────────────────────────────────────


def _shocks(came: Came, days: list[date]) -> set[date]:
    """Days far above the median of the four weeks around."""
    found = set()
    for day, n in came.days.items():
        if n >= LEAST and n > TIMES_USUAL * _usual(came, day, days):
            found.add(day)
    return found


def _usual(came: Came, day: date, days: list[date]) -> float:
    around = (day + timedelta(days=n) for n in range(-14, 15) if n)
    counts = sorted(came.days[each] for each in around if days[0] <= each <= days[-1])
    return max(counts[len(counts) // 2] if counts else 0, 1)


def _spells(
    shocks: dict[str | None, set[date]], kinds: dict[str | None, Came], days: list[date]
) -> Iterator[Shock]:
    """Days in a row are one shock, whatever kinds they were shocks of."""
    shocked = sorted(set().union(*shocks.values()))
    for first, spell in _rows(shocked):
        told = tuple(
            {
                kind: round(kinds[kind].days[day] / _usual(kinds[kind], day, days), 2)
                for kind in sorted(k for k in shocks if k is not None and day in shocks[k])
            }
            for day in spell
        )
        yield Shock(month=first.month, days=told)


def _rows(days: list[date]) -> Iterator[tuple[date, list[date]]]:
    row: list[date] = []
    for day in days:
        if row and day - row[-1] > timedelta(days=1):
            yield row[0], row
            row = []
        row.append(day)
    if row:
        yield row[0], row


# ── who and where ────────────────────────────────────────────────────────────────────────────


def _mixes(observed: Observed) -> dict[str, dict[object, float]]:
    states = [state for state in observed.cases.values() if state.opened_at is not None]
    kinds = (state.reporter_kind or ReporterKind.RESIDENT for state in states)
    channels = (observed.channels.get(case, Channel.TEXT) for case in observed.cases)
    areas = Counter(state.area for state in states)
    return {
        "areas": dict(sorted(areas.items())),
        "reporters": _shares(kinds),
        "channels": _shares(channels),
        "services": _shares(state.service for state in states if state.service),
        "urgencies": _shares(state.urgency for state in states),
    }


def _shares(values: Iterable[T]) -> dict[T, float]:
    counts = Counter(values)
    whole = counts.total()
    return {value: round(n / whole, 4) for value, n in sorted(counts.items(), key=str)}
