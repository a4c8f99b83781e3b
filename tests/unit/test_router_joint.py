"""Joint handling: parts, the whistle, and the review that comes before a major decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.events import (
    Assigned,
    Confirmed,
    DecisionRefused,
    Escalated,
    PartDone,
    PartExcused,
    PartSigned,
    Progressed,
    Resolved,
    Reviewed,
    Signed,
    UpdateRefused,
    Whistled,
    WhistleMissed,
)
from schemas.inputs import Action, Verdict
from schemas.outputs import AssignmentCreated, AssignmentOverdue
from schemas.reference import Level, RoutingRule
from schemas.rulebook import Rulebook
from services.router.domain import DECIDER, State
from tests.county import CLIMB, ENFORCE, small_county
from tests.story import Story, given, message, moment
from tests.unit.router_words import (
    TOWN,
    VC,
    a_case,
    a_held_case,
    assigned,
    decision,
    escalated,
    opened,
    ruled,
    said,
    update,
)

TEAM = "enforcement-t1"
JOINT = RoutingRule(
    id="joint",
    area="v11",
    category="potholes",
    level=Level.TOWN,
    ladder=CLIMB,
    assist=("village-committee",),
    parts=("town-enforcement-team",),
    legal_review=True,
)
COUNTY = Rulebook(small_county(rules=(*small_county().rules, JOINT)))


def joint_case(*more: Any, **fields: Any) -> Story[State]:
    """The town leads, its enforcement team has a part, the village only helps."""
    usual = {"level": Level.TOWN, "assist": (VC, TEAM), "parts": (TEAM,)}
    return a_case(assigned(TOWN, **usual | fields), said(Signed, "e2", TOWN), *more)


def a_whistle(**more: Any) -> Any:
    return said(
        Whistled, "e2", VC, called=(TEAM,), from_level=Level.VILLAGE, to_level=Level.TOWN,
        reason="help", **more,
    )  # fmt: skip


# ── parts ────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_gives_parts_to_units_that_also_assist() -> None:
    story = given(DECIDER, opened(), rules=COUNTY)
    story.when(opened(), id="e1")
    story.then(Assigned, lead=TOWN, assist=(VC, TEAM), parts=(TEAM,), legal_review=True)


def test_a_helper_is_told_whether_it_has_a_part() -> None:
    told = a_case(assigned(TOWN, assist=(VC, TEAM), parts=(TEAM,))).told
    parts = {n.topic: n.data.part for n in told if isinstance(n.data, AssignmentCreated)}
    assert parts == {
        f"assignments.{TOWN}": False,
        f"assignments.{VC}": False,
        f"assignments.{TEAM}": True,
    }


def test_the_lead_does_not_resolve_over_an_open_part() -> None:
    story = joint_case().when(update(Action.RESOLVE, TOWN, result="done"))
    story.then(
        UpdateRefused,
        refusal=f"parts are open: {TEAM}; each says `part-done`, or an officer excuses it "
        "(`excuse_part`)",
    )


def test_a_helper_signs_and_does_its_part_and_then_the_lead_resolves() -> None:
    story = joint_case().when(update(Action.SIGN, TEAM)).then(PartSigned, department=TEAM)
    story.happens().when(update(Action.PART_DONE, TEAM, result="fenced off"))
    story.then(PartDone, department=TEAM, result="fenced off").happens()
    story.when(update(Action.RESOLVE, TOWN, result="filled")).then(Resolved)


def test_an_excused_part_is_waited_for_no_longer() -> None:
    story = joint_case().when(decision(Verdict.EXCUSE_PART, department=TEAM, reason="rain"))
    story.then(PartExcused, department=TEAM).happens()
    assert {n.topic for n in story.told} == {f"assignments.{TOWN}", f"assignments.{TEAM}"}
    story.when(update(Action.RESOLVE, TOWN, result="filled")).then(Resolved)


@pytest.mark.parametrize(
    ("department", "action", "refusal"),
    [
        (VC, Action.SIGN, "this department assists and has no part of its own"),
        (VC, Action.PART_DONE, "this department assists and has no part of its own"),
        (TEAM, Action.RESOLVE, "this department assists; the lead answers for the case"),
        (TEAM, Action.RETURN, "this department assists; the lead answers for the case"),
        (TEAM, Action.PART_DONE, "`part-done` needs a `result`: what was done"),
    ],
)
def test_a_helper_is_refused_what_is_not_its_own(
    department: str, action: Action, refusal: str
) -> None:
    joint_case().when(update(action, department)).then(UpdateRefused, refusal=refusal)


def test_a_part_that_is_done_is_not_done_again() -> None:
    done = said(PartDone, "e2", TEAM, result="x")
    story = joint_case(done).when(update(Action.PART_DONE, TEAM, result="y"))
    story.then(UpdateRefused, refusal="this department's part is done already")


def test_parts_go_along_when_the_case_climbs() -> None:
    story = joint_case(escalated("e2", Level.TOWN, Level.COUNTY)).when(
        escalated("e2", Level.TOWN, Level.COUNTY), id="e4"
    )
    story.then(Assigned, lead="county-bureau", parts=(TEAM,)).happens()
    assert story.state.open_parts == (TEAM,)


# ── the whistle ──────────────────────────────────────────────────────────────────────────────


def test_a_village_whistles_and_the_named_team_must_report_within_its_limit() -> None:
    story = a_held_case().when(
        update(Action.WHISTLE, VC, reason="help", teams=("town-enforcement-team",))
    )
    story.then(Whistled, called=(TEAM,), limit="2h", due=moment(3) + timedelta(hours=2))
    story.happens()
    [told] = story.told
    assert (told.topic, told.data.report_by) == (f"assignments.{TEAM}", moment(5))  # type: ignore[attr-defined]
    assert story.state.now.helpers == (TEAM,)


def test_whom_a_whistle_names_not_is_the_unit_of_the_rule_one_level_up() -> None:
    a_held_case().when(update(Action.WHISTLE, VC, reason="x")).then(Whistled, called=(TOWN,))


def test_a_town_calls_and_the_county_must_answer() -> None:
    story = joint_case().when(update(Action.WHISTLE, TOWN, reason="x"))
    story.then(Whistled, called=("county-bureau",), to_level=Level.COUNTY)


@pytest.mark.parametrize(
    ("teams", "refusal"),
    [
        (("county-bureau",), "a village calls units of its town, and county-bureau is none"),
        (("fire-brigade",), "`whistle` calls units that are there: fire-brigade"),
    ],
)
def test_a_whistle_for_others_is_refused(teams: tuple[str, ...], refusal: str) -> None:
    story = a_held_case().when(update(Action.WHISTLE, VC, reason="x", teams=teams))
    story.then(UpdateRefused, refusal=refusal)


def test_a_whistle_says_the_same_again_though_the_case_was_corrected_meanwhile() -> None:
    """After a crash what was said is said again, by what the case is by then."""
    whistle = message(a_whistle(due=moment(5)), id="e4", at=moment(3))
    story = a_held_case(whistle)
    first, other = story.told, {"category": "land", "area": "g121"}
    story.and_(Confirmed(decision_id="k", by="officer", changed=True, **other))
    assert (story.state.category, story.state.area) == ("land", "g121")
    assert DECIDER.notify(story.state, whistle) == first


def test_a_team_that_reports_in_time_is_not_missed() -> None:
    story = a_held_case(a_whistle(due=moment(5)))
    assert DECIDER.due(story.state) is not None
    story.when(update(Action.SIGN, TEAM)).then(PartSigned).happens()
    assert DECIDER.due(story.state) is None


def test_a_team_that_does_not_report_is_missed_once_and_hears_it() -> None:
    story = a_held_case(a_whistle(due=moment(5))).when_due()
    story.then(WhistleMissed, department=TEAM, whistle="e4", due=moment(5)).happens()
    assert AssignmentOverdue in [type(notice.data) for notice in story.told]
    assert DECIDER.due(story.state) is None
    story.when(update(Action.SIGN, TEAM)).then(PartSigned)  # late is better than never


def test_a_team_that_was_called_has_a_part_that_the_lead_waits_for() -> None:
    story = a_held_case(a_whistle()).when(update(Action.RESOLVE, VC, result="done"))
    story.then(UpdateRefused)
    assert story.state.open_parts == (TEAM,)


def test_an_officer_may_whistle_for_the_lead() -> None:
    story = a_held_case().when(decision(Verdict.WHISTLE, department=TEAM, reason="fire"))
    story.then(Whistled, called=(TEAM,), department=VC)


def test_nobody_whistles_for_a_case_that_nobody_leads() -> None:
    story = a_case().when(decision(Verdict.WHISTLE, department=TEAM))
    story.then(DecisionRefused, refusal="nobody leads the case, so there is nobody to help")


def test_what_a_whistle_began_goes_on_when_the_case_climbs() -> None:
    climb: Escalated = escalated("e2")
    story = a_held_case(a_whistle(due=moment(5)), climb).when(climb, id="e5")
    story.then(Assigned, lead=TOWN, assist=(VC, TEAM), parts=(TEAM,)).happens()
    assert DECIDER.due(story.state) is not None


# ── legal review ─────────────────────────────────────────────────────────────────────────────


def test_a_major_decision_waits_for_its_legal_review() -> None:
    story = a_held_case().when(update(Action.PROGRESS, VC, result="demolish", major=True))
    story.then(Progressed, major=True).happens()
    story.when(update(Action.RESOLVE, VC, result="done"))
    story.then(
        UpdateRefused,
        refusal="a legal review comes first: an officer gives it (`legal_review`)",
    )


def test_an_approving_review_opens_the_way_and_an_objection_does_not() -> None:
    resolve = update(Action.RESOLVE, VC, result="done")
    for outcome, expected in (("objected", UpdateRefused), ("approved", Resolved)):
        story = a_held_case(said(Progressed, "e2", major=True))
        story.when(decision(Verdict.LEGAL_REVIEW, outcome=outcome)).then(Reviewed, outcome=outcome)
        story.happens().when(resolve).then(expected)


def test_a_second_major_decision_needs_a_review_of_its_own() -> None:
    major = said(Progressed, "e2", major=True)
    story = a_held_case(major, ruled(Reviewed, outcome="approved"), major)
    story.when(update(Action.RESOLVE, VC, result="done")).then(UpdateRefused)


def test_a_rule_may_ask_for_a_review() -> None:
    story = a_case(assigned(legal_review=True)).when(update(Action.RESOLVE, VC, result="done"))
    story.then(UpdateRefused)


def test_the_ladder_of_another_unit_is_not_whistled_for() -> None:
    rules = Rulebook(small_county(rules=(JOINT.model_copy(update={"ladder": ENFORCE}),)))
    story = Story(DECIDER, rules).and_(opened(), assigned(rule="joint"), said(Signed, "e2"))
    story.when(update(Action.WHISTLE, VC, reason="x")).then(Whistled, called=(TEAM,))
