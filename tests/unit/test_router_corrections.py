"""A matter that was understood wrongly: routed again, once, and only if that changes anything."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events
from schemas.events import Assigned, AssignedBecause, TriageRequested
from schemas.reference import Level
from tests.unit.router_words import (
    COUNTY,
    TOWN,
    VC,
    a_case,
    a_case_in_triage,
    a_held_case,
    assigned,
    ruled,
    said,
)


def corrected(category: str = "illegal-building", area: str = "g111") -> Any:
    return ruled(events.Corrected, category=category, area=area)


def confirmed(changed: bool = True, **matter: Any) -> events.Confirmed:
    fields = {"category": "illegal-building", "area": "g111"} | matter
    return events.Confirmed(decision_id="d1", by="officer", changed=changed, **fields)


@pytest.mark.parametrize("correction", [corrected(), confirmed()])
def test_a_corrected_matter_is_routed_again(correction: Any) -> None:
    story = a_held_case(correction).when(correction)
    story.then(Assigned, lead="enforcement-t1", assist=(VC,), because=AssignedBecause.CORRECTED)
    story.then(Assigned, category="illegal-building", holding="e2")


def test_a_correction_that_leaves_the_same_department_changes_nothing() -> None:
    same = corrected("roads")
    a_held_case(same).when(same).then(None)


def test_a_confirmed_guess_changes_nothing_and_is_no_guess_any_more() -> None:
    sure = confirmed(changed=False, category="potholes")
    story = a_case(assigned(), sure, category_by="unsure").when(sure).then(None)
    assert not story.state.unsure


def test_a_confirmation_does_not_bring_an_escalated_case_down_again() -> None:
    sure = confirmed(changed=False, category="potholes")
    a_case(assigned(), assigned(TOWN, "e2", level=Level.TOWN), sure).when(sure).then(None)


def test_only_the_latest_correction_counts() -> None:
    story = a_held_case(corrected(), corrected("street-lights"))
    story.when(corrected()).then(None)
    story.when(corrected("street-lights")).then(Assigned, lead=TOWN)


def test_who_returned_another_matter_may_be_asked_about_this_one() -> None:
    moved = corrected("disputes")
    returned = said(events.Returned, "e2", reason="not-ours")
    story = a_case(assigned(), returned, assigned(COUNTY, "e3"), moved)
    story.when(moved).then(Assigned, lead=VC)
    assert story.state.returns == 1, "the bounces are still counted"


def test_a_correction_gets_a_case_out_of_triage() -> None:
    a_case_in_triage(corrected()).when(corrected()).then(Assigned, holding="e2")


def test_a_correction_that_no_rule_matches_leaves_the_case_in_triage() -> None:
    strange = corrected("no-such")
    a_case_in_triage(strange).when(strange).then(None)


def test_a_correction_of_a_held_case_that_no_rule_matches_asks_a_person() -> None:
    strange = corrected("no-such")
    a_held_case(strange).when(strange).then(TriageRequested, holding="e2")
