"""Which department a matter belongs to, and why."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.reference import Level, RoutingRule, Service, Urgency
from schemas.rulebook import Rulebook
from services.router.routing import Choice, Unrouted, choose
from tests.county import CLIMB, small_county
from tests.unit.router_words import (
    TOWN,
    VC,
)

FALLBACK = RoutingRule(id="any", level=Level.TOWN, ladder=CLIMB)


def routed(**matter: Any) -> Choice | Unrouted:
    usual = {
        "area": "g111",
        "category": "potholes",
        "service": Service.SENTIMENT,
        "urgency": Urgency.NORMAL,
        "excluding": (),
    }
    return choose(Rulebook(small_county()), **usual | matter)


def test_the_answer_says_which_rule_matched_what() -> None:
    found = routed()
    assert isinstance(found, Choice)
    assert found.why == (
        "Rule roads matches category roads (of potholes): "
        "vc-v11 is its unit at village level for g111."
    )


def test_an_exact_category_beats_its_family() -> None:
    found = routed(category="street-lights")
    assert isinstance(found, Choice)
    assert (found.rule, found.lead) == ("lights", TOWN)


def test_an_area_beats_a_category() -> None:
    found = routed(service=Service.VIOLATION)
    assert isinstance(found, Choice)
    assert (found.lead, found.level) == ("county-discipline", Level.COUNTY)
    assert "area c (of g111), service violation" in found.why


def test_an_emergency_starts_higher_and_the_village_assists() -> None:
    found = routed(urgency=Urgency.EMERGENCY)
    assert isinstance(found, Choice)
    assert (found.lead, found.assist, found.level) == (TOWN, (VC,), Level.TOWN)


def test_where_only_the_town_is_known_the_next_level_up_takes_it() -> None:
    found = routed(area="t1")
    assert isinstance(found, Choice)
    assert (found.lead, found.level) == (TOWN, Level.TOWN)
    assert "as t1 has none at village level" in found.why


def test_assistants_that_are_not_known_there_are_left_out() -> None:
    found = routed(area="t1", category="illegal-building")
    assert isinstance(found, Choice)
    assert (found.lead, found.assist) == ("enforcement-t1", ())


def test_a_department_that_returned_it_does_not_assist() -> None:
    found = routed(category="illegal-building", excluding=(VC,))
    assert isinstance(found, Choice)
    assert (found.lead, found.assist) == ("enforcement-t1", ())


def test_a_lead_does_not_assist_itself() -> None:
    twice = FALLBACK.model_copy(update={"assist": ("town-governance-office",)})
    rules = Rulebook(small_county(rules=(twice,)))
    found = choose(rules, "g111", "potholes", None, Urgency.NORMAL)
    assert isinstance(found, Choice)
    assert (found.lead, found.assist) == (TOWN, ())


@pytest.mark.parametrize(
    ("matter", "reason"),
    [
        ({"category": "no-such"}, "No rule matches area g111, category no-such"),
        ({"category": None}, "No rule matches area g111, no category"),
        ({"excluding": (VC,)}, "No unit is left by the rules roads: vc-v11 returned it."),
    ],
)
def test_what_no_rule_can_decide_says_why(matter: dict[str, Any], reason: str) -> None:
    found = routed(**matter)
    assert isinstance(found, Unrouted)
    assert found.reason.startswith(reason)


def test_rules_without_a_unit_there_leave_it_to_triage() -> None:
    rules = Rulebook(small_county(departments=()))
    found = choose(rules, "g111", "potholes", None, Urgency.NORMAL)
    assert found == Unrouted("The rules roads match, but no unit of theirs is known for g111.")
