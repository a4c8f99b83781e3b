"""A simulated county: the same luck every time, and what was put in comes out."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from lab.rehearsal import Rehearsal
from lab.simulate.arrivals import Coming, Span
from lab.simulate.chance import chances, chosen
from lab.simulate.checking import on_time
from lab.simulate.county import Plan, reports, simulate, simulate_log
from lab.simulate.fitting import busiest, fit
from lab.simulate.habits import Habits, HabitsError, Shock, Times, habits_text, read_habits
from lab.simulate.lasting import Lasted, drawn, times
from lab.simulate.observing import LogError, Observed, observe, observe_log
from lab.simulate.parties import CountyParties
from lab.simulate.queue import Desk
from lab.simulate.usual import usual
from schemas import envelope
from schemas.envelope import Message
from schemas.events import Opened, Resolved
from schemas.reference import Calendar
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder
from services.sla.calendar import WorkCalendar

MAY = date(2022, 5, 9)
"""A Monday."""
ROUND_THE_CLOCK = {d: [{"start": "00:00", "end": "00:00"}] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}  # fmt: skip
NOON = datetime(2022, 5, 9, 12, tzinfo=UTC)


@cache
def rules() -> Rulebook:
    return Rulebook(read_folder(Path("deploy/hanyin")))


@cache
def plain() -> Habits:
    return usual(rules(), 310_000)


def plan(cases: int | None = 30, days: int = 10, seed: int = 7) -> Plan:
    return Plan(Span(MAY, days, cases), seed, afterwards=30)


@cache
def lived() -> tuple[Message[Any], ...]:
    log: list[Message[Any]] = []
    simulate(plan(60), plain(), rules(), log.append)
    return tuple(log)


# ── the same again ───────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    simulate_log(plan(), plain(), rules(), one)
    simulate_log(plan(), plain(), rules(), two)
    simulate_log(plan(seed=8), plain(), rules(), other)
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes() != other.read_bytes()


def test_a_longer_county_begins_like_a_shorter_one() -> None:
    short, long = (list(reports(plan(None, n), plain(), rules())) for n in (2, 3))
    assert short and long[: len(short)] == short


def test_the_log_is_the_one_that_the_rehearsal_makes_of_the_same_people() -> None:
    rehearsal = Rehearsal(rules().reference, CountyParties(plain(), rules(), 7))
    rehearsal.add(reports(plan(20), plain(), rules()))
    expected = Counter(map(envelope.write, rehearsal.run(plan(20).end(rules().zone))))
    log: list[Message[Any]] = []
    simulate(plan(20), plain(), rules(), log.append)
    assert Counter(map(envelope.write, log)) == expected


def test_as_many_cases_come_as_were_asked_for() -> None:
    assert sum(isinstance(event.data, Opened) for event in lived()) == 60


def test_most_cases_come_to_a_result() -> None:
    assert sum(isinstance(event.data, Resolved) for event in lived()) > 50


# ── arrivals ─────────────────────────────────────────────────────────────────────────────────


def coming(**changes: Any) -> Coming:
    arrivals = plain().arrivals.model_copy(update={"shocks": (), **changes})
    return Coming(plain().model_copy(update={"arrivals": arrivals}), rules(), 1, 1000)


def test_a_holiday_is_quieter() -> None:
    holiday, plain_day = date(2022, 5, 3), date(2022, 5, 10)  # Tuesdays; the first is closed
    at = coming(holiday=0.25)
    assert at.expected(holiday).sum() == pytest.approx(at.expected(plain_day).sum() * 0.25)


def test_a_shock_brings_more_of_its_kind_alone() -> None:
    kind = plain().arrivals.kinds[0].category or ""
    shock = Shock(month=5, days=({kind: 10.0},))
    usually, then = coming(), coming(shocks=(shock,) * 91, days=91)
    rates = then.expected(MAY) / usually.expected(MAY)
    assert rates[0] == pytest.approx(10.0)
    assert rates[1:] == pytest.approx(1.0)


def test_hours_are_those_of_the_habits() -> None:
    nine = tuple(float(hour == 9) for hour in range(24))
    found = coming(hours=nine).reports(Span(MAY, 3, 50))
    assert {report.submitted_at.astimezone(rules().zone).hour for report in found} == {9}


# ── times ────────────────────────────────────────────────────────────────────────────────────


def clock() -> WorkCalendar:
    return WorkCalendar.of(Calendar(id="all", timezone="UTC", week=ROUND_THE_CLOCK))


def lasted(hours: float, *, done: bool = True) -> Lasted:
    return Lasted(NOON, NOON + timedelta(hours=hours), done)


def test_what_is_open_at_the_end_makes_a_department_slower() -> None:
    known = times([lasted(n) for n in range(1, 11)], clock())
    half_open = times([*(lasted(n) for n in range(1, 11)), *[lasted(5, done=False)] * 10], clock())
    assert drawn(known, 0.5) == pytest.approx(5)
    slower = drawn(half_open, 0.5)
    assert slower is not None and slower > 5


def test_what_never_ended_is_never_drawn() -> None:
    table = times([lasted(1), lasted(50, done=False)], clock())
    assert drawn(table, 0.4) is not None
    assert drawn(table, 0.9) is None


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50), st.floats(0, 0.999))
def test_what_is_drawn_lies_among_what_was_seen(hours: list[float], chance: float) -> None:
    found = drawn(times([lasted(each) for each in hours], clock()), chance)
    assert found is not None and found <= max(hours) + 0.001


@given(st.integers(0, 10**6), st.text(max_size=9))
def test_chances_lie_between_nought_and_one(seed: int, what: str) -> None:
    assert all(0 <= chance < 1 for chance in chances(seed, what))


@given(st.floats(0, 0.999999))
def test_what_weighs_nothing_is_never_chosen(chance: float) -> None:
    assert chosen({"never": 0.0, "always": 2.0}, chance) == "always"


# ── hands ────────────────────────────────────────────────────────────────────────────────────


def test_a_department_ends_no_more_in_a_day_than_it_can() -> None:
    desk = Desk(48.0)
    through = [desk.through(NOON) for _ in range(4)]
    assert [(each - NOON) / timedelta(minutes=30) for each in through] == [1, 2, 3, 4]


def test_without_a_limit_nobody_waits() -> None:
    assert Desk(None).through(NOON) == NOON


def test_the_busiest_day_is_what_a_department_can_do() -> None:
    moments = [NOON + timedelta(hours=n) for n in range(3)] + [NOON + timedelta(days=30)]
    assert busiest(moments) == 3


# ── fitting ──────────────────────────────────────────────────────────────────────────────────


def test_what_was_fitted_can_be_read_again(tmp_path: Path) -> None:
    found = fit(observe(lived()), rules(), "lived")
    file = tmp_path / "habits.yaml"
    file.write_text(habits_text(found), "utf-8")
    assert read_habits(file) == found


def test_small_groups_go_by_wider_ones_and_are_counted() -> None:
    found = fit(observe(lived()), rules(), "lived")
    assert found.origin.pooled["category, any department"] > 0
    assert found.handling_of("nobody", "nothing").department is None


def test_a_county_fitted_from_a_county_keeps_its_share_in_time() -> None:
    first: Observed = Observed()
    simulate(plan(300, 20), plain(), rules(), first.take)
    again: Observed = Observed()
    simulate(plan(300, 20, seed=9), fit(first, rules(), "first"), rules(), again.take)
    shares = []
    for seen in (first, again):
        rates = on_time(seen).values()
        shares.append(sum(each.kept for each in rates) / sum(each.due for each in rates))
    assert shares[1] == pytest.approx(shares[0], abs=0.08)


def test_copies_and_voids_are_not_counted() -> None:
    assert len(observe([*lived(), *lived()]).cases) == 60
    assert observe([*lived(), *lived()]).events == len(lived())


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("{}\n", "utf-8")
    with pytest.raises(LogError, match="line 1"):
        observe_log(file)


def test_an_empty_log_fits_nothing() -> None:
    with pytest.raises(ValueError, match="no cases"):
        fit(Observed(), rules(), "empty")


def test_a_broken_file_of_habits_says_which_field(tmp_path: Path) -> None:
    file = tmp_path / "habits.yaml"
    file.write_text(habits_text(plain()).replace("zone:", "zome:"), "utf-8")
    with pytest.raises(HabitsError, match="zone"):
        read_habits(file)


def test_the_commands_fit_what_they_simulated(tmp_path: Path) -> None:
    log, habits = tmp_path / "log.jsonl", tmp_path / "habits.yaml"
    asked = ["simulate", "deploy/hanyin", "--cases", "40", "--days", "5", "--log", str(log)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    asked = ["fit", str(log), "--reference", "deploy/hanyin", "--to", str(habits)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert read_habits(habits).origin.cases == 40
    asked = ["simulate", "deploy/hanyin", "--fit", str(habits), "--cases", "5", "--json"]
    assert CliRunner().invoke(app, asked).exit_code == 0


def test_however_many_processes_counties_have_the_same_logs(tmp_path: Path) -> None:
    told, logs = [], []
    for jobs in (1, 2, 3):
        asked = ["simulate", "deploy/hanyin", "--cases", "25", "--days", "3", "--counties", "4"]
        to = tmp_path / str(jobs)
        result = CliRunner().invoke(app, [*asked, "--jobs", str(jobs), "--log", str(to), "--json"])
        assert result.exit_code == 0, result.output
        counties = orjson.loads(result.stdout)
        told.append([(each["cases"], each["events"], each["on_time"]) for each in counties])
        logs.append([file.read_bytes() for file in sorted(to.iterdir())])
    assert told[0] == told[1] == told[2]
    assert logs[0] == logs[1] == logs[2]
    assert len(set(logs[0])) == 4, "each county has its own luck"


def test_times_in_steps_may_be_few() -> None:
    table = Times(hours=(1.0, 3.0), steps=2)
    assert [drawn(table, chance) for chance in (0.25, 0.75)] == [0.5, 2.0]
