"""``python -m benchmarks.calendar``: how fast is business time?

Due times three working days ahead, and working time between two moments, of random moments of three
years; for calendars with a lunch break and 调休, and with daylight saving. One process, one core.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter

from schemas.reference import Calendar
from services.sla.calendar import WorkCalendar

NUMBER = 400_000
ROUNDS = 3
_DAYS = ("mon", "tue", "wed", "thu", "fri")


def _calendar(id: str, zone: str, holidays: str, *hours: tuple[str, str]) -> WorkCalendar:
    intervals = [{"start": start, "end": end} for start, end in hours]
    week = dict.fromkeys(_DAYS, intervals)
    row = {"id": id, "timezone": zone, "holidays": holidays, "week": week}
    return WorkCalendar.of(Calendar.model_validate(row))


CALENDARS = {
    "China, lunch break, 调休": _calendar(
        "china", "Asia/Shanghai", "chinesecalendar", ("08:30", "12:00"), ("14:00", "18:00")
    ),
    "Massachusetts": _calendar("boston", "America/New_York", "holidays:US-MA", ("08:30", "17:00")),
}


def moments(number: int) -> list[datetime]:
    chance, first = Random(3), datetime(2022, 1, 1, tzinfo=UTC)
    return [first + timedelta(seconds=chance.randrange(3 * 365 * 86_400)) for _ in range(number)]


def rate_of_add(calendar: WorkCalendar, starts: list[datetime], duration: str = "3wd") -> float:
    begun = perf_counter()
    for start in starts:
        calendar.add(start, duration)
    return len(starts) / (perf_counter() - begun)


def rate_of_between(calendar: WorkCalendar, starts: list[datetime]) -> float:
    ends = [calendar.add(start, "3wd") for start in starts]
    begun = perf_counter()
    for start, end in zip(starts, ends, strict=True):
        calendar.between(start, end)
    return len(starts) / (perf_counter() - begun)


def main() -> None:
    starts = moments(NUMBER)
    for name, calendar in CALENDARS.items():
        add = max(rate_of_add(calendar, starts) for _ in range(ROUNDS))
        between = max(rate_of_between(calendar, starts) for _ in range(ROUNDS))
        print(f"{name}: add 3wd {add:,.0f}/s, between {between:,.0f}/s")


if __name__ == "__main__":
    main()
