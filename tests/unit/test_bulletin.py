"""Which periods are over, by the county's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lab.driver import month_end
from schemas.rulebook import Rulebook
from services.rating.periods import month_of, months_between
from tests.county import small_county

RULES = Rulebook(small_county())


def test_a_month_begins_at_midnight_in_the_county_not_in_greenwich() -> None:
    assert month_of(RULES, datetime(2022, 6, 30, 16, 0, tzinfo=UTC)) == "2022-07"
    assert month_of(RULES, datetime(2022, 6, 30, 15, 59, tzinfo=UTC)) == "2022-06"


def test_a_period_is_over_when_its_last_moment_has_passed() -> None:
    first = datetime(2022, 5, 20, tzinfo=UTC)
    end_of_june = datetime(2022, 6, 30, 16, 0, tzinfo=UTC)
    assert list(months_between(RULES, first, end_of_june)) == ["2022-05", "2022-06"]
    before = datetime(2022, 6, 30, 15, 59, 59, tzinfo=UTC)
    assert list(months_between(RULES, first, before)) == ["2022-05"]


def test_a_year_ends_like_any_month() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    end = month_end(datetime(2022, 12, 31, 10, tzinfo=UTC), shanghai)
    assert end == datetime(2022, 12, 31, 16, tzinfo=UTC)
    assert month_end(end, shanghai) == datetime(2023, 1, 31, 16, tzinfo=UTC)
