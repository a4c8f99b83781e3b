"""Early warning: what is likely to be late is called, as often as it is said."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.infer.handling import AGES, Calibration, Lasted, _judge, quantiles
from schemas import events
from schemas.events import AtRisk, Overdue
from schemas.reference import HandlingTimes, Settings
from services.sla.outlook import called_from, likelihood, open_share
from tests.county import small_county
from tests.unit.sla_life import RESOLVE, VC, Life, a_case, july, limits


def times(
    *hours: float, category: str = "potholes", department: str | None = None
) -> HandlingTimes:
    return HandlingTimes(id="t", category=category, department=department, cases=99, hours=hours)


EVEN = times(*range(5, 100, 5))
"""One case in a hundred is done each hour, and the last in twenty never."""
evenly = st.lists(st.floats(0, 1000), min_size=1, max_size=19).map(
    lambda hours: times(*sorted(hours))
)


def test_the_share_that_is_open_falls_between_known_moments_on_a_straight_line() -> None:
    shares = [open_share(EVEN, hours) for hours in (0, 5, 7.5, 50, 95, 500)]
    assert shares == pytest.approx([1, 0.95, 0.925, 0.5, 0.05, 0.05])


def test_the_longer_a_case_is_open_the_likelier_it_is_late() -> None:
    assert [round(likelihood(EVEN, 60, age), 2) for age in (0, 20, 50)] == [0.4, 0.5, 0.8]


def test_a_case_is_called_from_the_moment_at_which_it_is_likely_enough() -> None:
    assert called_from(EVEN, 60, 0.8) == pytest.approx((50, 0.8))


def test_where_most_are_late_the_case_is_called_at_once_with_what_is_likely() -> None:
    assert called_from(EVEN, 10, 0.8) == pytest.approx((0, 0.9))


def test_where_hardly_anybody_is_late_nobody_is_called() -> None:
    assert called_from(times(*[1] * 19), 60, 0.8) is None
    assert called_from(times(), 60, 0.8) is None


@given(evenly, st.floats(0.1, 1000), st.floats(0.1, 0.9))
def test_a_call_comes_before_the_deadline_and_says_no_less_than_the_threshold(
    past: HandlingTimes, due: float, threshold: float
) -> None:
    called = called_from(past, due, threshold)
    if called is not None:
        assert 0 <= called[0] < due
        assert called[1] >= threshold


@given(evenly, st.floats(0.1, 1000), st.floats(0, 1), st.floats(0, 1))
def test_likelihood_grows_with_age_and_stays_within_one(
    past: HandlingTimes, due: float, one: float, other: float
) -> None:
    young, old = sorted((one * due, other * due))
    assert 0 <= likelihood(past, due, young) <= likelihood(past, due, old) + 1e-9 <= 1 + 1e-9


# ── learning ─────────────────────────────────────────────────────────────────────────────────


def test_what_is_still_open_makes_a_department_no_quicker() -> None:
    """Ten are done within an hour each; ninety were only seen for half an hour."""
    rows = [Lasted(1.0, True)] * 10 + [Lasted(0.5, False)] * 90
    assert list(quantiles(rows)) == [1.0] * 19
    open_for_long = [Lasted(1.0, True)] * 10 + [Lasted(99.0, False)] * 90
    assert list(quantiles(open_for_long)) == [1.0, 1.0]


def test_of_those_called_80_percent_likely_about_80_percent_are_late() -> None:
    """Learnt from four thousand cases of one kind, held against as many of the same kind."""
    chance, due = Random(6), 100.0
    past = [chance.expovariate(1 / 80) for _ in range(8_000)]
    learnt = times(*quantiles(Lasted(hours, True) for hours in past[:4_000]))
    found = Calibration()
    for lasted in past[4_000:]:
        _judge(found, learnt, due, lasted, late=lasted > due, threshold=0.8)
    assert found.called.late / found.called.n == pytest.approx(0.8, abs=0.04)
    for one in found.tenths:
        if one.n > 500:
            assert one.late / one.n == pytest.approx(one.said / one.n, abs=0.04)
    assert len(AGES) == 4


# ── a case that is called ────────────────────────────────────────────────────────────────────

QUICK = times(*(hours / 2 for hours in range(1, 20)))
"""Within ten hours nearly all are done; `resolve` is eight hours."""


def county(*rows: HandlingTimes, **more: float | None) -> Life:
    known = limits(resolve="8h").model_copy(update={"handling": rows, "settings": Settings(**more)})
    return a_case(known).assigned(july(4, 9)).signed(july(4, 9))


def test_a_case_that_is_likely_to_be_late_is_called_once_before_it_is() -> None:
    life = county(QUICK).passes(july(4, 18))
    [called] = life.of(AtRisk)
    assert called.data.likelihood == 0.8
    assert (called.data.kind, called.data.department, called.data.holding) == (
        RESOLVE,
        VC,
        life.holding,
    )
    assert called.data.due == july(4, 17)
    assert called.time == july(4, 9) + timedelta(hours=7.5)
    assert called.time < life.of(Overdue)[0].time


def test_a_case_that_is_done_is_called_no_more() -> None:
    assert county(QUICK).resolved(july(4, 16)).passes(july(4, 18)).of(AtRisk) == []


def test_the_departments_own_times_go_before_those_of_all() -> None:
    slow = QUICK.model_copy(update={"id": "own", "department": VC, "hours": (20.0, 30.0)})
    life = county(QUICK, slow)
    assert life.deadline(RESOLVE).risk_at == july(4, 9)
    assert life.deadline(RESOLVE).risk == 0.98


def test_a_pause_moves_the_call_and_a_granted_date_takes_it_back() -> None:
    paused = county(QUICK).paused(july(4, 10)).resumed(july(4, 12))
    assert paused.deadline(RESOLVE).risk_at == july(4, 18) + timedelta(minutes=30)
    extended = county(QUICK).extended(july(4, 10), july(9, 9))
    assert extended.deadline(RESOLVE).risk_at is None


def test_a_county_may_do_without() -> None:
    assert county(QUICK, at_risk=None).deadline(RESOLVE).risk_at is None
    assert small_county().handling == ()
    assert events.AtRisk.WRITER == "sla"
