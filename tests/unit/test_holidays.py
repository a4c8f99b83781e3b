"""Which days are worked: public holidays, make-up workdays 调休, the county's own days."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.test_calendar import BOSTON, LUNCH, WORKWEEK, boston, calendar, china, hours


def test_spring_festival_2022_is_made_up_for_on_the_weekend_before() -> None:
    assert LUNCH.is_working(china("2022-01-29 10:00"))
    assert LUNCH.is_working(china("2022-01-30 10:00"))
    days_off = [china("2022-01-31 10:00") + timedelta(days=n) for n in range(7)]
    assert not any(LUNCH.is_working(day) for day in days_off)
    assert LUNCH.add(china("2022-01-28 16:00"), "1wd") == china("2022-01-29 16:00")
    assert LUNCH.add(china("2022-01-30 16:00"), "2wh") == china("2022-02-07 09:30")


def test_a_make_up_saturday_has_the_hours_of_the_weekday_that_it_is_like() -> None:
    week = {day: hours("08:30-17:00") for day in WORKWEEK} | {"fri": hours("08:30-12:00")}
    short = calendar(week=week, holidays="chinesecalendar", makeup_like="fri")
    assert short.is_working(china("2022-01-29 11:00"))
    assert not short.is_working(china("2022-01-29 13:00"))


def test_intervals_may_be_written_in_any_order() -> None:
    week = {"mon": hours("13:00-17:00", "08:30-12:00")}
    assert calendar(week=week).add(china("2022-02-28 11:00"), "2wh") == china("2022-02-28 14:00")


def test_the_county_s_own_days_win_over_public_ones() -> None:
    own = calendar(
        "08:30-17:00",
        holidays="chinesecalendar",
        closures=("2022-01-29", "2022-03-01"),
        workdays=("2022-02-01", "2022-03-05"),
    )
    works = {
        day: own.is_working(china(f"{day} 10:00"))
        for day in ("2022-01-29", "2022-03-01", "2022-02-01", "2022-03-05", "2022-03-06")
    }
    assert [day for day, working in works.items() if working] == ["2022-02-01", "2022-03-05"]


def test_a_workday_by_decree_keeps_the_hours_of_its_own_weekday() -> None:
    week = {day: hours("08:30-17:00") for day in WORKWEEK} | {"tue": hours("08:30-12:00")}
    own = calendar(week=week, holidays="chinesecalendar", workdays=("2022-02-01",))
    assert not own.is_working(china("2022-02-01 13:00"))


def test_in_a_year_without_announced_holidays_the_week_alone_counts() -> None:
    assert LUNCH.covered(china("2026-12-31 23:59"))
    assert not LUNCH.covered(china("2027-01-01"))
    assert not LUNCH.covered(china("2003-12-31"))
    assert LUNCH.add(china("2026-12-31 16:00"), "1wd") == china("2027-01-01 16:00")
    assert LUNCH.add(china("2027-10-01 16:00"), "1wd") == china("2027-10-04 16:00")


def test_coverage_goes_by_the_local_year() -> None:
    assert not LUNCH.covered(datetime(2026, 12, 31, 17, tzinfo=UTC))


def test_a_calendar_without_public_holidays_knows_every_year() -> None:
    assert BOSTON.covered(boston("2099-01-01"))


def test_a_region_of_the_holidays_library_closes_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    def country_holidays(country: str, subdiv: str | None, years: int) -> dict[Any, str]:
        assert (country, subdiv) == ("US", "MA")
        return {date(years, 4, 20): "Patriots' Day"}

    library = SimpleNamespace(country_holidays=country_holidays)
    monkeypatch.setitem(sys.modules, "holidays", library)
    county = calendar("08:30-17:00", timezone="America/New_York", holidays="holidays:US-MA")
    assert county.add(boston("2015-04-17 10:00"), "1wd") == boston("2015-04-21 10:00")


def test_the_holidays_library_knows_no_make_up_days_of_2027_and_says_nothing_but_we_do() -> None:
    china_too = calendar("08:30-17:00", holidays="holidays:CN")
    assert china_too.is_working(china("2025-01-26 10:00"))
    assert china_too.covered(china("2025-06-01"))
    assert not china_too.covered(china("2099-06-01"))
    assert calendar("08:30-17:00", holidays="holidays:US-MA").covered(china("2099-06-01"))


def test_it_is_known_up_to_which_year_holidays_are_announced() -> None:
    assert LUNCH.last_covered(2022) == 2026
    assert LUNCH.last_covered(2030) == 2029
    assert BOSTON.last_covered(2022) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"timezone": "Asia/Hanyin"}, "Asia/Hanyin"),
        ({"holidays": "lunar"}, "none of chinesecalendar"),
        ({"week": {}}, "mon has no working hours"),
        ({"week": {"mon": hours("17:00-08:30")}}, "ends before it starts"),
        ({"week": {"mon": hours("08:00-12:00", "11:00-17:00")}}, "overlap"),
        ({"week": {"mon": hours("08:00-00:00", "11:00-17:00")}}, "overlap"),
        ({"closures": ("2022-03-01",), "workdays": ("2022-03-01",)}, "both"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_by_name(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=rf"calendar county: .*{reason}"):
        calendar("08:30-17:00", **fields)


def test_a_missing_holidays_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ValueError, match="'holidays', which is not installed"):
        calendar("08:30-17:00", holidays="holidays:US-MA")
