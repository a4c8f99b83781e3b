"""Working days: which hours does a date have?

In comes a county's `Calendar` row, out come the working hours of any date. The county's own
closures and workdays win over public holidays and make-up workdays 调休, and these over the week:

    closures, workdays  >  off, makeup of the source  >  week

The one rule to remember: a year that the source does not know has no special days and is not
`known`. Nothing is guessed and nothing is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import chinese_calendar

from schemas.reference import Calendar, DayHours

Hours = tuple[DayHours, ...]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_SATURDAY = 5
RECENT = 2024
"""A year that every source knows."""


class PublicDays(NamedTuple):
    """One year of a source: days off, and make-up workdays. ``known`` is false for a year whose
    holidays are not announced yet, or that lies before the source begins."""

    off: frozenset[date] = frozenset()
    makeup: frozenset[date] = frozenset()
    known: bool = True


def public_days(source: str) -> Callable[[int], PublicDays]:
    """The special days of each year by ``source``, a row's ``holidays``. ValueError for a source
    that does not exist, or that needs a library which is not installed."""
    if source == "none":
        return lambda _year: PublicDays()
    if source == "chinesecalendar":
        return _chinese_days
    library, _, region = source.partition(":")
    if library == "holidays" and region:
        return _regional_days(region)
    raise ValueError(f"holidays {source!r} is none of chinesecalendar, holidays:REGION and none")


@cache
def _chinese_days(year: int) -> PublicDays:
    """The State Council's yearly announcements, as chinesecalendar keeps them."""
    off = frozenset(day for day in chinese_calendar.holidays if day.year == year)
    makeup = frozenset(day for day in chinese_calendar.workdays if day.year == year)
    return PublicDays(off, makeup, known=bool(off))


def _regional_days(region: str) -> Callable[[int], PublicDays]:
    """By the rules in the optional library ``holidays``. ``region`` is ``US`` or ``US-MA``.

    The library answers for every year without a word, also where days are announced year by year:
    it knows China's make-up workdays up to last year's announcement, and none after. So in a region
    that has such days, a year in which it has none is a year that it does not know."""
    country, _, subdivision = region.partition("-")
    try:
        library = import_module("holidays")
    except ImportError as error:
        raise ValueError(
            f"holidays:{region} needs the Python package 'holidays', which is not installed; "
            "install it, or write holidays: none and list the days under closures"
        ) from error

    @cache
    def days(year: int) -> PublicDays:
        found = library.country_holidays(country, subdiv=subdivision or None, years=year)
        off = frozenset(day for day in found if day.year == year)
        makeup = frozenset(
            day for day in getattr(found, "weekend_workdays", ()) if day.year == year
        )
        return PublicDays(off, makeup, known=bool(makeup) or not announced_yearly())

    @cache
    def announced_yearly() -> bool:
        found = library.country_holidays(country, subdiv=subdivision or None, years=RECENT)
        return bool(getattr(found, "weekend_workdays", ()))

    try:
        days(RECENT)
    except NotImplementedError as error:
        raise ValueError(f"holidays:{region} is no region that 'holidays' knows") from error
    return days


class WorkingDays:
    """The working hours of every date by one `Calendar` row; ValueError if it contradicts itself."""

    def __init__(self, row: Calendar) -> None:
        self._week = [_in_order(day, row.week.get(day, ())) for day in WEEKDAYS]
        self._makeup = self._week[WEEKDAYS.index(row.makeup_like)]
        self._closures, self._workdays = frozenset(row.closures), frozenset(row.workdays)
        self._public = public_days(row.holidays)
        if not self._makeup:
            raise ValueError(f"makeup_like: {row.makeup_like} has no working hours")
        if both := self._closures & self._workdays:
            raise ValueError(f"{min(both)} is among both the closures and the workdays")

    def known(self, year: int) -> bool:
        return self._public(year).known

    def hours(self, day: date) -> Hours:
        """The intervals of ``day``, in order; none on a day off."""
        if day in self._closures:
            return ()
        if day in self._workdays:
            return self._hours_of_workday(day)
        public = self._public(day.year)
        if day in public.makeup:
            return self._hours_of_workday(day)
        return () if day in public.off else self._week[day.weekday()]

    def _hours_of_workday(self, day: date) -> Hours:
        """A workday by decree: on a weekend, or where the week has no hours, like ``makeup_like``."""
        usual = () if day.weekday() >= _SATURDAY else self._week[day.weekday()]
        return usual or self._makeup


def ends_at_midnight(hours: DayHours) -> bool:
    """An end of 00:00 is the midnight that ends the day, since a `time` cannot say 24:00."""
    return hours.end == time(0)


def _in_order(weekday: str, hours: Hours) -> Hours:
    ordered = tuple(sorted(hours, key=lambda each: each.start))
    for each in ordered:
        if each.start >= each.end and not ends_at_midnight(each):
            raise ValueError(f"{weekday}: {each.start} to {each.end} ends before it starts")
    for each, after in pairwise(ordered):
        if each.end > after.start or ends_at_midnight(each):
            raise ValueError(f"{weekday}: intervals from {each.start} and {after.start} overlap")
    return ordered
