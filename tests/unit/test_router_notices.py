"""Who is told what when an event has come back from the log."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events
from schemas.commands import Sealed
from schemas.inputs import Action, RatedBy
from schemas.outputs import (
    AssignmentChanged,
    AssignmentCreated,
    AssignmentOverdue,
    AssignmentReminder,
    AssignmentRevoked,
    AssignmentSupervised,
    ReportAnswered,
    UpdateRefusal,
)
from schemas.reference import DeadlineKind, Service
from services.decider import Notice
from services.router.domain import State
from tests.story import Story, moment
from tests.unit.router_words import (
    TOWN,
    VC,
    a_case,
    a_case_in_triage,
    a_held_case,
    a_resolved_case,
    assigned,
    clocked,
    escalated,
    heard,
    reopened,
    ruled,
    said,
)

TO_VC, TO_TOWN, TO_REPORTER = f"assignments.{VC}", f"assignments.{TOWN}", "reports.answered"
CREATED, CHANGED, REVOKED = AssignmentCreated.TYPE, AssignmentChanged.TYPE, AssignmentRevoked.TYPE


def joined(report_id: str = "r2") -> events.ReportAdded:
    return events.ReportAdded(source="hotline", report_id=report_id, digest="d2", text="me too")


def told(story: Story[State], topic: str) -> Any:
    """The one word that was said on a topic."""
    (notice,) = [notice for notice in story.told if notice.topic == topic]
    return notice.data


def answers(story: Story[State]) -> list[tuple[str, str, str | None]]:
    """Source, stage and words of what reporters were told."""
    found = [n.data for n in story.told if isinstance(n.data, ReportAnswered)]
    return [(word.source, word.stage, word.words) for word in found]


def test_whoever_reported_is_told_that_it_was_received() -> None:
    (notice,) = a_case().told
    assert (notice.topic, notice.key) == (TO_REPORTER, "r1")
    assert answers(a_case()) == [("test", "received", None)]


def test_the_lead_gets_all_that_it_needs() -> None:
    word = told(a_case(assigned()), TO_VC)
    assert (word.role, word.lead, word.holding, word.area) == ("lead", VC, "e2", "g111")
    assert (word.text, word.why) == ("a hole in the road", "Rule roads matches.")


def test_the_contact_goes_to_the_lead_alone_and_sealed() -> None:
    sealed = Sealed(nonce="n", ciphertext="c")
    story = a_case(assigned(TOWN, assist=(VC,)), contact=sealed)
    assert told(story, TO_TOWN).sealed == sealed
    assert told(story, TO_VC).sealed is None
    assert told(story, TO_TOWN).contact is None, "only the shell opens it"


def test_a_whistle_blowers_contact_goes_to_nobody() -> None:
    sealed = Sealed(nonce="n", ciphertext="c")
    story = a_case(assigned(), contact=sealed, service=Service.VIOLATION)
    assert told(story, TO_VC).sealed is None


def test_those_who_assist_are_told_so() -> None:
    story = a_case(assigned(TOWN, assist=(VC,)))
    assert heard(story.told) == [
        (TO_TOWN, CREATED),
        (TO_VC, CREATED),
        (TO_REPORTER, "assigned"),
    ]
    assert told(story, TO_VC).role == "assist"
    assert told(story, TO_REPORTER).department == TOWN


def test_an_escalation_revokes_nothing_from_the_old_lead_who_assists() -> None:
    story = a_held_case(escalated("e2"), assigned(TOWN, "e2", assist=(VC,)))
    assert (TO_VC, REVOKED) not in heard(story.told)
    assert told(story, TO_VC).role == "assist"


def test_whoever_is_neither_lead_nor_assistant_any_more_is_told_so() -> None:
    story = a_held_case(assigned(TOWN, "e2"))
    word = told(story, TO_VC)
    assert isinstance(word, AssignmentRevoked)
    assert (word.holding, word.reason) == ("e2", f"{TOWN} leads now (routed)")


def test_a_return_is_revoked_once() -> None:
    returned = said(events.Returned, "e2", reason="not-ours")
    story = a_held_case(returned)
    assert heard(story.told) == [(TO_VC, REVOKED)]
    assert told(story, TO_VC).reason == f"{VC} returned it (not-ours)"
    assert (TO_VC, REVOKED) not in heard(story.and_(assigned(TOWN, "e4")).told)


def test_assistants_wait_with_a_returned_case_until_it_is_placed() -> None:
    returned = said(events.Returned, "e2", TOWN, reason="not-ours")
    story = a_case(assigned(TOWN, assist=(VC,)), returned)
    assert heard(story.told) == [(TO_TOWN, REVOKED)]
    story.and_(events.TriageRequested(holding="e3", reason="no rule"))
    assert heard(story.told) == [(TO_VC, REVOKED)]


def test_a_withdrawn_case_is_taken_from_its_holders_and_closed_for_its_reporters() -> None:
    gone = ruled(events.Withdrawn, how="rejected", reason="a private matter")
    story = a_case(assigned(TOWN, assist=(VC,)), joined(), gone)
    assert heard(story.told)[:2] == [(TO_TOWN, REVOKED), (TO_VC, REVOKED)]
    assert answers(story) == [
        ("test", "closed", "a private matter"),
        ("hotline", "closed", "a private matter"),
    ]


@pytest.mark.parametrize(
    ("event", "stage"),
    [(events.Resolved, "resolved"), (events.FeedbackGiven, "result")],
)
def test_every_report_of_the_case_hears_the_departments_words(
    event: type[events.DepartmentEvent], stage: str
) -> None:
    story = a_held_case(joined(), said(event, "e2", result="filled in"))
    assert answers(story) == [("test", stage, "filled in"), ("hotline", stage, "filled in")]


def test_a_report_that_joins_is_received_and_the_holder_hears_of_it() -> None:
    story = a_held_case(joined())
    assert answers(story) == [("hotline", "received", None)]
    word = told(story, TO_VC)
    assert (word.event, word.words, word.holding) == ("case.report-added.v1", "me too", "e2")


def test_a_report_that_joins_twice_is_answered_once() -> None:
    story = a_held_case(joined(), joined(), said(events.Resolved, "e2", result="x"))
    assert len(answers(story)) == 2


def test_nobody_is_told_of_a_supplement_to_a_case_that_waits() -> None:
    assert heard(a_case(joined()).told) == [(TO_REPORTER, "received")]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (said(events.Paused, "e2", reason="weather"), "weather"),
        (ruled(events.Extended, holding="e2", until=moment(9)), f"until {moment(9).isoformat()}"),
        (
            ruled(events.Corrected, category="roads", area="g112"),
            "category roads, area g112",
        ),
    ],
)
def test_the_lead_hears_of_what_changes_its_case(event: Any, words: str) -> None:
    word = told(a_held_case(event), TO_VC)
    assert isinstance(word, AssignmentChanged)
    assert (word.event, word.words, word.holding) == (event.TYPE, words, "e2")


def test_not_fixed_reaches_the_department() -> None:
    rated = events.Rated(
        holding="e2", rating_id="t1", at=moment(5), by=RatedBy.RESIDENT, stars=1, solved=False,
        comment="the hole is still there",
    )  # fmt: skip
    story = a_resolved_case(rated)
    word = told(story, TO_VC)
    assert word.words == "1 of 5 stars, not solved, the hole is still there"
    assert told(story.and_(reopened("e2")), TO_VC).event == "case.reopened.v1"


def test_a_closed_case_is_told_to_the_lead_and_to_the_reporter() -> None:
    story = a_resolved_case(events.Closed(holding="e2", how="silence"))
    assert heard(story.told) == [(TO_VC, CHANGED), (TO_REPORTER, "closed")]


def test_deadlines_are_told_to_the_department_that_the_event_names() -> None:
    clocks = tuple(
        events.Deadline(
            kind=kind, started=moment(), due=moment(hours), duration="2h", policy="usual"
        )
        for kind, hours in ((DeadlineKind.SIGN, 2), (DeadlineKind.RESOLVE, 9))
    )
    due = events.DeadlineSet(holding="e2", department=VC, deadlines=clocks, why="assigned")
    word = told(a_held_case(due), TO_VC)
    assert word.deadlines == {DeadlineKind.SIGN: moment(2), DeadlineKind.RESOLVE: moment(9)}
    assert a_held_case(events.DeadlineSet(deadlines=clocks, why="opened")).told == []


@pytest.mark.parametrize(
    ("event", "more", "word"),
    [
        (events.Warned, {"nth": 1}, AssignmentReminder),
        (events.Overdue, {"climbs": True}, AssignmentOverdue),
        (events.Supervised, {}, AssignmentSupervised),
    ],
)
def test_deadlines_that_run_out_are_told_to_whom_they_concern(
    event: type[events.DeadlineEvent], more: dict[str, Any], word: type[Any]
) -> None:
    (notice,) = a_held_case(clocked(event, "e2", department=VC, **more)).told
    assert notice.topic == TO_VC and type(notice.data) is word
    assert (notice.data.due, notice.data.holding) == (moment(9), "e2")  # type: ignore[attr-defined]
    assert a_case_in_triage(clocked(event, None, **more)).told == []


def test_a_refusal_is_told_to_its_sender() -> None:
    refused = said(events.UpdateRefused, "e2", TOWN, action=Action.SIGN, refusal="not yours")
    word = UpdateRefusal(
        case_id=a_case().told[0].data.case_id,  # type: ignore[attr-defined]
        holding="e2",
        at=moment(3),
        update_id="u1",
        action="sign",
        reason="not yours",
    )
    (notice,) = a_held_case(refused).told
    assert notice == Notice(TO_TOWN, word.case_id, word)


@pytest.mark.parametrize(
    "event", [said(events.Signed, "e2"), said(events.ExtensionRequested, "e2", until=moment(9))]
)
def test_what_concerns_nobody_outside_is_told_to_nobody(event: Any) -> None:
    assert a_case(assigned(), event).told == []
