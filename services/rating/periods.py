"""Periods: the months, quarters and years for which figures are published.

    "2022-07", "2022-Q3", "2022" ─► Window (start ≤ moment < end, as seen now)

The rule to remember: **a period begins at midnight by the county's clock**.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.rulebook import Rulebook
from services.rating.judging import Window

PERIOD = re.compile(
    r"(?P<year>(?:19|20|21)\d\d)(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?"
)
"""``2022``, ``2022-Q3`` or ``2022-07``."""


def window_of(rules: Rulebook, period: str, now: datetime) -> Window:
    """The period in the county's time zone. ValueError for what is not written so."""
    year, month, months = parse(period)
    zone = ZoneInfo(rules.calendar().timezone)
    first = datetime(year, month, 1, tzinfo=zone)
    years, months = divmod(month - 1 + months, 12)
    after = datetime(year + years, months + 1, 1, tzinfo=zone)
    start, end = first.astimezone(UTC), after.astimezone(UTC)
    return Window(start, end, now.astimezone(UTC), rules.settings.low_stars)


def parse(period: str) -> tuple[int, int, int]:
    """The year, the first month, and how many months there are. ValueError for what is no period."""
    found = PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no period such as 2022-07, 2022-Q3 or 2022")
    year = int(found["year"])
    if found["quarter"]:
        return year, 3 * int(found["quarter"]) - 2, 3
    return (year, int(found["month"]), 1) if found["month"] else (year, 1, 12)


def previous(period: str) -> str:
    """The period of the same length before this one."""
    year, month, months = parse(period)
    if months == 12:
        return f"{year - 1}"
    year, month = (year, month - months) if month > months else (year - 1, month + 12 - months)
    return f"{year}-{month:02}" if months == 1 else f"{year}-Q{(month + 2) // 3}"


def months_before(period: str, count: int) -> list[str]:
    """The ``count`` months up to and with the last one of the period, earliest first."""
    year, month, months = parse(period)
    last = year * 12 + month - 2 + months
    return [f"{n // 12}-{n % 12 + 1:02}" for n in range(last - count + 1, last + 1)]


def month_of(rules: Rulebook, moment: datetime) -> str:
    """The month that a moment falls into, by the county's clock."""
    return f"{moment.astimezone(ZoneInfo(rules.calendar().timezone)):%Y-%m}"


def months_between(rules: Rulebook, first: datetime, passed: datetime) -> Iterator[str]:
    """The months from the first case's on that are over by `passed`."""
    month = month_of(rules, first)
    while (end := window_of(rules, month, passed).end) <= passed:
        yield month
        month = month_of(rules, end)
