"""A report becomes a case, once; what cannot become one is rejected with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.commands import (
    ConfirmReport,
    ReporterOnLog,
    SubmitReport,
    SuggestedCategory,
)
from schemas.events import Confirmed, Opened
from schemas.inputs import Channel, ReporterKind, TriageDecision, Verdict
from schemas.outputs import ReportRejected
from schemas.reference import Service, Urgency
from services.decider import Reply
from services.intake.domain import DECIDER
from services.intake.state import State
from tests.story import CASE, START, Story, given


def report(**changes: Any) -> SubmitReport:
    fields: dict[str, Any] = {
        "origin": "reports.submitted",
        "received_at": START,
        "source": "test",
        "report_id": "r1",
        "submitted_at": START,
        "text": "门口的路灯坏了",
        "digest": "d1",
        "channel": Channel.TEXT,
        "grid": "g111",
        "reporter": ReporterOnLog(kind=ReporterKind.RESIDENT, ref="p1"),
    }
    return SubmitReport(**fields | changes)


def opened_case() -> Story[State]:
    return given(DECIDER).when(report()).happens()


def rejection(story: Story[State]) -> str:
    assert isinstance(story.decision, Reply), story.decision
    (notice,) = story.decision.notices
    assert isinstance(notice.data, ReportRejected)
    assert (notice.topic, notice.key) == ("reports.rejected", "r1")
    return notice.data.reason


def test_a_report_opens_a_case_whose_category_follows_from_its_words() -> None:
    given(DECIDER).when(report()).then(
        Opened,
        category="street-lights",
        category_by="rule",
        category_why=("路灯",),
        area="g111",
        area_level="grid",
        service=Service.SENTIMENT,
        urgency=Urgency.NORMAL,
    )


def test_a_given_category_is_kept_whatever_the_words_say() -> None:
    given(DECIDER).when(report(category="land")).then(Opened, category="land", category_by="given")


def test_words_that_say_nothing_leave_the_category_open() -> None:
    given(DECIDER).when(report(text="你好")).then(Opened, category=None, category_by="unsure")


def test_a_voice_report_is_understood_by_its_transcript() -> None:
    spoken = {"uri": "demo://1", "media_type": "audio/amr", "transcript": "路面破损,快修"}
    story = given(DECIDER).when(report(text="听语音", attachments=(spoken,)))
    story.then(Opened, category="potholes")


def test_emergency_words_make_an_emergency_unless_the_sender_says_otherwise() -> None:
    given(DECIDER).when(report(text="路边塌方")).then(Opened, urgency=Urgency.EMERGENCY)
    calm = report(text="路边塌方", urgency=Urgency.NORMAL)
    given(DECIDER).when(calm).then(Opened, urgency=Urgency.NORMAL)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"grid": "g999"}, "g999"),
        ({"category": "moon-landing"}, "unknown category 'moon-landing'"),
        ({"submitted_at": datetime(1970, 1, 1, tzinfo=UTC)}, "is before 2000-01-01"),
        ({"submitted_at": datetime(2099, 1, 1, tzinfo=UTC)}, "lies in the future"),
    ],
)
def test_what_cannot_be_is_rejected_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    assert reason in rejection(given(DECIDER).when(report(**changes)))


def test_clocks_may_differ_by_a_day() -> None:
    given(DECIDER).when(report(submitted_at=START + timedelta(hours=23))).then(Opened)


def test_the_same_report_again_is_no_news() -> None:
    opened_case().when(report()).then(None)


def test_another_content_under_the_same_id_is_rejected_and_changes_nothing() -> None:
    story = opened_case()
    before = story.state
    assert "used before" in rejection(story.when(report(digest="d2", text="别的事")))
    assert story.state == before


def test_the_case_is_closed_by_silence_after_as_long_as_the_rules_of_that_time_say() -> None:
    given(DECIDER).when(report()).then(Opened, closes_after_days=7)


def confirm(**changes: Any) -> ConfirmReport:
    decision = TriageDecision(
        case_id=CASE, decision_id="k1", at=START, by="officer", action=Verdict.CONFIRM, **changes
    )
    return ConfirmReport(origin="triage.decisions", received_at=START, decision=decision)


def test_an_officer_confirms_what_was_understood() -> None:
    opened_case().when(confirm()).then(Confirmed, category="street-lights", changed=False)


def test_an_officer_puts_right_what_was_misunderstood() -> None:
    story = opened_case().when(confirm(category="land", grid="g211"))
    story.then(Confirmed, category="land", area="g211", changed=True)
    assert story.happens().state.category == "land"


def test_a_confirmation_of_an_unknown_case_leaves_nothing() -> None:
    answer = given(DECIDER).when(confirm()).decision
    assert answer == Reply(unheard="nothing to confirm: the case is new")


# ── the classifier's suggestion ──────────────────────────────────────────────────────────────


def suggestion(label: str, sure: bool = True) -> SuggestedCategory:
    return SuggestedCategory(label=label, chance=0.99, sure=sure, because=("地界",), model="m1")


def test_where_no_rule_knows_the_words_the_classifier_speaks() -> None:
    story = given(DECIDER).when(report(text="你好", suggestion=suggestion("land")))
    story.then(
        Opened,
        category="land",
        category_by="classifier",
        category_why=("地界",),
        category_chance=0.99,
        category_model="m1",
    )


def test_a_classifier_that_is_not_sure_gives_a_best_guess_and_a_person_is_asked() -> None:
    story = given(DECIDER).when(report(text="你好", suggestion=suggestion("land", sure=False)))
    story.then(Opened, category="land", category_by="unsure")


def test_a_label_may_be_the_name_of_a_category() -> None:
    story = given(DECIDER).when(report(text="你好", suggestion=suggestion("土地纠纷")))
    story.then(Opened, category="land", category_by="classifier")


def test_a_label_that_these_rules_do_not_know_says_nothing() -> None:
    story = given(DECIDER).when(report(text="你好", suggestion=suggestion("moon-landing")))
    story.then(Opened, category=None, category_by="unsure", category_model=None)


def test_a_rule_and_a_classifier_sure_of_something_else_make_a_doubt() -> None:
    given(DECIDER).when(report(suggestion=suggestion("land"))).then(
        Opened, category="street-lights", category_by="unsure"
    )
    for agreeing in (suggestion("roads"), suggestion("land", sure=False)):
        given(DECIDER).when(report(suggestion=agreeing)).then(Opened, category_by="rule")
