"""What the clocks say to a person, and that the state is kept whole and small."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import TypeAdapter

from schemas import events
from schemas.events import AssignedBecause
from services.sla.clocks import clocks
from services.sla.state import State
from tests.unit.router_words import ruled
from tests.unit.sla_life import (
    RESOLVE,
    RESPOND,
    SIGN,
    WHOLE,
    Life,
    a_case,
    a_held_case,
    july,
)

HOUR = 3600


def shown(life: Life, now: datetime) -> dict[str, tuple[str, float]]:
    """Status and remaining hours of each deadline."""
    return {
        reading.kind.value: (reading.status, reading.remaining / HOUR)
        for reading in clocks(life.state, now)
    }


def test_each_deadline_is_shown_in_order_with_what_remains() -> None:
    readings = clocks(a_held_case().state, july(4, 12))
    assert [reading.kind for reading in readings] == [SIGN, RESPOND, RESOLVE, WHOLE]
    assert [(reading.status, reading.remaining / HOUR) for reading in readings] == [
        ("met", 1),
        ("running", 21),
        ("running", 69),
        ("running", 357),
    ]


def test_a_deadline_that_passed_is_late_with_or_without_an_event() -> None:
    assert shown(a_case().assigned(july(4, 9)), july(4, 12))["sign"] == ("late", -1)


def test_what_was_done_too_late_stays_late() -> None:
    life = a_case().assigned(july(4, 9)).signed(july(4, 13))
    assert shown(life, july(4, 14))["sign"] == ("late", -2)


def test_the_first_word_to_the_reporter_is_the_one_that_counts() -> None:
    life = a_held_case().says(events.FeedbackGiven, july(4, 11), result="we are at it")
    assert shown(life.resolved(july(6, 9)), july(6, 10))["respond"] == ("met", 22)


def test_a_paused_clock_shows_what_was_left() -> None:
    life = a_held_case().paused(july(6, 9))
    assert shown(life, july(15, 9))["resolve"] == ("paused", 24)


def test_a_limited_pause_shows_a_clock_that_runs_against_its_longest_end() -> None:
    life = a_held_case().paused(july(5, 9), "weather")
    assert shown(life, july(14, 8))["resolve"] == ("running", 1)


def test_a_result_meets_all_that_was_still_open() -> None:
    life = a_case().assigned(july(4, 9)).resolved(july(4, 10))
    assert {status for status, _ in shown(life, july(31, 9)).values()} == {"met"}


def test_a_result_given_in_a_pause_is_on_time() -> None:
    life = a_held_case().paused(july(6, 9)).resolved(july(15, 9))
    assert shown(life, july(15, 9))["resolve"] == ("met", 24)


def test_a_withdrawn_case_has_no_clock_running() -> None:
    life = a_case().tell(ruled(events.Withdrawn, how="withdrawn"), july(4, 10))
    assert {status for status, _ in shown(life, july(31, 9)).values()} == {"ended"}


def test_a_state_survives_being_stored() -> None:
    life = a_held_case().paused(july(5, 9), "weather").extended(july(6, 9), until=july(14, 9))
    kept = TypeAdapter(State)
    stored = kept.dump_python(life.state, mode="json", exclude_defaults=True)
    assert kept.validate_python(json.loads(json.dumps(stored))) == life.state
    assert kept.validate_json(kept.dump_json(life.state)) == life.state


def test_the_state_of_an_ordinary_case_stays_small() -> None:
    """Opened, held, resolved, reopened and held again, with the warnings on the way."""
    life = a_held_case().resolved(july(7, 8, 30)).reopened(july(8, 9))
    life.assigned(july(8, 9), because=AssignedBecause.REOPENED)
    stored = TypeAdapter(State).dump_json(life.state, exclude_defaults=True)
    assert len(stored) < 1700
