"""Business time: what holds for every calendar, start and duration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla.calendar import ASKED_OFTEN, WorkCalendar
from tests.unit.test_calendar import BOSTON, CLOSING, LUNCH, NEW_YORK, NIGHTS, calendar

CALENDARS = (LUNCH, CLOSING, BOSTON, NIGHTS)

moments = st.datetimes(datetime(2012, 1, 1), datetime(2029, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
calendars = st.sampled_from(CALENDARS)
amounts = st.integers(1, 60 * 86_400 * 1_000_000).map(lambda micros: micros / 1_000_000)
durations = st.builds(
    "{}{}".format, st.integers(1, 40), st.sampled_from(["m", "h", "wh", "wd", "cd"])
)
working_durations = st.builds("{}{}".format, st.integers(1, 40), st.sampled_from(["wh", "wd"]))
factors = st.sampled_from([0.1, 0.5, 0.7, 1.0, 1.5])
EARLIER = timedelta(microseconds=1)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(calendars, moments, amounts)
def test_what_was_added_is_what_is_counted(
    work: WorkCalendar, start: datetime, seconds: float
) -> None:
    due = work.add_working_seconds(start, seconds)
    assert work.between(start, due) == seconds
    assert work.between(due, start) == -seconds
    assert work.between(start, due - EARLIER) < seconds, "not the first such instant"


@given(calendars, moments, moments)
def test_what_was_counted_leads_back_to_the_end(
    work: WorkCalendar, a: datetime, b: datetime
) -> None:
    end = work.add_working_seconds(b, 0) + EARLIER  # inside working time, past the opening
    assert work.add_working_seconds(a, work.between(a, end)) == end


@given(calendars, moments, amounts)
def test_going_back_undoes_going_forward(
    work: WorkCalendar, start: datetime, seconds: float
) -> None:
    opened = work.add_working_seconds(start, 0)
    assert work.add_working_seconds(work.add_working_seconds(opened, seconds), -seconds) == opened


@given(calendars, moments, amounts, amounts)
def test_adding_in_two_parts_is_adding_at_once(
    work: WorkCalendar, start: datetime, one: float, two: float
) -> None:
    parts = work.add_working_seconds(work.add_working_seconds(start, one), two)
    whole = work.add_working_seconds(start, (round(one * 1e6) + round(two * 1e6)) / 1e6)
    assert parts == whole


@given(calendars, moments, moments, moments)
def test_counting_is_additive(work: WorkCalendar, a: datetime, b: datetime, c: datetime) -> None:
    parts = work.between(a, b) + work.between(b, c)
    assert parts == pytest.approx(work.between(a, c), abs=1e-5)


@given(calendars, moments, moments, amounts)
def test_who_starts_later_is_not_due_earlier(
    work: WorkCalendar, a: datetime, b: datetime, seconds: float
) -> None:
    first, second = sorted((a, b))
    due = work.add_working_seconds
    assert due(first, seconds) <= due(second, seconds)
    assert due(first, 0) <= due(second, 0)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(
    st.sampled_from((LUNCH, CLOSING, BOSTON)),
    moments,
    st.timedeltas(timedelta(0), timedelta(days=3)),
    durations.filter(lambda duration: not duration.endswith("cd")),
)
def test_the_same_duration_from_later_is_not_due_earlier(
    work: WorkCalendar, start: datetime, wait: timedelta, duration: str
) -> None:
    """Calendar days are left out: the hour that occurs twice in autumn maps back on itself."""
    assert work.add(start, duration) <= work.add(start + wait, duration)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(calendars, moments, working_durations, factors)
def test_working_durations_end_in_working_time_or_at_its_close(
    work: WorkCalendar, start: datetime, duration: str, factor: float
) -> None:
    due = work.add(start, duration, factor)
    assert work.is_working(due) or work.is_working(due - EARLIER)


@given(calendars, moments)
def test_the_next_opening_is_the_first_working_moment(work: WorkCalendar, start: datetime) -> None:
    opened = work.add_working_seconds(start, 0)
    assert work.is_working(opened)
    assert opened == start or not work.is_working(start)
    assert work.between(start, opened) == 0


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(calendars, moments, durations, factors)
def test_due_lies_ahead_is_in_utc_and_grows_with_the_factor(
    work: WorkCalendar, start: datetime, duration: str, factor: float
) -> None:
    due = work.add(start, duration, factor)
    assert due.tzinfo is UTC
    assert start < due <= work.add(start, duration, factor * 2)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(calendars, moments, durations, factors, st.integers(-14 * 60, 14 * 60))
def test_the_zone_in_which_the_start_was_written_does_not_matter(
    work: WorkCalendar, start: datetime, duration: str, factor: float, offset: int
) -> None:
    elsewhere = start.astimezone(timezone(timedelta(minutes=offset)))
    assert work.add(elsewhere, duration, factor) == work.add(start, duration, factor)
    assert work.is_working(elsewhere) == work.is_working(start)
    assert work.covered(elsewhere) == work.covered(start)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(moments, st.integers(1, 4 * 24 * 4))
def test_counting_agrees_with_looking_at_the_clock_each_quarter(start: datetime, n: int) -> None:
    """The plain definition, for a calendar without holidays whose hours begin at quarters."""
    plain = calendar("08:30-12:00", "13:00-17:00", timezone="America/New_York")
    first = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    quarters = [first + timedelta(minutes=15 * i) for i in range(n)]

    def works(quarter: datetime) -> bool:
        local = quarter.astimezone(NEW_YORK)
        clock = f"{local:%H:%M}"
        return local.weekday() < 5 and ("08:30" <= clock < "12:00" or "13:00" <= clock < "17:00")

    end = first + timedelta(minutes=15 * n)
    assert plain.between(first, end) == 900 * sum(works(quarter) for quarter in quarters)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(
    calendars,
    st.lists(moments, min_size=1, max_size=5),
    st.integers(1, 400),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_what_a_table_remembers_is_what_the_calendar_says(
    work: WorkCalendar, starts: list[datetime], days: int, later: timedelta
) -> None:
    fresh = WorkCalendar(work._zone, work._days, work._ends_day)
    for _ in range(ASKED_OFTEN + 1):
        for start in starts:
            fresh.add(start, f"{days}wd")
            fresh.between(start, start + later)
    for start in starts:
        assert fresh.add(start, f"{days}wd") == work._worked_out(start, f"{days}wd")
        one, other = start, start + later
        elsewhere = one.astimezone(NEW_YORK)  # written so, no table is looked into
        assert fresh.between(one, other) == work.between(elsewhere, other)
        assert fresh.between(other, one) == -work.between(elsewhere, other)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(calendars, moments, st.integers(1, 30))
def test_working_days_between_are_those_that_were_added(
    work: WorkCalendar, start: datetime, days: int
) -> None:
    assert work.working_days_between(start, work.add(start, f"{days}wd")) == days


@pytest.mark.parametrize("work", CALENDARS)
def test_every_moment_of_a_year_with_a_leap_day_has_one_answer(work: WorkCalendar) -> None:
    """A moment each 37 minutes of 2024: each due time twice, from the table and without it."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for n in range(366 * 24 * 60 // 37):
        moment = start + timedelta(minutes=37 * n)
        assert work.add(moment, "3wd") == work._worked_out(moment, "3wd")
