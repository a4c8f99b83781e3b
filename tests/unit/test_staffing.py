"""More hands: the same luck, less time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.simulate.arrivals import Span
from lab.simulate.checking import OnTime, check, on_time
from lab.simulate.county import Plan, simulate
from lab.simulate.fitting import fit
from lab.simulate.habits import Habits, Handling, Times
from lab.simulate.observing import Observed
from lab.simulate.staffing import Bench, Job, Need, jobs_of, least, staff
from tests.unit.test_simulate import plain, rules

MAY = date(2022, 5, 9)
SLOW = Handling(resolve=Times(working=True, hours=tuple(n * 2.0 for n in range(1, 101))))
"""Any time up to 200 working hours."""


@cache
def slow() -> Habits:
    return plain().model_copy(update={"handling": (SLOW,), "capacity": ()})


@cache
def largest() -> tuple[str, list[Job]]:
    """The department that gets most, and what it gets."""
    found = jobs_of(Plan(Span(MAY, 5, 300), 7), slow(), rules())
    return max(found.items(), key=lambda item: len(item[1]))


def bench() -> Bench:
    return Bench(*largest(), 7, slow(), rules())


def test_more_hands_never_make_a_department_later() -> None:
    shares = [bench().share(extra) for extra in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0]


def test_the_least_extra_reaches_the_target_and_a_little_less_does_not() -> None:
    target = (bench().share(0.0) + bench().share(4.0)) / 2
    found = least(bench(), target)
    assert found is not None
    assert bench().share(found) >= target
    assert bench().share(round(found - 0.01, 2)) < target


def test_however_many_processes_the_need_is_the_same() -> None:
    plans = [Plan(Span(MAY, 2, 60), seed) for seed in (1, 2, 3)]
    found = [staff(plans, plain(), rules(), 0.95, 2, jobs) for jobs in (1, 2)]
    assert found[0] == found[1]
    assert any(len(need.now) == 3 for need in found[0])


def test_who_is_in_time_needs_nobody() -> None:
    assert least(bench(), bench().share(0.0)) == 0.0


def test_what_hands_do_not_mend_is_said() -> None:
    never = Handling(resolve=Times(hours=(1.0,), steps=100))
    habits = plain().model_copy(update={"handling": (never,)})
    needs = staff([Plan(Span(MAY, 3, 100), 7)], habits, rules(), 0.9, 5)
    assert needs and all(need.extra == [None] for need in needs)


def test_the_interval_is_that_of_the_seeds() -> None:
    assert Need("one", None, extra=[0.2, None, 0.1]).extra_interval() == (0.1, 0.2, None)


def test_the_extra_hands_help_in_the_whole_simulation_too() -> None:
    department, _ = largest()
    rates = []
    for extra in (0.0, 4.0):
        seen = Observed()
        plan = Plan(Span(MAY, 5, 300), 7, extra={department: extra})
        simulate(plan, slow(), rules(), seen.take)
        rates.append(on_time(seen)[department].rate)
    assert rates[0] is not None and rates[1] is not None and rates[1] > rates[0]


def test_a_county_that_did_not_change_is_met_within_the_noise_of_its_size() -> None:
    logs = []
    for seed in (1, 2):
        seen = Observed()
        simulate(Plan(Span(MAY, 14, 400), seed, afterwards=30), plain(), rules(), seen.take)
        logs.append(seen)
    past, real = logs
    rows = check(past, real, fit(past, rules(), "past"), rules(), 3, at_least=1)
    really = whole(row.real for row in rows)
    assert whole(row.simulated for row in rows) == pytest.approx(really, abs=0.06)
    assert whole(row.given for row in rows) == pytest.approx(really, abs=0.06)
    assert whole(row.again for row in rows) == pytest.approx(really, abs=0.06)


def whole(counts: Iterable[OnTime]) -> float:
    """The share in time over all departments."""
    told = list(counts)
    return sum(each.kept for each in told) / sum(each.due for each in told)


def test_the_command_tells_what_each_department_needs() -> None:
    asked = ["staff", "deploy/hanyin", "--days", "1", "--seeds", "1", "--at-least", "5"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "Assumed" in result.output
