"""Rules that would meet a goal: proposed from one part of a log, judged by what-if on the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.policy.editing import Change, changed, written
from lab.policy.halves import halves
from lab.policy.limits import longer_limits
from lab.policy.searching import Goal, gini, search
from lab.policy.spans import Span
from lab.replay.reading import moment_of
from lab.whatif.asking import Question, ask
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder
from services.sla.deadlines import work_calendar
from tests import rehearsed

MID_JULY = datetime(2022, 7, 18, tzinfo=UTC)
MONDAY = datetime(2022, 7, 4, 1, tzinfo=UTC)
CALENDAR = work_calendar(Rulebook(rehearsed.hanyin()))


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rehearsed.written(tmp_path_factory.mktemp("july"))


# ── limits ───────────────────────────────────────────────────────────────────────────────────


def spans(policy: str, hours: list[int], limit: str = "10h") -> list[Span]:
    """Holdings that took so many hours under a limit."""
    due = MONDAY + timedelta(hours=int(limit.removesuffix("h")))
    ends = [MONDAY + timedelta(hours=each) for each in hours]
    return [
        Span(f"{policy}-{n}", policy, limit, MONDAY, due, end, end > due)
        for n, end in enumerate(ends)
    ]


def test_where_enough_is_on_time_no_limit_changes() -> None:
    assert longer_limits(spans("lights", [1] * 9 + [20]), CALENDAR, 0.9, 2.0) == {}


def test_the_limit_that_saves_most_for_its_waiting_grows_first() -> None:
    few, many = spans("few", [12] * 3 + [1]), spans("many", [12] * 3 + [1] * 96)
    assert longer_limits([*few, *many], CALENDAR, 0.97, 2.0) == {"few": "13h"}


def test_no_limit_grows_beyond_what_is_allowed_or_beyond_what_helps() -> None:
    slow = spans("slow", [14, 19, 100])
    assert longer_limits(slow, CALENDAR, 1.0, 2.0) == {"slow": "19h"}
    assert longer_limits(slow, CALENDAR, 1.0, 1.4) == {}, "13 h would save nobody"


def test_a_holding_whose_end_nobody_knows_is_not_mended_by_a_longer_limit() -> None:
    lost = [Span("c", "slow", "10h", MONDAY, MONDAY + timedelta(hours=10), None, late=True)]
    assert longer_limits(lost, CALENDAR, 1.0, 2.0) == {}


def test_gini_is_nothing_among_equals_and_grows_with_what_one_carries() -> None:
    assert gini([3.0, 3.0, 3.0]) == pytest.approx(0.0)
    assert gini([0.0, 0.0, 9.0]) == pytest.approx(2 / 3)


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_only_values_are_touched_in_a_countys_files(tmp_path: Path) -> None:
    change = Change({"usual": "3wd", "emergency-county": "18h"}, {"garbage": Level.TOWN})
    diff = written(rehearsed.HANYIN, change, "hanyin-other", tmp_path / "other")
    assert read_folder(tmp_path / "other") == changed(rehearsed.hanyin(), change, "hanyin-other")
    lines = [
        line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert len(lines) == 8, "the version, two limits and a level, each before and after"
    assert sum("usual" in line for line in lines) == 2


# ── a log in two ─────────────────────────────────────────────────────────────────────────────


def test_what_is_held_back_is_not_in_the_other_part(july: Path) -> None:
    with halves(july, MID_JULY) as (early, late):
        parts = [path.read_bytes().splitlines() for path in (early, late)]
    cases = [{orjson.loads(line)["subject"] for line in lines} for lines in parts]
    assert cases[0] and cases[1] and not cases[0] & cases[1]
    moments = [[moment_of(line) for line in lines] for lines in parts]
    assert all(moment is not None and moment < MID_JULY for moment in moments[0])
    assert all(moment is not None and moment >= MID_JULY for moment in moments[1])


# ── the search ───────────────────────────────────────────────────────────────────────────────


def test_what_is_proposed_is_judged_by_what_if_on_what_was_held_back(july: Path) -> None:
    goal = Goal(on_time=0.97, tries=2, repeats=1)
    found = search(july, rehearsed.hanyin(), goal, MID_JULY)
    assert found.change, "July is not so good that nothing helps"
    assert found.early[1].score(goal) < found.early[0].score(goal)
    version = rehearsed.hanyin().manifest.version
    with halves(july, MID_JULY) as (_, late):
        rules = changed(rehearsed.hanyin(), found.change, version)
        (tally,) = ask(late, Question(rules, goal.seed, repeats=1)).after()
    after = found.late[1]
    county = tally.county
    assert (after.on_time, after.late, after.escalated) == (
        county["on_time"],
        county["late"],
        county["escalated"],
    )


def test_a_goal_that_is_met_already_changes_no_limit(july: Path) -> None:
    found = search(july, rehearsed.hanyin(), Goal(on_time=0.01, tries=0, repeats=1), MID_JULY)
    assert not found.change
    assert found.early[0] == found.early[1] and found.late[0] == found.late[1]


def test_the_command_writes_a_folder_a_page_and_json(july: Path, tmp_path: Path) -> None:
    to, page = tmp_path / "mine", tmp_path / "policy.html"
    asked = [
        "policy", "search", str(july), "--reference", str(rehearsed.HANYIN), "--on-time", "0.97",
        "--held-back", "2022-07-18", "--tries", "0", "--repeats", "1", "--jobs", "1",
        "--to", str(to), "--page", str(page), "--json",
    ]  # fmt: skip
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0, ran.output
    told = orjson.loads(ran.output)
    limits = {row.id: row.resolve for row in read_folder(to).deadlines}
    assert told["limits"]
    assert {row: each["to"] for row, each in told["limits"].items()} == {
        row: limits[row] for row in told["limits"]
    }
    text = page.read_text("utf-8")
    assert "按期率" in text and "held back" in text and "<script" not in text
    assert CliRunner().invoke(app, asked).exit_code == 2, "the folder is there already"
