"""Rules that would meet a goal: proposed from one part of a log, judged by what-if on the other."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.policy.editing import Change, changed, written
from lab.policy.halves import halves
from lab.policy.judging import Goal, gini
from lab.policy.leads import ENOUGH, other_leads
from lab.policy.limits import longer_limits, shorter_limits
from lab.policy.searching import search
from lab.policy.spans import Seen, Span
from lab.replay.reading import moment_of
from lab.simulate import arrivals
from lab.simulate.county import Plan, simulate_log
from lab.simulate.habits import Handling, Returns, Times
from lab.simulate.usual import usual
from lab.whatif.asking import Question, ask
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder
from services.sla.deadlines import work_calendar
from tests import rehearsed

MID_JULY = datetime(2022, 7, 18, tzinfo=UTC)
MONDAY = datetime(2022, 7, 4, 1, tzinfo=UTC)
RULES = Rulebook(rehearsed.hanyin())
CALENDAR = work_calendar(RULES)


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


def known(*those: Span, end: timedelta, still_open: tuple[Span, ...] = ()) -> Seen:
    return Seen(MONDAY + end, list(those), list(still_open))


def test_a_limit_may_be_shorter_where_nobody_would_have_been_late() -> None:
    quick = spans("lights", [2] * 19 + [5])
    (found,) = shorter_limits(known(*quick, end=timedelta(days=3)), CALENDAR, 0.25)
    assert found == ("lights", "10h", "6h", 20)
    (less,) = shorter_limits(known(*quick, end=timedelta(days=3)), CALENDAR, 0.8)
    assert less.limit == "8h", "no shorter than is allowed"


def test_who_is_late_already_does_not_hold_a_shorter_limit_up() -> None:
    found = shorter_limits(
        known(*spans("lights", [2] * 19 + [50]), end=timedelta(days=3)), CALENDAR, 0.5
    )
    assert [each.limit for each in found] == ["6h"]


def test_few_cases_say_nothing_of_a_shorter_limit() -> None:
    assert shorter_limits(known(*spans("few", [1] * 19), end=timedelta(9)), CALENDAR, 0.5) == []


def test_a_limit_that_no_case_could_outlast_yet_is_not_shortened() -> None:
    """In a log of three hours all that has ended was quick. What has not is not known to be."""
    quick = spans("lights", [1] * 30)
    assert shorter_limits(known(*quick, end=timedelta(hours=3)), CALENDAR, 0.5) == []


def test_what_is_still_open_counts_as_late_once_the_shorter_limit_ran_out() -> None:
    quick = spans("lights", [1] * 30)
    lying = Span("lying", "lights", "10h", MONDAY, MONDAY + timedelta(hours=10), None, late=False)
    end = timedelta(hours=9)
    assert shorter_limits(known(*quick, end=end), CALENDAR, 0.5)[0].limit == "6h"
    assert shorter_limits(known(*quick, end=end, still_open=(lying,)), CALENDAR, 0.5) == []


def test_gini_is_nothing_among_equals_and_grows_with_what_one_carries() -> None:
    assert gini([3.0, 3.0, 3.0]) == pytest.approx(0.0)
    assert gini([0.0, 0.0, 9.0]) == pytest.approx(2 / 3)


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_only_values_are_touched_in_a_countys_files(tmp_path: Path) -> None:
    change = Change(
        {"usual": "3wd", "emergency-county": "18h"},
        {"garbage": Level.TOWN},
        {"garbage": "village-clinic", "culture-sports": "county-education"},
    )
    diff = written(rehearsed.HANYIN, change, "hanyin-other", tmp_path / "other")
    assert read_folder(tmp_path / "other") == changed(rehearsed.hanyin(), change, "hanyin-other")
    lines = [
        line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert len(lines) == 12, "the version, two limits, a level and two leads, before and after"
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


# ── another lead ─────────────────────────────────────────────────────────────────────────────

CULTURE = "culture-sports"


def worked(**by: tuple[int, int]) -> Seen:
    """A log in which the rule placed 60 matters of culture, and so many were judged and in time."""
    units = {unit.replace("_", "-"): counts for unit, counts in by.items()}
    return Seen(
        MONDAY,
        placed=Counter({CULTURE: 60}),
        categories={CULTURE: Counter({CULTURE: 60})},
        judged=Counter({(CULTURE, unit): judged for unit, (judged, _) in units.items()}),
        kept=Counter({(CULTURE, unit): kept for unit, (_, kept) in units.items()}),
    )


def leads(seen: Seen) -> list[tuple[str, str]]:
    return [(each.now, each.other) for each in other_leads(RULES, seen)]


def test_who_did_such_work_and_was_more_often_in_time_is_proposed() -> None:
    seen = worked(
        county_culture_tourism=(40, 20), county_education=(20, 18), county_housing=(20, 12)
    )
    assert leads(seen) == [("county-culture-tourism", "county-education")]


def test_nobody_is_proposed_who_did_too_little_of_it_or_did_it_worse() -> None:
    few = ENOUGH - 1
    assert leads(worked(county_culture_tourism=(40, 20), county_education=(few, few))) == []
    assert leads(worked(county_culture_tourism=(40, 20), county_education=(20, 9))) == []
    assert leads(worked(county_culture_tourism=(40, 20), vc_610921100001=(20, 20))) == []


JUNE = datetime(2022, 6, 4, tzinfo=UTC)
QUICK = Handling(resolve=Times(working=True, hours=(1.0, 8.0), steps=2))
LYING = Handling(
    department="county-culture-tourism",
    resolve=Times(working=True, hours=(1.0, 8.0), steps=4),
    returns=Returns(share=0.3, hours=Times(hours=(1.0, 2.0), steps=2), reasons={"not-ours": 1.0}),
)
"""It leaves half of its matters lying and returns a third, which education then does."""


def spring(folder: Path, *handling: Handling) -> Path:
    """The log of a spring in which only matters of culture came in."""
    plain = usual(RULES, 1000)
    kind = plain.arrivals.kinds[0].model_copy(update={"category": CULTURE})
    coming = plain.arrivals.model_copy(update={"kinds": (kind,), "shocks": ()})
    changes = {"arrivals": coming, "handling": handling, "capacity": (), "ratings": ()}
    plan = Plan(arrivals.Span(date(2022, 5, 9), 40, 240), 7, afterwards=30)
    simulate_log(plan, plain.model_copy(update=changes), RULES, folder / "log.jsonl")
    return folder / "log.jsonl"


def test_work_moves_to_who_does_it_in_time_and_the_held_back_months_agree(tmp_path: Path) -> None:
    goal = Goal(on_time=0.9, at_most=1.0, tries=1, repeats=2)
    found = search(spring(tmp_path, LYING, QUICK), RULES.reference, goal, JUNE)
    assert found.change == Change(leads={CULTURE: "county-education"})
    assert found.today.leads == {CULTURE: "county-culture-tourism"}
    step = next(each for each in found.tried if each.kept)
    assert step.step.what == "lead" and step.late == found.late[1]
    for before, after in (found.early, found.late):
        assert after.late < before.late / 2


def test_a_shorter_limit_is_kept_where_nobody_more_is_late(tmp_path: Path) -> None:
    goal = Goal(on_time=0.1, at_least=0.4, tries=1, repeats=2)
    found = search(spring(tmp_path, QUICK), RULES.reference, goal, JUNE)
    shorter = found.tried[0]
    assert shorter.kept and shorter.step.what == "limit"
    assert (shorter.step.was, shorter.step.becomes) == ("5wd", "2wd")
    assert found.change.limits == {shorter.step.row: "2wd"}
    assert shorter.early.late <= found.early[0].late
    assert shorter.late is not None and shorter.late.late <= found.late[0].late


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
    assert "个工作日" in text, "limits in words, not 2wd"
    assert (
        told["diff"].count(f"--- {rehearsed.HANYIN}")
        == told["diff"].count(f"+++ {rehearsed.HANYIN}")
        > 0
    )
    assert CliRunner().invoke(app, asked).exit_code == 2, "the folder is there already"
