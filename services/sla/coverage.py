"""Until when are the holidays known? After that, deadlines are provisional."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.reference import Calendar
from services.sla.holidays import public_days

FAR = 20
"""Years; further than this nobody looks. A source that knows every year is covered up to there."""


def covered_until(calendars: Sequence[Calendar], now: datetime) -> datetime:
    """The end of the last year that every calendar covers, counted on from the year of `now`; the
    beginning of that year, where even it is not covered. A county has at least one calendar."""
    return min(_until(row, now) for row in calendars)


def _until(row: Calendar, now: datetime) -> datetime:
    zone, days = ZoneInfo(row.timezone), public_days(row.holidays)
    year = first = now.astimezone(zone).year
    while year < first + FAR and days(year).known:
        year += 1
    return datetime(year, 1, 1, tzinfo=zone)
