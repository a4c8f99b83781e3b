"""The ledger of who held a case how long, bounces without end, wrong returns, and heirs."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from schemas.commands import HandOver, ReporterOnLog
from schemas.events import Assigned, AssignedBecause, DecisionRefused, Returned, TriageRequested
from schemas.inputs import Action, ReporterKind, Verdict
from schemas.lifecycle import Status
from schemas.outputs import AssignmentCreated
from schemas.reference import Department, Level
from schemas.rulebook import Rulebook
from services.router.domain import DECIDER
from services.router.ledger import bounces, ledger
from tests.county import small_county
from tests.story import given, moment
from tests.unit.router_words import (
    TOWN,
    VC,
    a_case,
    a_held_case,
    assigned,
    decision,
    opened,
    said,
    update,
)
from tests.unit.test_router_properties import World

COUNTY = small_county()
HEIR = Department(
    code="vc-new", name="新村委会", kind="new-committee", level=Level.VILLAGE, area="v11"
)


def without(code: str, heir: str | None) -> Rulebook:
    """The county after `code` was abolished: with an heir, or left out altogether."""
    units = [unit for unit in COUNTY.departments if unit.code != code]
    if heir is not None:
        gone = next(unit for unit in COUNTY.departments if unit.code == code)
        units += [gone.model_copy(update={"heir": heir}), HEIR]
    return Rulebook(small_county("county-2", departments=tuple(units)))


# ── the ledger ───────────────────────────────────────────────────────────────────────────────


def test_the_ledger_says_who_held_the_case_how_long_and_why_no_longer() -> None:
    state = a_held_case(
        said(Returned, "e2", reason="not-ours"), assigned(TOWN, "e4", level=Level.TOWN)
    ).state
    lines = ledger(state, moment(6))
    assert [(line["lead"], line["hours"], line["ended"]) for line in lines] == [
        (None, 1.0, "routed"),
        (VC, 2.0, "returned: not-ours"),
        (None, 1.0, "routed"),
        (TOWN, 2.0, None),
    ]


def test_bounces_are_told_with_their_reasons_and_the_case_clock_runs_on() -> None:
    state = a_held_case(said(Returned, "e2", reason="not-ours")).state
    told = bounces(state, moment(10))
    assert told == {
        "returns": 1,
        "returned_by": [VC],
        "wrong_returns": [],
        "hours_since_opened": 10.0,
    }


def test_a_return_that_triage_sends_back_is_counted_as_wrong() -> None:
    returned = said(Returned, "e2", reason="not-ours")
    story = a_held_case(returned, TriageRequested(holding="e4", reason="nobody is left"))
    story.when(decision(Verdict.ASSIGN, department=VC)).then(Assigned, wrong_return=True)
    story.happens()
    assert story.state.wrong_returns == (VC,)
    created = [n.data for n in story.told if isinstance(n.data, AssignmentCreated)]
    assert [word.wrong_return for word in created] == [True]


def test_another_department_s_turn_is_no_wrong_return() -> None:
    returned = said(Returned, "e2", reason="not-ours")
    story = a_held_case(returned, TriageRequested(holding="e4", reason="nobody is left"))
    story.when(decision(Verdict.ASSIGN, department=TOWN)).then(Assigned, wrong_return=False)


@for_all(st.integers(min_value=1, max_value=6))
@settings(deadline=None)
def test_a_storm_of_returns_ends_in_triage_and_never_in_a_loop(most: int) -> None:
    """Each department returns everything, at once, whatever the county's patience."""
    world = World()
    world.story.rules = Rulebook(
        small_county(settings=COUNTY.settings.model_copy(update={"returns_to_triage": most}))
    )
    bounced = 0
    while world.state.lead is not None:
        world.does(update(Action.RETURN, world.state.lead, reason="not-ours"))
        bounced += 1
        assert bounced <= most
    assert world.state.standing.status is Status.TRIAGE
    world.does(decision(Verdict.ASSIGN, department=TOWN))
    world.does(update(Action.RETURN, TOWN, reason="not-ours"))
    assert world.state.standing.status is Status.TRIAGE  # its word is final: back it comes


# ── heirs ────────────────────────────────────────────────────────────────────────────────────


def hand_over(department: str = VC, holding: str = "e2") -> HandOver:
    return HandOver(holding=holding, department=department, version="county-2")


def test_the_cases_of_an_abolished_department_go_to_its_heir() -> None:
    story = a_held_case()
    story.rules = without(VC, "vc-new")
    story.when(hand_over())
    story.then(Assigned, lead="vc-new", because=AssignedBecause.HEIR, level=Level.VILLAGE)
    assert "county-2" in getattr(story.decision, "why", "")


def test_without_an_heir_a_person_decides_and_the_department_is_named() -> None:
    story = a_held_case()
    story.rules = without(VC, None)
    story.when(hand_over()).then(TriageRequested)
    assert getattr(story.decision, "reason", "").startswith(f"{VC} is abolished")


def test_a_department_that_stands_keeps_its_cases_and_an_old_word_moves_nothing() -> None:
    a_held_case().when(hand_over()).then(None)
    story = a_held_case()
    story.rules = without(VC, "vc-new")
    story.when(hand_over(holding="e1")).then(None)


def test_rules_mean_an_abolished_unit_no_longer() -> None:
    rules = without(VC, "vc-new")
    assert rules.unit("village-committee", "g111") is None
    assert rules.unit(f"={VC}", "g111") == HEIR
    story = given(DECIDER, opened(), rules=rules).when(opened(), id="e1")
    story.then(Assigned, lead=TOWN)


def test_heirs_that_inherit_from_each_other_are_nobody_s() -> None:
    units = tuple(
        unit.model_copy(update={"heir": {VC: "vc-v12", "vc-v12": VC}.get(unit.code)})
        for unit in COUNTY.departments
    )
    assert Rulebook(small_county(departments=units)).heir(VC) is None


def test_triage_cannot_assign_to_a_department_that_is_abolished() -> None:
    story = a_case()
    story.rules = without(VC, "vc-new")
    story.when(decision(Verdict.ASSIGN, department=VC)).then(
        DecisionRefused, refusal=f"{VC} is abolished; its heir is vc-new"
    )


def test_a_household_s_tier_says_how_its_matter_is_begun() -> None:
    styles = {"连心户": "先上门走访"}
    changed = COUNTY.settings.model_copy(update={"household_styles": styles})
    reporter = ReporterOnLog(kind=ReporterKind.RESIDENT, household_tier="连心户")
    asked = opened(reporter=reporter)
    story = given(DECIDER, asked, rules=Rulebook(small_county(settings=changed)))
    story.when(asked, id="e1").then(Assigned, first_step="先上门走访").happens()
    created = [n.data for n in story.told if isinstance(n.data, AssignmentCreated)]
    assert [word.first_step for word in created] == ["先上门走访"]


def test_time_that_a_department_holds_is_counted_to_the_second() -> None:
    state = a_case(assigned()).state
    later = moment(1) + timedelta(seconds=90)
    assert ledger(state, later)[-1]["hours"] == 0.025
