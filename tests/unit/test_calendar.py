"""Business time as stories: hours, days, clock changes, shares. Properties and holidays beside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.reference import Calendar
from services.sla.calendar import WorkCalendar, parse

WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


def hours(*intervals: str) -> list[dict[str, str]]:
    """``"08:30-12:00"`` as a row writes it."""
    return [dict(zip(("start", "end"), each.split("-"), strict=True)) for each in intervals]


def calendar(*intervals: str, **fields: Any) -> WorkCalendar:
    week = {day: hours(*intervals) for day in WORKWEEK}
    row = {"id": "county", "timezone": "Asia/Shanghai", "week": week} | fields
    return WorkCalendar.of(Calendar.model_validate(row))


LUNCH = calendar("08:30-12:00", "13:00-17:00", holidays="chinesecalendar")
CLOSING = calendar(
    "08:30-12:00", "13:00-17:00", holidays="chinesecalendar", working_day="end-of-day"
)
BOSTON = calendar(
    "08:30-17:00", timezone="America/New_York", closures=("2015-01-01", "2015-01-19", "2015-02-16")
)
NIGHTS = calendar("00:00-04:00", "12:00-00:00", timezone="America/New_York")


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def boston(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


# ---- stories: working hours


def test_working_hours_stop_for_lunch() -> None:
    assert LUNCH.add(china("2022-03-01 11:00"), "2wh") == china("2022-03-01 14:00")


def test_working_hours_left_in_the_evening_run_on_the_next_morning() -> None:
    assert LUNCH.add(china("2022-03-01 16:30"), "2wh") == china("2022-03-02 10:00")


def test_time_that_runs_out_at_the_close_is_due_at_the_close() -> None:
    assert LUNCH.add(china("2022-03-01 13:00"), "4wh") == china("2022-03-01 17:00")


def test_what_starts_at_the_close_starts_at_the_next_opening() -> None:
    assert LUNCH.add(china("2022-03-04 17:00"), "1wh") == china("2022-03-07 09:30")
    assert LUNCH.add(china("2022-03-04 17:00"), "1wd") == china("2022-03-08 08:30")


def test_nobody_works_at_lunch_nor_at_the_close_but_at_the_opening() -> None:
    at = ["08:29:59", "08:30", "11:59:59", "12:00", "13:00", "16:59:59", "17:00"]
    works = [LUNCH.is_working(china(f"2022-03-01 {clock}")) for clock in at]
    assert works == [False, True, True, False, True, True, False]


def test_going_back_from_a_deadline_skips_the_night() -> None:
    assert LUNCH.add(china("2022-03-02 09:30"), "2wh", factor=-1) == china("2022-03-01 16:00")


def test_going_back_over_exactly_a_morning_ends_at_its_opening() -> None:
    assert LUNCH.add_working_seconds(china("2022-03-02 12:00"), -3.5 * 3600) == china(
        "2022-03-02 08:30"
    )


def test_an_interval_that_ends_at_midnight_joins_the_next_day() -> None:
    assert NIGHTS.between(boston("2015-03-02 23:00"), boston("2015-03-03 01:00")) == 7200
    assert NIGHTS.is_working(boston("2015-03-03 00:00"))


def test_microseconds_survive() -> None:
    start = china("2022-03-01 16:59:59.000001")
    assert LUNCH.add(start, "1wh") == china("2022-03-02 09:29:59.000001")
    assert LUNCH.add(start, "1wd") == start + timedelta(days=1)
    assert LUNCH.between(start, china("2022-03-02")) == 0.999999
    assert LUNCH.add_working_seconds(start, 0.999999) == china("2022-03-01 17:00")


# ---- stories: working days


def test_a_working_day_keeps_the_time_of_day() -> None:
    assert LUNCH.add(china("2022-03-04 15:12:07"), "1wd") == china("2022-03-07 15:12:07")


def test_what_comes_in_at_night_counts_from_the_next_opening() -> None:
    assert LUNCH.add(china("2022-03-01 22:00"), "1wd") == china("2022-03-03 08:30")
    assert LUNCH.add(china("2022-03-01 12:20"), "1wd") == china("2022-03-02 13:00")


def test_end_of_day_counts_from_the_day_after_the_start() -> None:
    assert CLOSING.add(china("2022-03-01 07:00"), "1wd") == china("2022-03-02 17:00")
    assert CLOSING.add(china("2022-03-01 22:00"), "1wd") == china("2022-03-02 17:00")
    assert CLOSING.add(china("2022-03-05 10:00"), "1wd") == china("2022-03-07 17:00")


def test_a_shorter_day_is_due_at_its_close_and_a_later_one_at_its_opening() -> None:
    week = {"mon": hours("08:00-17:00"), "tue": hours("10:00-12:00"), "wed": hours("08:00-17:00")}
    uneven = calendar(week=week)
    assert uneven.add(china("2022-02-28 16:00"), "1wd") == china("2022-03-01 12:00")
    assert uneven.add(china("2022-02-28 09:00"), "1wd") == china("2022-03-01 10:00")
    assert uneven.add(china("2022-02-28 16:00"), "2wd") == china("2022-03-02 16:00")


@pytest.mark.parametrize(
    ("opened", "duration", "target"),
    [
        ("2015-01-01 00:25", "10wd", "2015-01-16 08:30"),
        ("2015-01-02 14:44:58", "10wd", "2015-01-16 14:44:58"),
        ("2015-01-02 17:46", "10wd", "2015-01-20 08:30"),
        ("2015-02-11 08:30:18", "3wd", "2015-02-17 08:30:18"),
        ("2015-02-25 17:00", "3wd", "2015-03-03 08:30"),
    ],
)
def test_boston_s_own_targets_come_out(opened: str, duration: str, target: str) -> None:
    assert BOSTON.add(boston(opened), duration) == boston(target)


# ---- stories: the clock changes


def test_in_new_york_a_working_day_and_a_calendar_day_keep_the_local_time() -> None:
    friday, monday = boston("2015-03-06 10:00"), boston("2015-03-09 10:00")
    assert BOSTON.add(friday, "1wd") == BOSTON.add(friday, "3cd") == monday


def test_hours_round_the_clock_are_hours_whatever_the_clock_shows() -> None:
    assert BOSTON.add(boston("2015-03-07 12:00"), "24h") == boston("2015-03-08 13:00")
    assert BOSTON.add(boston("2015-10-31 12:00"), "24h") == boston("2015-11-01 11:00")


def test_a_night_shift_lasts_as_long_as_it_really_lasts() -> None:
    week = {day: hours("00:00-04:00") for day in (*WORKWEEK, "sun")}
    nights = calendar(week=week, timezone="America/New_York")

    def worked(day: str) -> float:
        return nights.between(boston(day), boston(day) + timedelta(hours=12)) / 3600

    assert [worked(day) for day in ("2015-03-01", "2015-03-08", "2015-11-01")] == [4, 3, 5]


def test_intervals_at_the_jump_of_the_clock_never_count_twice() -> None:
    week = {"mon": hours("09:00-10:00"), "sun": hours("01:00-02:40", "03:00-05:00")}
    split = calendar(week=week, timezone="America/New_York")
    worked = split.between(boston("2015-03-08 00:00"), boston("2015-03-08 12:00"))
    assert worked == 3 * 3600


def test_an_interval_that_the_clock_jumps_into_is_left_out() -> None:
    week = {"mon": hours("09:00-10:00"), "sun": hours("01:00-02:00", "02:30-03:15", "04:00-05:00")}
    split = calendar(week=week, timezone="America/New_York")
    worked = split.between(boston("2015-03-08 00:00"), boston("2015-03-08 12:00"))
    assert worked == 2 * 3600


def test_a_leap_day_is_a_day_and_a_year_after_it_is_counted_in_days() -> None:
    wednesday = china("2024-02-28 10:00")
    assert LUNCH.add(wednesday, "1cd") == LUNCH.add(wednesday, "1wd") == china("2024-02-29 10:00")
    assert LUNCH.add(china("2024-02-29 10:00"), "365cd") == china("2025-02-28 10:00")
    assert LUNCH.between(wednesday, china("2024-03-01 10:00")) == 2 * 7.5 * 3600


# ---- stories: shares of a duration


def test_half_of_a_working_day_is_half_a_day_s_working_hours() -> None:
    assert LUNCH.add(china("2022-03-01 08:30"), "1wd", factor=0.5) == china("2022-03-01 13:15")


def test_half_of_a_duration_is_counted_in_its_own_kind_of_time() -> None:
    start = china("2022-03-04 15:00")
    assert LUNCH.add(start, "30m", factor=0.5) == start + timedelta(minutes=15)
    assert LUNCH.add(start, "2h", factor=0.5) == start + timedelta(hours=1)
    assert LUNCH.add(start, "8wh", factor=0.5) == china("2022-03-07 10:30")
    assert LUNCH.add(start, "15cd", factor=0.5) == start + timedelta(days=7, hours=12)


# ---- refusals


@pytest.mark.parametrize(
    "text", ["", "3", "wd", "0wd", "03wd", "1.5h", "-1h", "3 wd", "3dd", "3hw"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse(text)


def test_a_datetime_without_a_zone_is_refused() -> None:
    naive = datetime(2022, 3, 1, 10)  # noqa: DTZ001
    for duration in ("1h", "1wh", "1wd", "1cd"):
        with pytest.raises(TypeError):
            LUNCH.add(naive, duration)


def test_a_deadline_past_all_reason_is_refused_instead_of_searched_for() -> None:
    with pytest.raises(OverflowError):
        LUNCH.add(china("2022-03-01 10:00"), "999999wd")
