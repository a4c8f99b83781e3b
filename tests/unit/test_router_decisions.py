"""What petition officers decide, and what waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events
from schemas.events import Assigned, AssignedBecause, DecisionRefused
from schemas.inputs import Verdict
from schemas.reference import Level
from services.decider import Reply
from services.router.domain import DECIDER, State
from services.router.triage import triage_entry
from tests.story import START, Story, given, moment
from tests.unit.router_words import (
    COUNTY,
    TOWN,
    VC,
    a_case,
    a_case_in_triage,
    a_held_case,
    a_resolved_case,
    assigned,
    decision,
    ruled,
    said,
)

LATER = moment(99)


def asked_for_more(*more: Any) -> Story[State]:
    return a_held_case(said(events.ExtensionRequested, "e2", until=LATER), *more)


def test_an_officer_sends_a_case_to_a_department() -> None:
    sent = decision(Verdict.ASSIGN, department=COUNTY, reason="a county road")
    story = a_case_in_triage().when(sent)
    story.then(Assigned, lead=COUNTY, level=Level.COUNTY, holding="e2", rule=None)
    story.then(Assigned, because=AssignedBecause.TRIAGE)
    assert isinstance(story.decision, Assigned)
    assert story.decision.why == (
        "officer chose county-bureau in triage (decision d1): a county road."
    )


def test_an_officer_may_take_a_case_from_its_holder() -> None:
    story = a_case(assigned(assist=("vc-v12",)))
    story.when(decision(Verdict.ASSIGN, department=TOWN))
    story.then(Assigned, lead=TOWN, assist=("vc-v12",), holding="e2")


def test_an_assistant_that_gets_the_lead_assists_no_more() -> None:
    story = a_case(assigned(assist=(TOWN,))).when(decision(Verdict.ASSIGN, department=TOWN))
    story.then(Assigned, lead=TOWN, assist=())


def test_triage_has_the_last_word_once_it_has_chosen() -> None:
    story = a_case_in_triage().when(decision(Verdict.ASSIGN, department=VC)).happens()
    assert story.state.triage_final


def test_an_officer_corrects_what_the_matter_is() -> None:
    story = a_held_case().when(decision(Verdict.CORRECT, category="land", grid="g211"))
    story.then(events.Corrected, category="land", area="g211", decision_id="d1", by="officer")


def test_what_a_correction_leaves_out_stays() -> None:
    story = a_held_case().when(decision(Verdict.CORRECT, grid="v12"))
    story.then(events.Corrected, category="potholes", area="v12")


@pytest.mark.parametrize(
    ("verdict", "how"),
    [
        (Verdict.REJECT, "rejected"),
        (Verdict.WITHDRAW, "withdrawn"),
        (Verdict.CLOSE, "closed"),
    ],
)
def test_an_officer_ends_a_case(verdict: Verdict, how: str) -> None:
    story = a_case_in_triage().when(decision(verdict, reason="not a public matter"))
    story.then(events.Withdrawn, how=how, reason="not a public matter", at=START)


def test_more_time_is_granted_as_it_was_asked_for() -> None:
    story = asked_for_more().when(decision(Verdict.GRANT_EXTENSION))
    story.then(events.Extended, until=LATER, holding="e2")


# ── refused ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("verdict", "fields", "refusal"),
    [
        (Verdict.ASSIGN, {}, "`assign` needs a `department` that the rules know"),
        (
            Verdict.ASSIGN,
            {"department": "no-such"},
            "`assign` needs a `department` that the rules know",
        ),
        (Verdict.ASSIGN, {"department": VC}, "that department leads the case already"),
        (
            Verdict.CORRECT,
            {"category": "no-such"},
            "`correct` needs a `category` that the rules know",
        ),
        (Verdict.CORRECT, {"grid": "no-such"}, "`correct` needs a `grid` that the rules know"),
        (
            Verdict.CORRECT,
            {"category": "potholes"},
            "the case has that category and that place already",
        ),
        (Verdict.GRANT_EXTENSION, {}, "no extension was asked for"),
        (Verdict.CONFIRM, {}, "not supported here: intake answers `confirm`"),
        (Verdict.MERGE, {}, "`merge` needs `into`, the id of the earlier case"),
        (Verdict.UNMERGE, {}, "it is merged into no other case"),
        (Verdict.CLOSE, {}, "`close` needs a `reason`: the words for the reporter"),
        (
            Verdict.EXCUSE_PART,
            {},
            "`excuse_part` needs a `department` with an open part: there is none",
        ),
    ],
)
def test_a_decision_that_cannot_be_is_refused_on_the_log(
    verdict: Verdict, fields: dict[str, Any], refusal: str
) -> None:
    story = a_held_case().when(decision(verdict, **fields))
    story.then(DecisionRefused, action=verdict.value, refusal=refusal, decision_id="d1")


@pytest.mark.parametrize(
    ("verdict", "fields"),
    [
        (Verdict.ASSIGN, {"department": TOWN}),
        (Verdict.ASSIGN, {"department": VC}),
        (Verdict.CORRECT, {"grid": "g211"}),
    ],
)
def test_a_resolved_case_is_neither_moved_nor_corrected(
    verdict: Verdict, fields: dict[str, Any]
) -> None:
    story = a_resolved_case().when(decision(verdict, **fields))
    refusal = f"`{verdict}` is not possible while the case is resolved"
    story.then(DecisionRefused, refusal=refusal)


def test_more_time_is_granted_once() -> None:
    granted = ruled(events.Extended, holding="e2", until=LATER)
    story = asked_for_more(granted).when(decision(Verdict.GRANT_EXTENSION))
    story.then(DecisionRefused, refusal="an extension is granted once")


def test_time_that_has_passed_is_not_granted() -> None:
    story = asked_for_more().when(decision(Verdict.GRANT_EXTENSION), at=LATER)
    story.then(DecisionRefused, refusal="the time that was asked for has passed")


def test_what_the_last_holder_asked_for_is_not_granted_to_the_next() -> None:
    story = asked_for_more(assigned(TOWN, "e2")).when(decision(Verdict.GRANT_EXTENSION))
    story.then(DecisionRefused, refusal="no extension was asked for")


def test_a_decision_about_an_unknown_case_leaves_nothing_on_the_log() -> None:
    answer = given(DECIDER).when(decision(Verdict.REJECT)).decision
    assert answer == Reply(unheard="there is no such case")


# ── the queue ────────────────────────────────────────────────────────────────────────────────


def test_a_case_in_triage_is_on_the_queue_with_all_that_one_must_know() -> None:
    entry = triage_entry(a_case_in_triage().state)
    assert entry is not None
    assert entry["asks"] == ["assign"]
    assert (entry["reason"], entry["since"]) == ("no rule", moment(1).isoformat())
    assert (entry["area"], entry["category"], entry["urgency"]) == ("g111", "potholes", "normal")


@pytest.mark.parametrize(
    ("story", "asks"),
    [
        (a_case(assigned(), category_by="unsure"), ["confirm"]),
        (a_case(assigned(), area_certain=False), ["confirm"]),
        (asked_for_more(), ["grant_extension"]),
    ],
)
def test_whatever_waits_for_a_person_is_on_the_queue(story: Story[State], asks: list[str]) -> None:
    entry = triage_entry(story.state)
    assert entry is not None and entry["asks"] == asks


@pytest.mark.parametrize(
    "story",
    [
        given(DECIDER),
        a_case(),
        a_held_case(),
        a_resolved_case(),
        a_case_in_triage(assigned(VC, "e2")),
        a_case_in_triage(ruled(events.Withdrawn, how="rejected")),
        asked_for_more(ruled(events.Extended, holding="e2", until=LATER)),
        asked_for_more(said(events.Resolved, "e2", result="done")),
        a_case(assigned(), said(events.Resolved, "e2", result="x"), area_certain=False),
    ],
)
def test_nothing_else_is_on_the_queue(story: Story[State]) -> None:
    assert triage_entry(story.state) is None
