"""Pressure that rises by itself: skipping levels, triage, supervision until it is answered; and the
complaints of other systems' users that no test beside is named after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import events
from schemas.events import AssignedBecause, DeadlineSet, Escalated, Overdue, Supervised, Warned
from schemas.reference import DeadlinePolicy, Level, Settings, Urgency
from services.sla.domain import DECIDER
from tests.county import small_county
from tests.unit.sla_life import (
    COUNTY,
    RESOLVE,
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


def reminders(life: Life) -> list[tuple[int, str | None]]:
    return [(r.data.nth, r.data.department) for r in life.of(Warned) if r.data.supervision]


# ── skipping levels ──────────────────────────────────────────────────────────────────────────


def test_an_urgent_kind_climbs_past_the_town_straight_to_the_county() -> None:
    urgent = limits(resolve="2h", climbs_to=Level.COUNTY)
    life = a_case(urgent).assigned(july(4, 9)).passes(july(4, 11))
    escalated = life.last.data
    assert isinstance(escalated, Escalated)
    assert (escalated.from_level, escalated.to_level) == (Level.VILLAGE, Level.COUNTY)


@pytest.mark.parametrize("to", [Level.VILLAGE, Level.TOWN])
def test_nothing_climbs_down_or_stays_where_it_is(to: Level) -> None:
    life = a_case(limits(resolve="2h", climbs_to=to)).assigned(july(4, 9), TOWN).passes(july(4, 11))
    assert isinstance(life.last.data, Escalated)
    assert life.last.data.to_level is Level.COUNTY


def test_where_it_climbs_to_is_frozen_with_the_deadline() -> None:
    later = small_county(
        "later",
        july(4, 10),
        deadlines=(DeadlinePolicy(id="only", resolve="2h"),),
    )
    skipping = limits(resolve="2h", climbs_to=Level.COUNTY)
    life = a_case(skipping, later).assigned(july(4, 9)).passes(july(4, 11))
    assert isinstance(life.last.data, Escalated)
    assert life.last.data.to_level is Level.COUNTY


# ── triage ───────────────────────────────────────────────────────────────────────────────────


def in_triage(*climbs: str) -> Life:
    life = a_case(limits(sign="2h", climbs=climbs))
    return life.tell(events.TriageRequested(holding=life.holding, reason="no rule"), july(4, 9))


def test_unassigned_cases_climb_as_well() -> None:
    life = in_triage("sign").passes(july(4, 11))
    supervised = life.last.data
    assert isinstance(supervised, Supervised)
    assert (supervised.kind, supervised.department, supervised.holding) == (
        SIGN,
        None,
        life.holding,
    )


def test_where_signing_does_not_climb_waiting_in_triage_is_only_recorded() -> None:
    assert isinstance(in_triage("resolve").passes(july(4, 11)).last.data, Overdue)


def test_whoever_triage_names_has_a_time_to_sign_of_its_own() -> None:
    life = in_triage("sign").assigned(july(4, 10), because=AssignedBecause.TRIAGE)
    assert life.due(SIGN) == july(4, 12)
    assert not life.passes(july(4, 11, 30)).of(Supervised)


# ── supervision ──────────────────────────────────────────────────────────────────────────────


def supervised_county() -> Life:
    """Overdue at county on Monday the 11th at nine."""
    return a_held_case(to=COUNTY).passes(july(11, 9))


def test_a_supervised_department_is_reminded_at_growing_intervals_until_it_answers() -> None:
    life = supervised_county().passes(july(19, 8))
    told = [r.time for r in life.of(Warned) if r.data.supervision]
    assert told == [july(12, 9), july(14, 9)], "after one working day, and two more"
    assert reminders(life) == [(1, COUNTY), (2, COUNTY)]
    life.says(events.Progressed, july(19, 8, 30), result="parts are ordered").passes(july(30, 0))
    assert len(reminders(life)) == 2


def test_a_case_that_nobody_answers_for_does_not_fill_its_record_with_reminders() -> None:
    a_year_on = supervised_county().passes(july(11, 9) + timedelta(days=365))
    assert 20 <= len(reminders(a_year_on)) <= 23


@pytest.mark.parametrize("answer", [events.FeedbackGiven, events.Resolved])
def test_a_word_to_the_reporter_and_a_result_are_answers(
    answer: type[events.DepartmentEvent],
) -> None:
    life = supervised_county().says(answer, july(11, 10), result="done")
    assert reminders(life.passes(july(15, 0))) == []


def test_who_takes_over_a_supervised_case_has_to_answer_for_it_and_keeps_its_own_warnings() -> None:
    life = supervised_county().assigned(july(11, 10), VC, AssignedBecause.TRIAGE)
    life.signed(july(11, 11)).passes(july(14, 10))
    assert reminders(life) == [(1, VC), (2, VC)]
    own = [r for r in life.of(Warned) if not r.data.supervision and r.data.department == VC]
    assert [r.data.kind for r in own if r.time > july(11, 11)] == [RESOLVE, RESOLVE]


def test_where_nobody_holds_the_case_the_reminders_go_on_and_name_nobody() -> None:
    life = supervised_county()
    life.tell(events.TriageRequested(holding=life.holding, reason="a person"), july(11, 10))
    assert reminders(life.passes(july(14, 10))) == [(1, None), (2, None)]


def test_a_county_may_do_without_reminders() -> None:
    quiet = small_county(settings=Settings(supervision_reminder=None))
    life = a_held_case(quiet, to=COUNTY).passes(july(30, 0))
    assert life.of(Supervised)
    assert reminders(life) == []


def test_a_case_that_is_supervised_for_its_own_clock_reminds_its_holder() -> None:
    life = a_held_case(limits(resolve="90cd", case="1cd")).passes(july(8, 12))
    assert life.of(Supervised)[0].data.kind is WHOLE
    assert reminders(life) == [(1, VC), (2, VC)]


# ── extensions ───────────────────────────────────────────────────────────────────────────────


def asked(life: Life, at: int, hour: int) -> Life:
    return life.says(events.ExtensionRequested, july(at, hour), until=july(20, 9))


def test_an_extension_is_asked_for_before_the_deadline() -> None:
    life = asked(a_held_case(to=COUNTY), 8, 9).extended(july(8, 10), july(20, 9))
    assert life.due(RESOLVE) == july(20, 9)


def test_time_that_was_asked_for_when_it_was_up_does_not_make_late_work_timely() -> None:
    life = asked(a_held_case(to=COUNTY), 11, 10).extended(july(11, 11), july(20, 9))
    assert life.due(RESOLVE) == july(11, 9)
    assert not life.of(DeadlineSet)[-1].time > july(11, 9)


def test_an_extension_that_was_asked_for_in_time_may_be_granted_a_little_late() -> None:
    life = asked(a_held_case(to=COUNTY), 11, 8).extended(july(11, 9, 30), july(20, 9))
    assert life.due(RESOLVE) == july(20, 9)


def test_an_extension_that_was_asked_for_in_a_pause_is_asked_for_in_time() -> None:
    life = asked(a_held_case(to=COUNTY).paused(july(8, 9)), 12, 10)
    life.extended(july(12, 11), july(20, 9)).resumed(july(12, 12))
    assert life.due(RESOLVE) >= july(20, 9)


def test_time_asked_for_by_one_holder_is_not_the_next_ones() -> None:
    life = asked(a_held_case(to=COUNTY), 8, 9).assigned(july(8, 10), VC, AssignedBecause.TRIAGE)
    assert life.state.holder is not None
    assert life.state.holder.asked_at is None


# ── what users of other systems complain of ──────────────────────────────────────────────────


def test_breach_during_a_pause_is_impossible_for_the_holder_and_possible_for_the_case() -> None:
    life = a_held_case(limits(case="2cd")).paused(july(4, 11)).passes(july(9, 0))
    assert {record.data.kind for record in life.of(Overdue)} == {WHOLE}


def test_the_clock_of_the_department_that_had_it_does_not_survive_a_move() -> None:
    life = a_held_case(to=TOWN).assigned(july(6, 9), VC, AssignedBecause.CORRECTED)
    late = [
        r.data.department for r in life.passes(july(11, 9)).of(Overdue) if r.data.kind is RESOLVE
    ]
    assert late == [VC]


def test_escalations_do_not_survive_the_policy_that_ordered_them() -> None:
    """What runs keeps its limit; whoever is assigned afterwards has none."""
    none = small_county("none", july(5, 0), deadlines=())
    life = a_held_case(limits(), none).assigned(july(6, 9), TOWN, AssignedBecause.TRIAGE)
    assert life.passes(july(31, 0)).of(Escalated) == []


def test_a_limit_that_begins_later_counts_for_clocks_that_start_then() -> None:
    rows = (
        DeadlinePolicy(id="old", resolve="3wd"),
        DeadlinePolicy(id="new", resolve="1wd", since=july(5, 12)),
    )
    before = a_case(small_county(deadlines=rows)).assigned(july(5, 11))
    after = a_case(small_county(deadlines=rows)).assigned(july(5, 15))
    assert (before.deadline(RESOLVE).policy, after.deadline(RESOLVE).policy) == ("old", "new")
    assert before.due(RESOLVE) == july(8, 11)


def test_a_households_tier_is_the_last_of_the_conditions() -> None:
    rows = (
        DeadlinePolicy(id="usual", sign="2h", resolve="3wd"),
        DeadlinePolicy(id="visited", tier="关心户", resolve="1wd", sign="1h"),
        DeadlinePolicy(id="town", level=Level.TOWN, resolve="2wd"),
    )
    book = Life(small_county(deadlines=rows)).books.at(july(4, 9))

    def resolve(level: Level, tier: str | None) -> str:
        return book.deadlines(None, None, Urgency.NORMAL, level, tier=tier)[RESOLVE].policy

    assert resolve(Level.VILLAGE, "关心户") == "visited"
    assert resolve(Level.VILLAGE, "放心户") == resolve(Level.VILLAGE, None) == "usual"
    assert resolve(Level.TOWN, "关心户") == "town"


def test_all_reminders_are_timers_that_follow_from_the_log() -> None:
    life = supervised_county()
    timer = DECIDER.due(life.state)
    assert timer is not None
    assert timer.because == life.of(Supervised)[-1].id
    assert timer.at - life.of(Supervised)[-1].time == timedelta(days=1)


# ── the clock jumps ──────────────────────────────────────────────────────────────────────────


def test_a_jump_of_the_clock_tells_what_the_hours_between_would_have_told() -> None:
    """A month in one tick, as after an outage, against every hour of it."""
    jumped = a_held_case(to=COUNTY).passes(july(31, 0))
    walked = a_held_case(to=COUNTY)
    for hour in range(24 * 27):
        walked.passes(july(4, 0) + timedelta(hours=hour))
    assert jumped.told == walked.told
    assert [timer.at for timer in jumped.fired] == sorted(timer.at for timer in jumped.fired)


def test_a_tick_that_comes_late_makes_nobody_later() -> None:
    """What was resolved before it was due is on time, whenever the timers come to it."""
    life = a_held_case().resolved(july(7, 8, 59))
    late = {record.data.kind for record in life.passes(july(31, 0)).of(Overdue)}
    assert RESOLVE not in late
