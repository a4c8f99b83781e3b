"""Business time: when are 4 working hours over, and how much working time lies between?

In come aware datetimes of any zone and durations (``2h``, ``4wh``, ``3wd``, ``15cd``); out come
datetimes in UTC. The week, the holidays and the zone are a county's `Calendar` row. Each local year
is laid out once, when first asked for: its working intervals, with the working time before each.

    local        Mon 08:30 ───── 12:00   13:00 ───── 17:00   Tue 08:30 ─────
    worked             0 h       3.5 h   3.5 h       7.5 h       7.5 h

``worked`` never falls, so to count and to add are one bisection each. Inside, all is in whole
microseconds since 1970: nothing is rounded, and daylight saving time needs no thought, since an
interval lasts as long as it really lasts.

Both questions are asked a million times over, so `add` of working days and `between` first look
into tables of their year (`services.sla.timetable`), each one bisection; what a table cannot say is
worked out here.

The one rule to remember: time that runs out exactly at the close is due at that close, not at the
next opening; but at the close nobody works any more, so what starts there starts at the next
opening.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, assert_never, cast
from zoneinfo import ZoneInfo

from schemas.reference import DURATION_PATTERN, Calendar
from services.sla.holidays import WorkingDays, ends_at_midnight
from services.sla.timetable import Shifts, Worked, WorkingDay, around, instant, moment_of
from services.sla.year import Year

Unit = Literal["m", "h", "wh", "wd", "cd"]
MOST_TABLES = 256
"""More tables than this are thrown away: each takes some 80 kB."""
ASKED_OFTEN = 16
"""A duration that is asked for so often in a year gets a table, which takes some milliseconds."""

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Working time outside of these years is a mistake in the rules, not a deadline."""

FORESEEN = 10
"""Whoever knows the holidays of this many years ahead goes by rules, not by announcements."""

_SECOND = 1_000_000
_DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def parse(duration: str) -> tuple[int, Unit]:
    """``3wd`` as ``(3, "wd")``. ValueError for what is no `schemas.reference.Duration`."""
    if not re.fullmatch(DURATION_PATTERN, duration):
        raise ValueError(f"{duration!r} is no duration such as 30m, 2h, 4wh, 3wd or 15cd")
    digits = duration.rstrip("mhwcd")
    return int(digits), cast(Unit, duration[len(digits) :])


def _bounds(year: int) -> tuple[int, int]:
    return instant(datetime(year, 1, 1, tzinfo=UTC)), instant(datetime(year + 1, 1, 1, tzinfo=UTC))


class WorkCalendar:
    """A county's working time. Made once per `Calendar` row and kept, as it remembers the years
    that it has laid out; the answers do not depend on what was asked before.

    All methods raise TypeError for a datetime without a zone, and OverflowError for working time
    outside of `FIRST_YEAR` to `LAST_YEAR`.
    """

    def __init__(self, zone: ZoneInfo, days: WorkingDays, ends_day: bool) -> None:
        self._zone = zone
        self._days = days
        self._ends_day = ends_day
        self._years: dict[int, Year] = {}
        self._shifts: dict[tuple[int, str], Shifts] = {}
        self._worked: dict[int, Worked] = {}
        self._asked: Counter[tuple[int, str]] = Counter()

    @classmethod
    def of(cls, row: Calendar) -> WorkCalendar:
        """ValueError, naming the calendar, for a row that contradicts itself, or whose zone or
        source of holidays is not there."""
        try:
            zone, days = ZoneInfo(row.timezone), WorkingDays(row)
        except (ValueError, KeyError) as error:  # an unknown zone is a KeyError
            raise ValueError(f"calendar {row.id}: {error.args[0]}") from error
        return cls(zone, days, row.working_day == "end-of-day")

    def add(self, start: datetime, duration: str, factor: float = 1.0) -> datetime:
        """When ``duration`` from ``start`` is over.

        ``m``, ``h``: time elapsed. ``wh``: working time. ``cd``: the same local time so many days
        later. ``wd``: by the row's ``working_day``. With ``same-time``, a start outside working
        hours first moves to the next opening; due is the same local time on the Nth working day
        after, or the first working time of that day from then on, or, if none is left, its close.
        With ``end-of-day``, due is the close of the Nth working day after the day of ``start``.

        ``factor`` is a share of the span that the whole duration would take from ``start``, counted
        in working time for ``wh`` and ``wd``, else in time elapsed: half of ``1wd`` is over when
        half a day has been worked. A negative factor goes as far back from ``start``.

        ValueError for a malformed duration.
        """
        if start.tzinfo is not UTC:
            start = moment_of(instant(start))
        if factor == 1 and (table := self._shifts.get((start.year, duration))):
            found = table.from_(start)
            if found is not None:
                return found
        return self._worked_out(start, duration, factor)

    def _worked_out(self, start: datetime, duration: str, factor: float = 1.0) -> datetime:
        """`add` without looking into a table; `start` is in UTC."""
        n, unit = parse(duration)
        if unit == "wd" and not self._ends_day:
            self._tabulate(start.year, duration, n)
        due = self._due(start, n, unit)
        if factor == 1:
            return due
        if unit in ("wh", "wd"):
            return self.add_working_seconds(start, factor * self.between(start, due))
        return start + factor * (due - start)

    def add_working_seconds(self, start: datetime, seconds: float) -> datetime:
        """The first instant at which ``seconds`` have been worked since ``start``; for a negative
        number, the last one from which so many are worked until ``start``. Zero gives ``start``
        where somebody is working, else the next opening. Rounded to the microsecond."""
        number = self._local(start).year
        year = self._year(number)
        worked = year.worked(instant(start)) + round(seconds * _SECOND)
        while worked < 0:
            number -= 1
            year = self._year(number)
            worked += year.total
        while worked > year.total or (worked == year.total and seconds <= 0):
            worked -= year.total
            number += 1
            year = self._year(number)
        return moment_of(year.earliest(worked) if seconds > 0 else year.latest(worked))

    def between(self, a: datetime, b: datetime) -> float:
        """Working time from ``a`` to ``b`` in seconds, exact to the microsecond; negative where
        ``b`` is the earlier. The inverse of adding: what was added is what lies between."""
        if a.tzinfo is UTC and b.tzinfo is UTC and a.year == b.year:
            table = self._worked.get(a.year)
            if table is not None:
                return table.between(a, b)
        start, end = instant(a), instant(b)
        if end < start:
            return -self.between(b, a)
        self._tabulate_worked(moment_of(start).year)
        first, last = self._local(a).year, self._local(b).year
        whole = sum(self._year(number).total for number in range(first, last))
        return (whole + self._year(last).worked(end) - self._year(first).worked(start)) / _SECOND

    def days_between(self, a: datetime, b: datetime) -> int:
        """How many local midnights lie between two moments."""
        return (self._local(b).date() - self._local(a).date()).days

    def working_days_between(self, a: datetime, b: datetime) -> int:
        """The N for which ``Nwd`` from ``a`` ends on the local day of ``b``, if any does."""
        start = self._local(a if self._ends_day else self.add_working_seconds(a, 0)).date()
        end = self._local(b).date()
        first, last = self._year(start.year), self._year(end.year)
        whole = sum(len(self._year(number).days) for number in range(start.year, end.year))
        return whole + bisect_right(last.days, end) - bisect_right(first.days, start)

    def is_working(self, moment: datetime) -> bool:
        """Whether somebody works at ``moment``: at an opening yes, at a close no."""
        year, at = self._year(self._local(moment).year), instant(moment)
        i = bisect_right(year.opens, at) - 1
        return i >= 0 and at < year.closes[i]

    def is_working_day(self, day: date) -> bool:
        """Whether anybody works on a local day at all."""
        return bool(self._days.hours(day))

    def covered(self, moment: datetime) -> bool:
        """Whether the public holidays in the local year of ``moment`` are known. Where not, the
        week and the county's own days alone count, and a deadline there is provisional."""
        return self._days.known(self._local(moment).year)

    def last_covered(self, year: int) -> int | None:
        """The last of the years from `year` on whose public holidays are known, one after the
        other; None where no end of them is in sight."""
        if not self._days.known(year):
            return year - 1
        ahead = range(year, year + FORESEEN)
        return next((each for each in ahead if not self._days.known(each + 1)), None)

    def _due(self, start: datetime, n: int, unit: Unit) -> datetime:
        """``start`` is in UTC, where adding hours adds hours."""
        match unit:
            case "m":
                return start + timedelta(minutes=n)
            case "h":
                return start + timedelta(hours=n)
            case "wh":
                return self.add_working_seconds(start, n * 3600)
            case "wd":
                return self._end_of_day(start, n) if self._ends_day else self._same_time(start, n)
            case "cd":
                return (self._local(start) + n * _DAY).astimezone(UTC)
            case _:
                assert_never(unit)

    def _end_of_day(self, start: datetime, n: int) -> datetime:
        year, k = self._working_day_after(self._local(start).date(), n)
        return moment_of(year.closings[k])

    def _same_time(self, start: datetime, n: int) -> datetime:
        opened = self._local(self.add_working_seconds(start, 0))
        year, k = self._working_day_after(opened.date(), n)
        due = min(self._at(year.days[k], opened.time()), year.closings[k])
        return moment_of(max(due, year.opens[bisect_left(year.closes, due)]))

    def _working_day_after(self, day: date, n: int) -> tuple[Year, int]:
        """The nth working day after ``day``: its year, and its place in that year's ``days``."""
        number, year = day.year, self._year(day.year)
        k = bisect_right(year.days, day) + n - 1
        while k >= len(year.days):
            k -= len(year.days)
            number += 1
            year = self._year(number)
        return year, k

    # ── tables ───────────────────────────────────────────────────────────────────────────────

    def _tabulate(self, year: int, duration: str, n: int) -> None:
        """Remember what ``duration`` gives from each moment of a UTC year, if it is asked often."""
        key = (year, duration)
        self._asked[key] += 1
        if self._asked[key] < ASKED_OFTEN or not FIRST_YEAR < year < LAST_YEAR:
            return
        if len(self._shifts) >= MOST_TABLES:
            self._shifts.clear()
        self._asked.clear()
        first, last = _bounds(year)
        days, number = list(self._days_of(year - 1)), year
        while len(days) <= n or days[-n - 1].opens[0] <= last:
            if number > LAST_YEAR:
                return
            days += self._days_of(number)
            number += 1
        self._shifts[key] = Shifts(around(days, first, n, last), n)

    def _tabulate_worked(self, year: int) -> None:
        if year not in self._worked and FIRST_YEAR < year < LAST_YEAR:
            days = [day for number in (year - 1, year, year + 1) for day in self._days_of(number)]
            self._worked[year] = Worked(*_bounds(year), days)

    def _days_of(self, number: int) -> Iterator[WorkingDay]:
        return self._year(number).working_days()

    def _year(self, number: int) -> Year:
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = self._laid_out(number)
        return year

    def _laid_out(self, number: int) -> Year:
        if not FIRST_YEAR <= number <= LAST_YEAR:
            raise OverflowError(f"no working time in {number}: {FIRST_YEAR} to {LAST_YEAR} only")
        year, day = Year(), date(number, 1, 1)
        while day.year == number:
            for hours in self._days.hours(day):
                last = day + _DAY if ends_at_midnight(hours) else day
                year.append(day, self._at(day, hours.start), self._at(last, hours.end))
            day += _DAY
        return year

    def _at(self, day: date, clock: time) -> int:
        return instant(datetime.combine(day, clock, self._zone))

    def _local(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:  # astimezone would take it for the machine's own zone
            raise TypeError(f"{moment.isoformat()} has no time zone")
        return moment.astimezone(self._zone)
