"""Which limits could a row have had?

    reported, due ─► {10wd, 14cd}

Working time is the calendar's; the two ways to read ``wd`` are a calendar's own (see
`schemas.reference.Calendar`), so a history is explained by one of them at a time.

The rule to remember: equal means **equal to the minute**, since due times are often stored without
seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.sla.calendar import WorkCalendar

MOST_MINUTES = 180
"""Limits in minutes are looked for up to here, in quarters of an hour."""
QUARTER = 15
MOST_WORKING_HOURS = 40
"""More than a week of working hours is called working days."""
ALIKE = timedelta(minutes=10)
"""A due time this close to a limit's was set by that limit, counted from another moment."""


@dataclass(frozen=True, slots=True)
class Past:
    """One row of history."""

    kind: str
    started: datetime
    due: datetime


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def limits(past: Past, calendar: WorkCalendar) -> set[str]:
    """Every limit that gives this due time, to the minute; none for a time that somebody chose."""
    due = minute(past.due)
    return {
        duration
        for duration in _near(past, calendar)
        if minute(calendar.add(past.started, duration)) == due
    }


def nearly(past: Past, duration: str, calendar: WorkCalendar) -> bool:
    """Whether the limit, counted from some minutes earlier or later, gives this due time."""
    return abs(calendar.add(past.started, duration) - past.due) <= ALIKE


def _near(past: Past, calendar: WorkCalendar) -> Iterator[str]:
    """One limit of each unit that may come out there."""
    span = past.due - past.started
    if span <= timedelta(0):
        return
    minutes = round(span.total_seconds() / 60)
    hours, days = round(minutes / 60), calendar.days_between(past.started, past.due)
    working = calendar.working_days_between(past.started, past.due)
    worked = round(calendar.between(past.started, past.due) / 3600)
    if minutes <= MOST_MINUTES and minutes % QUARTER == 0 and minutes % 60:
        yield f"{minutes}m"
    if hours and (hours % 24 or not days):
        yield f"{hours}h"
    if days:
        yield f"{days}cd"
    if working > 0:
        yield f"{working}wd"
    if 0 < worked <= MOST_WORKING_HOURS:
        yield f"{worked}wh"
