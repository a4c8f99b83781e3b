"""While the holder waits for others, `resolve` stands still: for listed reasons, up to a limit."""

from __future__ import annotations

from functools import partial

import pytest

from schemas import events
from schemas.events import AssignedBecause, Escalated
from schemas.reference import DeadlinePolicy, PauseReason
from services.sla.domain import DECIDER
from tests.county import small_county
from tests.unit.sla_life import (
    RESOLVE,
    RESPOND,
    TOWN,
    WHOLE,
    Life,
    a_held_case,
    folded,
    july,
    limits,
)

WEATHER = "weather"
"""At most five working days; `waiting-for-reporter` has no limit."""

# ── what stands still ────────────────────────────────────────────────────────────────────────


def test_no_breach_while_paused() -> None:
    life = a_held_case().paused(july(6, 9)).passes(july(18, 9))
    assert not [each for each in life.told if "resolve" in each[0]]


def test_the_clocks_of_the_case_run_while_the_holder_pauses() -> None:
    life = a_held_case().paused(july(4, 11)).passes(july(19, 9))
    assert ("overdue respond", july(5, 9)) in life.told
    assert life.told[-1] == ("supervised case", july(19, 9))


def test_a_pause_moves_a_working_deadline_by_working_time() -> None:
    life = a_held_case().paused(july(4, 17)).resumed(july(5, 9))
    assert life.due(RESOLVE) == july(7, 11), "one hour on Monday, one on Tuesday"


def test_a_pause_over_a_weekend_moves_a_working_deadline_by_nothing() -> None:
    life = a_held_case(limits(resolve="8wd")).paused(july(8, 18)).resumed(july(11, 8))
    assert life.due(RESOLVE) == july(14, 9)


@pytest.mark.parametrize("duration", ["72h", "3cd"])
def test_a_pause_moves_other_deadlines_by_time_elapsed(duration: str) -> None:
    life = a_held_case(limits(resolve=duration)).paused(july(4, 17)).resumed(july(5, 9))
    assert life.due(RESOLVE) == july(8, 1)


def test_a_pause_moves_the_warnings_that_are_still_ahead() -> None:
    life = a_held_case().paused(july(6, 10)).resumed(july(6, 11))
    assert life.deadline(RESOLVE).warn_at == (july(6, 9, 48), july(7, 9))
    life.passes(july(7, 10))
    assert [
        record.data.nth for record in life.of(events.Warned) if record.data.kind is RESOLVE
    ] == [
        1,
        2,
    ], "the first was given before the pause, and is not given again"


def test_every_pause_counts() -> None:
    life = a_held_case().paused(july(4, 10)).resumed(july(4, 11))
    life.paused(july(4, 14)).resumed(july(4, 16))
    assert life.due(RESOLVE) == july(7, 12)


def test_pauses_after_the_deadline_do_not_mend_it() -> None:
    life = a_held_case(limits(climbs=())).paused(july(7, 10)).resumed(july(7, 11))
    assert life.due(RESOLVE) == july(7, 9)


def test_a_new_holder_has_no_part_in_the_pauses_of_the_last() -> None:
    life = a_held_case().paused(july(4, 10)).assigned(july(5, 9), TOWN, AssignedBecause.TRIAGE)
    assert life.due(RESOLVE) == july(8, 9)
    assert life.signed(july(5, 10)).passes(july(8, 9)).told[-1] == (
        "escalated resolve",
        july(8, 9),
    )


# ── limits ───────────────────────────────────────────────────────────────────────────────────


def test_time_beyond_the_limit_of_the_reason_does_not_count() -> None:
    life = a_held_case(limits(climbs=())).paused(july(5, 9), WEATHER).resumed(july(15, 9))
    assert life.due(RESOLVE) == july(14, 9)


def test_the_limit_is_on_the_total() -> None:
    life = a_held_case(limits(resolve="8wd")).paused(july(4, 11), WEATHER).resumed(july(7, 11))
    assert life.due(RESOLVE) == july(19, 9)
    life.paused(july(8, 9), WEATHER).resumed(july(14, 9))
    assert life.due(RESOLVE) == july(21, 9), "three days, and the two that were left"


def test_each_reason_has_its_own_limit() -> None:
    life = a_held_case(limits(resolve="8wd")).paused(july(4, 11), WEATHER).resumed(july(12, 11))
    life.paused(july(12, 14)).resumed(july(12, 15))
    assert life.due(RESOLVE) == july(21, 10)


def test_a_limited_pause_shows_at_once_the_latest_that_the_deadline_can_become() -> None:
    life = a_held_case().paused(july(5, 9), WEATHER)
    assert isinstance(life.last.data, events.DeadlineSet)
    assert life.due(RESOLVE) == july(14, 9)
    assert life.resumed(july(5, 10)).due(RESOLVE) == july(7, 10), "what it did not use is gone"


def test_a_limited_pause_that_nobody_ends_runs_out() -> None:
    """Else a holder who pauses and never resumes would never be late."""
    life = a_held_case().paused(july(5, 9), WEATHER).passes(july(14, 9))
    assert isinstance(life.last.data, Escalated)
    assert life.last.time == july(14, 9)


def test_a_pause_whose_limit_is_used_up_stops_nothing() -> None:
    life = a_held_case(limits(resolve="8wd")).paused(july(4, 11), WEATHER).resumed(july(11, 11))
    life.paused(july(20, 11), WEATHER).passes(july(21, 9))
    assert life.told[-1] == ("escalated resolve", july(21, 9))


def test_a_pause_without_a_limit_says_nothing_until_it_ends() -> None:
    life = a_held_case().paused(july(5, 9))
    assert isinstance(life.last.data, events.Paused)


# ── pauses and extensions ────────────────────────────────────────────────────────────────────


def test_of_a_pause_that_an_extension_falls_into_only_the_rest_still_counts() -> None:
    life = a_held_case().paused(july(5, 9)).extended(july(6, 9), until=july(14, 9))
    assert life.due(RESOLVE) == july(14, 9)
    assert life.resumed(july(7, 9)).due(RESOLVE) == july(15, 9), "one day, not two"


def test_an_extension_in_a_limited_pause_allows_for_the_rest_of_it() -> None:
    life = a_held_case().paused(july(5, 9), WEATHER).extended(july(6, 9), until=july(14, 9))
    assert life.due(RESOLVE) == july(20, 9), "four of five days are left"
    assert life.resumed(july(7, 9)).due(RESOLVE) == july(15, 9)


def test_a_limited_pause_runs_out_after_an_extension_too() -> None:
    life = a_held_case(limits()).paused(july(5, 9), WEATHER).extended(july(6, 9), july(14, 9))
    assert life.passes(july(20, 9)).told[-1] == ("escalated resolve", july(20, 9))


def test_an_extension_after_a_pause_is_counted_from_its_own_date() -> None:
    life = a_held_case().paused(july(5, 9)).resumed(july(6, 9))
    life.extended(july(6, 10), until=july(14, 9)).paused(july(7, 9)).resumed(july(7, 10))
    assert life.due(RESOLVE) == july(14, 10)


# ── rules change ─────────────────────────────────────────────────────────────────────────────

later = partial(small_county, "county-2", july(6, 0))


def test_pause_time_survives_a_new_policy() -> None:
    stricter = later(deadlines=(DeadlinePolicy(id="strict", resolve="1wd"),))
    life = a_held_case(small_county(), stricter).paused(july(5, 9)).resumed(july(6, 9))
    assert life.due(RESOLVE) == july(8, 9)


def test_pause_time_survives_a_new_limit_of_its_reason() -> None:
    """Under the second version weather allows one day; the three of the first pause stand."""
    meaner = small_county(
        "county-2",
        july(8, 0),
        pause_reasons=(PauseReason(code=WEATHER, name="恶劣天气", limit="1wd"),),
    )
    life = a_held_case(limits(resolve="8wd"), meaner)
    life.paused(july(4, 11), WEATHER).resumed(july(7, 11))
    life.paused(july(8, 9), WEATHER).resumed(july(11, 9))
    assert life.due(RESOLVE) == july(19, 9)


def test_pause_time_survives_a_new_calendar() -> None:
    """The second version closes on Tuesday, which the first pause counted as a working day."""
    calendar = small_county().calendars[0]
    closed = calendar.model_copy(update={"closures": (july(5, 9).date(),)})
    life = a_held_case(small_county(), later(calendars=(closed,)))
    life.paused(july(4, 17)).resumed(july(5, 17)).paused(july(6, 9)).resumed(july(6, 10))
    assert life.due(RESOLVE) == july(8, 10)


# ── answers are the same whenever they are given ─────────────────────────────────────────────


def test_an_answer_to_a_pause_does_not_depend_on_what_has_happened_since() -> None:
    """Two pauses were over before sla came to answer: each deadline is as it would have been."""
    at_once = a_held_case().paused(july(4, 10), WEATHER).resumed(july(4, 11))
    at_once.paused(july(4, 14), WEATHER).resumed(july(4, 16))
    given = [record for record in at_once.log if not isinstance(record.data, events.DeadlineSet)]
    set_first = at_once.of(events.DeadlineSet)[:2]
    late = Life()
    for record in (*given[:2], *set_first, *given[2:]):
        late.state = folded(late.state, record)
    for record in given[3:]:
        if (answer := late.decides(record)) is not None:
            late._lands(answer, record.time, record.id)
    expected = [record.data.deadlines for record in at_once.of(events.DeadlineSet)[2:]]
    assert [record.data.deadlines for record in late.of(events.DeadlineSet)] == expected
    assert len(expected) == 4


def test_a_signature_may_land_before_or_after_the_deadlines() -> None:
    life = a_held_case()
    opened, set_case, assigned, set_holder, signed = life.log
    state = DECIDER.initial()
    for record in (opened, assigned, signed, set_holder, set_case):
        state = folded(state, record)
    assert state == life.state


def test_a_word_to_the_reporter_may_land_before_or_after_the_deadlines() -> None:
    life = a_held_case().says(events.FeedbackGiven, july(4, 11), result="soon")
    opened, set_case, assigned, set_holder, signed, word = life.log
    state = DECIDER.initial()
    for record in (opened, assigned, signed, word, set_case, set_holder):
        state = folded(state, record)
    assert state == life.state
    assert {clock.kind for clock in state.clocks} >= {RESPOND, WHOLE}
