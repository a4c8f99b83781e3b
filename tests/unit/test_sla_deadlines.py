"""Deadlines are set once, by the policy that applied, and moved only by what may move them."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas import events
from schemas.events import AssignedBecause
from schemas.reference import DeadlinePolicy, Level, Urgency
from tests.county import small_county
from tests.unit.sla_life import (
    COUNTY,
    RESOLVE,
    RESPOND,
    SHANGHAI,
    SIGN,
    TOWN,
    VC,
    WHOLE,
    Life,
    a_case,
    a_held_case,
    july,
    limits,
)

# ── two clocks ───────────────────────────────────────────────────────────────────────────────


def test_a_report_starts_the_clock_of_the_case_and_of_the_first_word() -> None:
    life = a_case()
    assert isinstance(life.last.data, events.DeadlineSet)
    assert life.last.data.holding is None
    assert [each.kind for each in life.last.data.deadlines] == [RESPOND, WHOLE]
    assert (life.due(RESPOND), life.due(WHOLE)) == (july(5, 9), july(19, 9))


def test_an_assignment_starts_the_clocks_of_the_holder() -> None:
    life = a_case().assigned(july(4, 11))
    said = life.last.data
    assert (said.holding, said.department, said.level) == (life.holding, VC, Level.VILLAGE)
    assert (life.due(SIGN), life.due(RESOLVE)) == (july(4, 13), july(7, 11))
    assert [(each.policy, each.climbs) for each in said.deadlines] == [
        ("usual", False),
        ("usual", True),
    ]


def test_each_level_has_its_own_limits() -> None:
    assert a_case().assigned(july(4, 9), COUNTY).due(RESOLVE) == july(11, 9)


def test_urgency_shortens_the_limits() -> None:
    life = a_case(urgency=Urgency.EMERGENCY).assigned(july(4, 9))
    assert (life.due(SIGN), life.due(RESOLVE)) == (july(4, 9, 30), july(4, 13))


def test_a_policy_may_leave_out_any_deadline() -> None:
    life = a_case(small_county(deadlines=())).assigned(july(4, 9))
    assert life.of(events.DeadlineSet) == []
    assert life.passes(july(31, 9)).told == []


def test_a_holder_never_inherits_a_spent_clock() -> None:
    life = a_held_case().says(events.Returned, july(6, 17), reason="not-ours")
    life.assigned(july(6, 17), TOWN, AssignedBecause.RETURNED)
    assert (life.due(SIGN), life.due(RESOLVE)) == (july(6, 19), july(11, 17))
    life.signed(july(6, 18)).passes(july(7, 9))
    assert ("overdue resolve", july(7, 9)) not in life.told, "that was the village's"


def test_a_case_clock_runs_through_bounces() -> None:
    life = a_case()
    for day in (4, 5, 6, 7, 8):
        life.assigned(july(day, 10)).says(events.Returned, july(day, 11), reason="not-ours")
    assert life.due(WHOLE) == july(19, 9)
    assert life.passes(july(19, 9)).told[-2:] == [
        ("overdue case", july(19, 9)),
        ("supervised case", july(19, 9)),
    ]


def test_the_case_clock_is_never_reset() -> None:
    life = a_held_case()
    life.says(events.Progressed, july(4, 11)).paused(july(4, 15)).resumed(july(4, 16))
    life.tell(events.TriageRequested(holding=life.holding, reason="unclear"), july(4, 17))
    life.assigned(july(5, 9), TOWN, AssignedBecause.TRIAGE)
    assert len([each for each in life.of(events.DeadlineSet) if each.data.holding is None]) == 1
    assert life.deadline(WHOLE).started == july(4, 9)


def test_a_touch_does_not_reset_the_clock() -> None:
    life = a_held_case()
    before = [clock.deadline for clock in life.state.clocks]
    life.says(events.Progressed, july(4, 16)).says(events.ExtensionRequested, july(4, 17))
    assert [clock.deadline for clock in life.state.clocks] == before


def test_a_late_answer_to_an_assignment_that_has_moved_on_is_none() -> None:
    life = a_case().assigned(july(4, 9))
    cause = life.of(events.Assigned)[0]
    assert life.assigned(july(4, 10), TOWN, AssignedBecause.TRIAGE).decides(cause) is None


# ── working time ─────────────────────────────────────────────────────────────────────────────


def test_weekend_arrivals_start_monday() -> None:
    life = a_case(limits(sign="2h", resolve="4wh"), at=july(9, 10)).assigned(july(9, 10))
    assert life.due(RESOLVE) == july(11, 12)
    assert life.due(SIGN) == july(9, 12), "hours run round the clock"


def test_a_warning_comes_after_seven_tenths_of_the_working_time() -> None:
    wednesday, thursday = life_of_three_days()
    assert wednesday == july(6, 9, 48), "16.8 of 24 working hours"
    assert thursday == july(7, 8), "an hour before"


def life_of_three_days() -> tuple[datetime, ...]:
    return a_case().assigned(july(4, 9)).deadline(RESOLVE).warn_at


def test_a_reminder_that_would_come_before_the_first_warning_is_skipped() -> None:
    life = a_case().assigned(july(4, 9))
    assert life.deadline(SIGN).warn_at == (july(4, 10, 24),)


# ── extensions ───────────────────────────────────────────────────────────────────────────────


def test_an_extension_is_a_new_date_with_warnings_of_its_own() -> None:
    life = a_held_case().extended(july(7, 8, 30), until=july(14, 9))
    assert life.due(RESOLVE) == july(14, 9)
    assert life.deadline(RESOLVE).warn_at == (july(11, 15, 48), july(14, 8))
    assert life.passes(july(14, 9)).told[-4:] == [
        ("warned resolve", july(11, 15, 48)),
        ("warned resolve", july(14, 8)),
        ("overdue resolve", july(14, 9)),
        ("escalated resolve", july(14, 9)),
    ]


def test_an_extension_to_an_earlier_date_changes_nothing() -> None:
    life = a_held_case().extended(july(4, 11), until=july(5, 9))
    assert isinstance(life.last.data, events.Extended)
    assert life.due(RESOLVE) == july(7, 9)


def test_warnings_that_an_extension_finds_in_the_past_are_not_made_up_for() -> None:
    life = a_held_case().passes(july(7, 8, 59)).extended(july(7, 8, 59), until=july(7, 12))
    assert life.deadline(RESOLVE).warn_at == (july(7, 11),)


def test_a_warning_that_would_come_no_earlier_than_due_is_skipped() -> None:
    """Due at lunch: what is left of the evening after the pause is the same for both."""
    life = a_held_case().extended(july(4, 11), until=july(11, 13, 30))
    assert life.deadline(RESOLVE).warn_at[-1] == july(11, 12, 30)
    life.paused(july(4, 14)).resumed(july(4, 16))
    assert life.due(RESOLVE) == july(11, 16)
    assert life.deadline(RESOLVE).warn_at == (july(8, 9, 6),)


# ── reopening ────────────────────────────────────────────────────────────────────────────────


def test_a_reopened_case_gets_its_time_back_since_it_was_resolved() -> None:
    life = a_held_case().resolved(july(5, 9)).reopened(july(8, 9))
    assert life.due(WHOLE) == july(22, 9)
    assert life.last.data.holding is None


def test_a_case_that_is_reopened_twice_gets_both_back() -> None:
    life = a_held_case().resolved(july(5, 9)).reopened(july(8, 9))
    life.assigned(july(8, 9), VC, AssignedBecause.REOPENED).resolved(july(8, 10))
    assert life.reopened(july(9, 10)).due(WHOLE) == july(23, 9)


def test_a_reopened_case_has_a_shorter_limit() -> None:
    life = a_held_case().resolved(july(5, 9)).reopened(july(8, 9))
    life.assigned(july(8, 9), VC, AssignedBecause.REOPENED)
    assert life.due(SIGN) == july(8, 10)
    assert life.due(RESOLVE) == july(11, 15), "12 of 24 working hours"


# ── rules change ─────────────────────────────────────────────────────────────────────────────


def test_a_deadline_is_frozen_when_it_is_set() -> None:
    stricter = small_county(
        "county-2",
        datetime(2022, 7, 5, tzinfo=UTC),
        deadlines=(DeadlinePolicy(id="strict", sign="1h", resolve="1wd", case="5cd"),),
    )
    life = a_held_case(small_county(), stricter)
    life.says(events.Progressed, july(5, 10)).passes(july(6, 9))
    assert (life.due(RESOLVE), life.due(WHOLE)) == (july(7, 9), july(19, 9))
    life.assigned(july(6, 9), TOWN, AssignedBecause.TRIAGE)
    assert (life.due(RESOLVE), life.due(WHOLE)) == (july(7, 9), july(19, 9))
    assert life.deadline(RESOLVE).policy == "strict"


# ── years that the calendar does not cover ───────────────────────────────────────────────────

CHINA = tuple(
    row.model_copy(update={"holidays": "chinesecalendar"}) for row in small_county().calendars
)
UNKNOWN = datetime(2090, 1, 2, 9, tzinfo=SHANGHAI)
"""A Monday of a year whose holidays nobody has announced."""


def test_a_deadline_in_a_year_that_the_calendar_does_not_cover_is_provisional() -> None:
    life = a_case(small_county(calendars=CHINA), at=UNKNOWN).assigned(UNKNOWN)
    assert life.deadline(RESOLVE).provisional
    assert not life.deadline(SIGN).provisional, "hours need no calendar"
    assert not life.deadline(WHOLE).provisional, "nor do calendar days"
    assert not a_held_case(small_county(calendars=CHINA)).deadline(RESOLVE).provisional


def test_a_date_that_a_person_granted_is_not_provisional() -> None:
    life = a_case(small_county(calendars=CHINA), at=UNKNOWN).assigned(UNKNOWN)
    life.extended(UNKNOWN, until=UNKNOWN.replace(day=20))
    assert not life.deadline(RESOLVE).provisional


def test_a_provisional_deadline_is_set_again_when_the_calendar_is_known() -> None:
    """The second version's calendar closes on Tuesday, and is sure of its year."""
    known = (
        small_county()
        .calendars[0]
        .model_copy(update={"closures": (UNKNOWN.date().replace(day=3),)})
    )
    later = small_county("county-2", UNKNOWN.replace(hour=12), calendars=(known,))
    life = Life(small_county(calendars=CHINA), later).opened(UNKNOWN).assigned(UNKNOWN)
    assert life.due(RESOLVE) == UNKNOWN.replace(day=5)
    life.signed(UNKNOWN).passes(UNKNOWN.replace(day=5, hour=8))
    assert life.due(RESOLVE) == UNKNOWN.replace(day=6)
    assert not life.deadline(RESOLVE).provisional
    said = [each for each in life.told if "resolve" in each[0]]
    assert said == [], "its warnings have moved as well"
    assert life.passes(UNKNOWN.replace(day=6)).told[-1][0] == "escalated resolve"
