"""Scorecards: figures, their denominators, and the lists behind the cells."""

from __future__ import annotations

from datetime import UTC, datetime, time
from random import Random
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from schemas.outputs import Rate, Scorecard
from schemas.reference import DayHours
from services.rating.board import Board
from services.rating.durations import Durations
from services.rating.facts import State
from services.rating.hours import Hours
from services.rating.measures import MEASURES, REASONS
from services.rating.periods import window_of
from services.rating.scorecards import behind, board_of, scorecards
from services.rating.units import known_units
from services.sla.calendar import WorkCalendar
from tests.county import HOURS
from tests.story import moment
from tests.unit.rating_life import VC, VC2, Life
from tests.unit.rating_lives import lives
from tests.unit.rating_words import JULY, NOW, RULES, cards_of, done


def test_the_month_of_the_study_comes_out_as_it_was_reported() -> None:
    """July 2022: 18 requests, all within their limit, all 5 points."""
    card = cards_of(*(done() for _ in range(18)))["county", "c"]
    all_of_them = Rate(numerator=18, denominator=18)
    assert card.counts["accepted"] == card.counts["completed"] == card.counts["on_time"] == 18
    for rate in ("response", "completion", "satisfaction", "on_time", "within_case_limit"):
        assert card.rates[rate] == all_of_them, rate
    assert card.stars == {
        "n": 18,
        "mean": 5.0,
        "histogram": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 18},
    }


def test_every_rate_says_what_was_left_out() -> None:
    silent, waiting = done(None).closed(200), done(None)
    card = cards_of(done(5), done(1), silent, waiting)["county", "c"]
    assert card.rates["satisfaction"] == Rate(
        numerator=1, denominator=2, excluded={"silent": 1, "awaiting": 1}
    )
    assert card.rates["satisfaction_with_silence"] == Rate(
        numerator=2, denominator=3, excluded={"awaiting": 1}
    )


def test_a_case_counts_for_all_who_answer_for_it_and_for_nobody_else() -> None:
    life = Life(area="g211").assigned(VC2, at=1, resolve=9)
    cards = cards_of(life.climbs(9, to="governance-t2", resolve=40).resolved(20))
    assert cards["county", "c"].rates["on_time"] == Rate(numerator=0, denominator=1)
    assert {key for key, card in cards.items() if card.counts["accepted"]} == {
        ("county", "c"),
        ("town", "t2"),
        ("village", "v21"),
        ("department", VC2),
        ("department", "governance-t2"),
        ("level", "village"),
        ("level", "town"),
        ("service", "sentiment"),
        ("category", "potholes"),
        ("category", "roads"),
    }
    assert cards["department", "governance-t2"].rates["on_time"].numerator == 1


def test_a_case_from_nowhere_still_counts_for_the_county() -> None:
    assert cards_of(Life(area="gone"))["county", "c"].counts["accepted"] == 1


def test_units_without_a_case_have_an_empty_card() -> None:
    cards = cards_of()
    assert cards.keys() == set(known_units(RULES))
    assert cards["village", "v12"].rates["on_time"] == Rate(numerator=0, denominator=0)
    assert cards["village", "v12"].rates["on_time"].value is None


def test_a_month_begins_at_midnight_in_the_county() -> None:
    window = window_of(RULES, "2022-12", NOW)
    assert window.start == datetime(2022, 11, 30, 16, tzinfo=UTC)
    assert window.end == datetime(2022, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize("period", ["22", "2022-13", "2022-7", "2022-Q5", "2022-07-01", "July", ""])
def test_a_malformed_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        window_of(RULES, period, NOW)


def test_times_are_told_elapsed_and_in_working_hours() -> None:
    """Monday 10:00 to Tuesday 15:00 in Shanghai, with two lunch breaks and a night."""
    times = cards_of(done(late=True))["department", VC].times["handle_hours"]
    assert times == {
        "n": 1,
        "elapsed": {"p50": 29.0, "p90": 29.0},
        "working": {"p50": 11.0, "p90": 11.0},
    }


def test_a_percentile_is_the_time_of_a_real_case() -> None:
    durations = Durations()
    assert durations.percentiles() == {"p50": None, "p90": None}
    for hours in (4, 1, 3, 2):
        durations.add(hours * 100)
    assert durations.percentiles() == {"p50": 2, "p90": 4}


@for_any(st.lists(st.integers(0, 5000), min_size=1), st.data())
def test_a_percentile_does_not_know_what_was_taken_out(
    hundredths: list[int], data: st.DataObject
) -> None:
    durations, gone = Durations(), data.draw(st.lists(st.sampled_from(hundredths), max_size=3))
    for value in (*hundredths, *gone):
        durations.add(value)
    for value in gone:
        durations.remove(value)
    nearest = sorted(hundredths)[-(-len(hundredths) // 2) - 1]
    assert durations.percentiles()["p50"] == nearest / 100


ODD_HOURS = RULES.calendar().model_copy(
    update={"week": {"mon": (DayHours(start=time(8, 40), end=time(11, 45)),), "tue": HOURS}}
)


@for_any(st.integers(-(10**6), 10**7), st.integers(0, 10**7))
def test_working_hours_are_what_the_calendar_says(start: int, length: int) -> None:
    calendar = WorkCalendar.of(ODD_HOURS)
    since, until = moment(seconds=start), moment(seconds=start + length)
    elapsed, working = Hours(calendar, moment())(since, until)
    assert elapsed == round(length / 36)
    assert working == pytest.approx(calendar.between(since, until) / 36, abs=0.51)


def test_a_reopened_case_comes_back_into_later_months() -> None:
    life = done(1).closed(177).reopened(178)
    september = cards_of(life, period="2022-09", now=moment(24 * 70))
    assert september["county", "c"].counts["pending"] == 1
    closed = cards_of(done().closed(177), period="2022-09", now=moment(24 * 70))
    assert closed["county", "c"].counts["pending"] == 0


# ── the lists behind the cells ───────────────────────────────────────────────────────────────

FACTS = st.lists(lives(), max_size=6).map(
    lambda states: [(f"case-{n}", state) for n, state in enumerate(states)]
)


def listed(board: Board, card: Scorecard, measure: str, part: str) -> list[str]:
    cell: Any = {"scope": card.scope, "id": card.id, "measure": measure, "part": part}
    return [case for case, _ in behind(board, **cell).cases]


@settings(max_examples=60, deadline=None)
@for_any(FACTS)
def test_each_number_is_as_long_as_the_list_behind_it(facts: list[tuple[str, State]]) -> None:
    """And so a row leaves out for no reason that it does not name."""
    board = board_of(facts, RULES, JULY, NOW)
    for card in board.cards():
        if not any(card.counts.values()):
            continue
        for measure, count in card.counts.items():
            assert len(listed(board, card, measure, "numerator")) == count
        for measure, rate in card.rates.items():
            numerator = listed(board, card, measure, "numerator")
            denominator = listed(board, card, measure, "denominator")
            assert len(numerator) == rate.numerator
            assert len(denominator) == rate.denominator
            assert set(numerator) <= set(denominator)
            excluded = listed(board, card, measure, "excluded")
            assert len(excluded) == sum(rate.excluded.values())
            assert not set(excluded) & set(denominator)


@settings(max_examples=60, deadline=None)
@for_any(FACTS)
def test_figures_that_say_the_same_agree(facts: list[tuple[str, State]]) -> None:
    for card in scorecards(facts, RULES, JULY, NOW):
        on_time, rated = card.rates["on_time"], card.rates["satisfaction"]
        levels = [
            card.rates[f"settled_at_{level}"].numerator for level in ("village", "town", "county")
        ]
        assert card.counts["overdue"] == on_time.denominator - on_time.numerator
        assert card.counts["on_time"] == on_time.numerator
        assert sum(card.stars["histogram"].values()) == card.stars["n"] == rated.denominator
        assert sum(levels) == card.counts["completed"]
        for name in ("satisfaction", "satisfaction_with_silence", "agreement", "within_case_limit"):
            assert _all(card.rates[name]) == card.counts["completed"]
        for name in ("response", "signing", "completion", "bounced"):
            assert _all(card.rates[name]) == card.counts["accepted"]


def _all(rate: Rate) -> int:
    return rate.denominator + sum(rate.excluded.values())


@settings(max_examples=40, deadline=None)
@for_any(FACTS)
def test_towns_and_departments_add_up(facts: list[tuple[str, State]]) -> None:
    facts = [(id, state) for id, state in facts if state.area != "nowhere"]
    cards = scorecards(facts, RULES, JULY, NOW)
    county = next(card for card in cards if card.scope == "county")
    towns = [card for card in cards if card.scope == "town"]
    for measure, count in county.counts.items():
        assert sum(card.counts[measure] for card in towns) == count


@settings(max_examples=40, deadline=None)
@for_any(FACTS, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(
    facts: list[tuple[str, State]], random: Random
) -> None:
    shuffled = random.sample(facts, len(facts))
    assert scorecards(facts, RULES, JULY, NOW) == scorecards(shuffled, RULES, JULY, NOW)


def test_a_list_ends_however_far_on_one_asks() -> None:
    board = board_of([("case", done().state)], RULES, JULY, NOW)
    for start in (1, 10**30):
        assert behind(board, scope="county", id="c", measure="accepted", start=start) == (1, [])
    assert behind(board, scope="county", id="nowhere", measure="accepted") == (0, [])


def test_an_unknown_part_or_measure_is_refused() -> None:
    board = board_of([], RULES, JULY, NOW)
    with pytest.raises(ValueError, match="is none of numerator"):
        behind(board, scope="county", id="c", measure="on_time", part="half")
    with pytest.raises(KeyError):
        behind(board, scope="county", id="c", measure="luck")


def test_every_reason_for_leaving_out_is_named_by_some_row() -> None:
    assert {why for measure in MEASURES for why in measure.left_out} == set(REASONS)
