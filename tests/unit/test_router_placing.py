"""Where a case goes: by rule, by the next rule, one level up, back again, or to a person."""

from __future__ import annotations

from schemas import events
from schemas.events import Assigned, AssignedBecause, TriageRequested
from schemas.reference import Level, RoutingRule, Settings, Urgency
from schemas.rulebook import Rulebook
from services.router.domain import DECIDER
from services.router.placing import GUESS
from tests.county import CLIMB, small_county
from tests.story import given, message
from tests.unit.router_words import (
    COUNTY,
    TOWN,
    VC,
    a_case,
    a_case_in_triage,
    a_held_case,
    a_resolved_case,
    assigned,
    escalated,
    opened,
    reopened,
    said,
)

FALLBACK = RoutingRule(id="any", level=Level.TOWN, ladder=CLIMB)
WITH_FALLBACK = Rulebook(small_county(rules=(*small_county().rules, FALLBACK)))
returned = said(events.Returned, "e2", reason="not-ours")


def test_a_new_case_goes_to_the_unit_of_the_most_specific_rule() -> None:
    story = a_case().when(message(opened(), id="e1"))
    story.then(Assigned, lead=VC, level=Level.VILLAGE, rule="roads", holding="e1")
    story.then(Assigned, because=AssignedBecause.ROUTED, area="g111", category="potholes")


def test_a_case_that_no_rule_matches_is_a_persons() -> None:
    strange = opened(category="no-such")
    given(DECIDER, strange).when(message(strange, id="e1")).then(TriageRequested, holding="e1")


def test_a_best_guess_is_marked_as_such() -> None:
    guess = opened(category_by="unsure")
    story = given(DECIDER, guess).when(message(guess, id="e1")).then(Assigned, lead=VC)
    assert isinstance(story.decision, Assigned) and story.decision.why.endswith(GUESS)


# ── returns ──────────────────────────────────────────────────────────────────────────────────


def test_a_return_goes_to_the_next_rule_whose_unit_has_not_returned_it() -> None:
    story = given(DECIDER, opened(), assigned(), returned, rules=WITH_FALLBACK)
    story.when(message(returned, id="e3"))
    story.then(Assigned, lead=TOWN, rule="any", because=AssignedBecause.RETURNED, holding="e3")
    assert isinstance(story.decision, Assigned) and "after vc-v11 returned it" in story.decision.why


def test_a_return_with_no_candidate_left_goes_to_triage() -> None:
    a_case(assigned(), returned).when(message(returned, id="e3")).then(TriageRequested)


def test_the_third_return_goes_to_triage_though_a_candidate_is_left() -> None:
    second = said(events.Returned, "e4", TOWN, reason="not-ours")
    third = said(events.Returned, "e6", "enforcement-t1", reason="not-ours")
    left = RoutingRule(id="any", level=Level.COUNTY, ladder=CLIMB)
    story = given(
        DECIDER,
        *(opened(), assigned(), returned, assigned(TOWN, "e3"), second),
        *(assigned("enforcement-t1", "e5"), third),
        rules=Rulebook(small_county(rules=(left,))),
    )
    story.when(message(third, id="e7")).then(TriageRequested, reason="This was return number 3.")


def test_the_county_may_set_which_return_goes_to_triage() -> None:
    rules = Rulebook(
        small_county(
            rules=(*small_county().rules, FALLBACK), settings=Settings(returns_to_triage=1)
        )
    )
    story = given(DECIDER, opened(), assigned(), returned, rules=rules)
    story.when(message(returned, id="e3")).then(TriageRequested, reason="This was return number 1.")


def test_what_triage_chose_goes_straight_back_to_triage() -> None:
    back = said(events.Returned, "e3", COUNTY, reason="not-ours")
    story = a_case_in_triage(assigned(COUNTY, "e2", because=AssignedBecause.TRIAGE), back)
    story.when(message(back, id="e4"))
    story.then(TriageRequested, reason="county-bureau returned it, and triage has the last word.")


def test_triage_keeps_the_last_word_after_an_escalation() -> None:
    chosen = assigned(VC, "e2", because=AssignedBecause.TRIAGE)
    climbed = assigned(TOWN, "e3", because=AssignedBecause.ESCALATED)
    back = said(events.Returned, "e4", TOWN, reason="not-ours")
    story = a_case_in_triage(chosen, climbed, back).when(message(back, id="e5"))
    story.then(TriageRequested, reason="governance-t1 returned it, and triage has the last word.")


def test_a_return_that_has_been_answered_is_not_answered_again() -> None:
    story = given(DECIDER, opened(), assigned(), returned, assigned(TOWN, "e3"))
    story.when(message(returned, id="e3")).then(None)


# ── escalation ───────────────────────────────────────────────────────────────────────────────


def test_escalation_gives_the_lead_to_the_level_above_and_the_old_lead_assists() -> None:
    story = a_held_case().when(escalated("e2"))
    story.then(Assigned, lead=TOWN, assist=(VC,), level=Level.TOWN, holding="e2", rule="roads")
    story.then(Assigned, because=AssignedBecause.ESCALATED)
    assert isinstance(story.decision, Assigned)
    assert story.decision.why == (
        "The resolve deadline passed at village level: "
        "rule roads names governance-t1 at town level."
    )


def test_escalation_keeps_those_who_assist() -> None:
    lead = assigned(TOWN, assist=(VC,), level=Level.TOWN, rule="roads-emergency")
    story = a_case(lead, urgency=Urgency.EMERGENCY).when(escalated("e2", Level.TOWN, Level.COUNTY))
    story.then(Assigned, lead=COUNTY, assist=(TOWN, VC), rule="roads-emergency")


def test_whoever_assisted_may_get_the_lead() -> None:
    story = a_case(assigned(assist=(TOWN,))).when(escalated("e2"))
    story.then(Assigned, lead=TOWN, assist=(VC,))


def test_a_case_climbs_the_ladder_of_the_rule_that_it_was_routed_by() -> None:
    elsewhere = CLIMB | {Level.TOWN: "town-enforcement-team"}
    other = RoutingRule(id="any", level=Level.VILLAGE, ladder=elsewhere)
    rules = Rulebook(small_county(rules=(*small_county().rules, other)))
    story = given(DECIDER, opened(), assigned(rule="any"), rules=rules).when(escalated("e2"))
    story.then(Assigned, lead="enforcement-t1", rule="any")


def test_a_level_that_the_ladder_lacks_is_passed_over() -> None:
    ladder = {Level.VILLAGE: "village-committee", Level.COUNTY: "county-bureau"}
    roads = RoutingRule(id="roads", category="roads", level=Level.VILLAGE, ladder=ladder)
    story = given(DECIDER, opened(), assigned(), rules=Rulebook(small_county(rules=(roads,))))
    story.when(escalated("e2")).then(Assigned, lead=COUNTY, level=Level.COUNTY)


def test_escalation_passes_over_a_unit_that_said_not_ours() -> None:
    back = said(events.Returned, "e2", TOWN, reason="not-ours")
    story = a_case(assigned(TOWN), back, assigned(VC, "e3"))
    story.when(escalated("e4")).then(Assigned, lead=COUNTY)


def test_escalation_to_nobody_is_a_persons() -> None:
    rules = Rulebook(small_county(rules=()))
    story = given(DECIDER, opened(), assigned(), rules=rules).when(escalated("e2"))
    story.then(TriageRequested, holding="e2")


def test_what_triage_chose_climbs_the_ladder_of_the_rule_that_applies() -> None:
    chosen = assigned("vc-v12", "e2", rule=None, because=AssignedBecause.TRIAGE)
    story = a_case_in_triage(chosen).when(escalated("e3"))
    story.then(Assigned, lead=TOWN, assist=("vc-v12",), rule="roads")


def test_an_escalation_of_a_holding_that_has_ended_changes_nothing() -> None:
    a_held_case().when(escalated("e1")).then(None)
    a_resolved_case().when(escalated("e2")).then(None)
    a_case_in_triage().when(escalated("e2")).then(None)


# ── reopening ────────────────────────────────────────────────────────────────────────────────


def test_a_reopened_case_goes_to_the_same_department_again() -> None:
    story = a_resolved_case(reopened("e2")).when(message(reopened("e2"), id="e5"))
    story.then(Assigned, lead=VC, level=Level.VILLAGE, rule="roads", holding="e5")
    story.then(Assigned, because=AssignedBecause.REOPENED)


def test_the_second_reopening_climbs_one_level() -> None:
    again = reopened("e2", 2, climbs=True)
    story = a_resolved_case(again).when(message(again, id="e5"))
    story.then(Assigned, lead=TOWN, assist=(VC,), level=Level.TOWN)


def test_above_the_county_there_is_nobody_so_it_keeps_the_case() -> None:
    again = reopened("e2", 2, climbs=True)
    done = said(events.Resolved, "e2", COUNTY, result="done")
    story = a_case(assigned(COUNTY, level=Level.COUNTY), done, again)
    story.when(message(again, id="e4")).then(Assigned, lead=COUNTY, level=Level.COUNTY)


def test_a_reopened_case_whose_department_is_gone_is_routed_anew() -> None:
    done = said(events.Resolved, "e2", "abolished", result="done")
    story = a_case(assigned("abolished"), done, reopened("e2"))
    story.when(message(reopened("e2"), id="e4")).then(Assigned, lead=VC)
