"""Policies from history: made by a known limit, found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.infer.guess import CHOSEN, MINUTES, guess
from lab.infer.limits import Past, limits
from lab.infer.policies import CHANGE, Inferred, infer
from lab.infer.reading import fitting, history
from lab.infer.writing import write
from lab.mapping import CannotImport
from schemas.reference import DeadlineKind, Urgency
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder
from services.sla.calendar import WorkCalendar

BOSTON = Path(__file__).parents[2] / "deploy/boston"
RULES = Rulebook(read_folder(BOSTON))
OFFICE = WorkCalendar.of(RULES.calendar())
ZONE = ZoneInfo("America/New_York")
START = datetime(2015, 5, 4, 9, 17, tzinfo=ZONE)
"""A Monday. The next weekday off is 25 May, three weeks later."""


def made(kind: str, duration: str, rows: int, start: datetime = START) -> list[Past]:
    """Reports every seven hours, due by one limit, stored without seconds."""
    begun = (start + timedelta(hours=7) * n for n in range(rows))
    return [Past(kind, at, OFFICE.add(at, duration).replace(second=0)) for at in begun]


@pytest.mark.parametrize(
    "duration", ["10wd", "14cd", "1wd", "1cd", "3wd", "30cd", "2h", "30m", "4wh"]
)
def test_a_limit_is_found_again_from_what_it_brought_about(duration: str) -> None:
    [found] = infer(made("lamps", duration, 200), OFFICE)
    assert (found.duration, found.share, found.since) == (duration, 1.0, None)


@settings(deadline=None)  # laying out years takes its time on a busy machine
@given(
    hours=st.integers(0, 270 * 24),
    number=st.integers(1, 400),
    unit=st.sampled_from(["wd", "cd"]),
)
def test_every_limit_is_among_those_that_explain_its_own_due_time(
    hours: int, number: int, unit: str
) -> None:
    duration = f"{number}{unit}"
    at = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=number)
    assert duration in limits(Past("x", at, OFFICE.add(at, duration)), OFFICE)


def test_ten_working_days_and_fourteen_days_look_alike_in_a_plain_week() -> None:
    [plain] = made("lamps", "10wd", 1)
    assert limits(plain, OFFICE) == {"10wd", "14cd"}
    assert limits(made("lamps", "10wd", 1, START + timedelta(hours=12))[0], OFFICE) == {"10wd"}


def test_a_limit_that_changed_gets_the_day_on_which_it_began() -> None:
    change = START + timedelta(days=20)
    rows = [*made("lamps", "5wd", 60), *made("lamps", "2wd", 60, change)]
    before, after = infer(rows, OFFICE)
    assert (before.duration, before.since) == ("5wd", None)
    assert after.duration == "2wd"
    assert after.since is not None
    assert after.since.date() == change.date()


def test_a_few_rows_by_hand_are_no_change_of_the_limit() -> None:
    rows = [
        *made("lamps", "5wd", 60),
        *made("lamps", "2wd", CHANGE - 1, START + timedelta(days=20)),
    ]
    [found] = infer(rows, OFFICE)
    assert (found.duration, found.of) == ("5wd", 60 + CHANGE - 1)
    assert found.explained == 60


def test_kinds_that_changed_together_share_the_moment() -> None:
    change = START + timedelta(days=20)
    often = [*made("lamps", "5wd", 60), *made("lamps", "2wd", 60, change)]
    seldom = [
        *made("trees", "30cd", 30),
        *made("trees", "90cd", 30, change + timedelta(hours=3)),
    ]
    sinces = {each.since for each in infer([*often, *seldom], OFFICE)}
    assert len(sinces - {None}) == 1


def test_a_due_time_before_its_report_teaches_nothing() -> None:
    assert infer([Past("lamps", START, START - timedelta(days=1))], OFFICE) == []


def test_a_limit_that_explains_too_few_rows_is_none() -> None:
    assert infer(made("lamps", "3wd", 4), OFFICE, at_least=5) == []


# ── guesses ──────────────────────────────────────────────────────────────────────────────────


def test_the_guess_tells_another_minute_another_limit_and_a_date_of_its_own_apart() -> None:
    later = Past("x", START, OFFICE.add(START, "3wd") + timedelta(minutes=4))
    own = Past("x", START, START + timedelta(days=3, minutes=77))
    other = [(past, "3wd") for past in made("x", "9wd", 3)]
    told = guess([(later, "3wd"), (own, "3wd"), *other], OFFICE)
    assert told == {MINUTES: 1, CHOSEN: 1, "another limit, 9wd": 3}


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_written_is_read_as_policies_with_their_start_dates(tmp_path: Path) -> None:
    for file in BOSTON.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    began = datetime(2015, 2, 16, 18, tzinfo=UTC)
    unknown = write(
        [
            Inferred("street-light-outages", "5wd", None, 9, 9, 0),
            Inferred("street-light-outages", "10wd", began, 9, 9, 0),
            Inferred("dragons", "1h", None, 9, 9, 0),
        ],
        RULES,
        "some.csv",
        tmp_path,
    )
    assert unknown == ["dragons"]
    book = Rulebook(read_folder(tmp_path))

    def limit(at: datetime) -> str:
        found = book.deadlines(None, "street-light-outages", Urgency.NORMAL, None, at=at)
        return found[DeadlineKind.RESOLVE].duration

    assert limit(began - timedelta(seconds=1)) == "5wd"
    assert limit(began) == "10wd"


def test_a_file_that_none_of_our_mappings_fits_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(CannotImport, match="none of our mappings fits"):
        fitting(tmp_path / "some.csv")


def test_rows_without_a_due_time_are_passed_over(tmp_path: Path) -> None:
    columns = [
        "CASE_ENQUIRY_ID", "OPEN_DT", "TARGET_DT", "CLOSED_DT", "OnTime_Status", "CLOSURE_REASON",
        "CASE_TITLE", "TYPE", "QUEUE", "Department", "neighborhood", "Source",
    ]  # fmt: skip
    rows = [
        "1,2015-07-01 09:00:00,2015-07-02 09:00:00,,ONTIME,,A,Recycling,Q,PWDx,Roxbury,Self Service",
        "2,2015-07-01 09:00:00,,,ONTIME,,A,Recycling,Q,PWDx,Roxbury,Self Service",
    ]
    path = tmp_path / "requests.csv"
    path.write_text("\n".join([",".join(columns), *rows]), "utf-8")
    [past] = history(path, fitting(path))
    assert past.kind == "recycling"
    assert past.due - past.started == timedelta(days=1)
