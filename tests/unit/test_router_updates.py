"""What departments may say: the present lead moves the case, everyone else is told why not."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events
from schemas.events import UpdateRefused
from schemas.inputs import Action, Attachment
from schemas.outputs import UpdateRefusal
from schemas.reference import DeadlineKind
from services.decider import Notice, Reply
from services.router.domain import DECIDER, State
from services.router.updates import STRANGER
from tests.story import CASE, START, Story, given, moment
from tests.unit.router_words import (
    COUNTY,
    TOWN,
    VC,
    a_case,
    a_case_in_triage,
    a_held_case,
    a_resolved_case,
    assigned,
    ruled,
    said,
    update,
)

LATER = moment(99)
PHOTO = Attachment(uri="s3://photos/1.jpg", media_type="image/jpeg")


def asked_for_more(story: Story[State] | None = None) -> Story[State]:
    return (story or a_held_case()).and_(said(events.ExtensionRequested, "e2", until=LATER))


@pytest.mark.parametrize(
    ("action", "fields", "event"),
    [
        (Action.RETURN, {"reason": "not-ours"}, events.Returned),
        (Action.PROGRESS, {"result": "gravel ordered"}, events.Progressed),
        (Action.PAUSE, {"reason": "weather"}, events.Paused),
        (Action.EXTEND, {"until": LATER, "reason": "rain"}, events.ExtensionRequested),
        (Action.RESOLVE, {"result": "filled in", "evidence": (PHOTO,)}, events.Resolved),
        (Action.FEEDBACK, {"result": "tomorrow at nine"}, events.FeedbackGiven),
        (Action.ANSWER_SUPERVISION, {"result": "parts come on Friday"}, events.Progressed),
    ],
)
def test_the_lead_of_a_signed_case_may_say(
    action: Action, fields: dict[str, Any], event: type[events.DepartmentEvent]
) -> None:
    story = a_held_case().when(update(action, **fields))
    story.then(event, holding="e2", department=VC, update_id="u1", by="clerk", at=START, **fields)


def test_a_department_signs_what_it_was_assigned() -> None:
    a_case(assigned()).when(update(Action.SIGN)).then(events.Signed, holding="e2")


def test_resolve_implies_sign() -> None:
    story = a_case(assigned()).when(update(Action.RESOLVE, result="filled in"))
    story.then(events.Resolved)


def test_a_paused_case_is_resumed() -> None:
    paused = said(events.Paused, "e2", reason="weather")
    a_held_case(paused).when(update(Action.RESUME)).then(events.Resumed)


def test_the_reporter_may_hear_more_after_the_end() -> None:
    a_resolved_case().when(update(Action.FEEDBACK, result="thanks")).then(events.FeedbackGiven)


# ── refused, with the reason ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("action", "fields", "refusal"),
    [
        (Action.RETURN, {}, "`return` needs a `reason` out of: not-ours, wrong-place"),
        (
            Action.PAUSE,
            {"reason": "tired"},
            "`pause` needs a `reason` out of: weather, waiting-for-reporter",
        ),
        (Action.RESOLVE, {"result": "  "}, "`resolve` needs a `result`: what was done"),
        (Action.FEEDBACK, {}, "`feedback` needs a `result`: the words for the reporter"),
        (Action.EXTEND, {}, "`extend` needs `until`, a time yet to come"),
        (Action.EXTEND, {"until": START}, "`extend` needs `until`, a time yet to come"),
        (Action.SIGN, {}, "`sign` is not possible while the case is signed"),
        (Action.RESUME, {}, "`resume` is not possible while the case is signed"),
        (
            Action.PART_DONE,
            {},
            "this department leads: it says `resolve`, and parts are its helpers'",
        ),
        (Action.WHISTLE, {}, "`whistle` needs a `reason`: what help is needed for"),
        (
            Action.PASS_UP,
            {},
            "only disputes are passed up: what is not yours is returned (`return`)",
        ),
        (
            Action.ANSWER_SUPERVISION,
            {},
            "`answer-supervision` needs a `result`: why it is late, and what follows",
        ),
    ],
)
def test_the_lead_is_refused_with_a_reason(
    action: Action, fields: dict[str, Any], refusal: str
) -> None:
    story = a_held_case().when(update(action, **fields))
    story.then(UpdateRefused, action=action, refusal=refusal, department=VC, holding="e2")


@pytest.mark.parametrize("action", [Action.PROGRESS, Action.PAUSE])
def test_sign_comes_first(action: Action) -> None:
    story = a_case(assigned()).when(update(action, reason="weather"))
    story.then(UpdateRefused, refusal="sign first")


def test_a_department_that_assists_does_not_answer_for_the_case() -> None:
    story = a_case(assigned(TOWN, assist=(VC,))).when(update(Action.RESOLVE))
    story.then(UpdateRefused, refusal="this department assists; the lead answers for the case")


def test_a_department_that_once_held_the_case_may_not_touch_it() -> None:
    back = said(events.Returned, "e2", reason="not-ours")
    gone = "this department does not hold the case any more"
    story = a_case(assigned(), back, assigned(TOWN, "e3"))
    story.when(update(Action.RESOLVE, result="x")).then(UpdateRefused, refusal=gone, holding="e4")


def test_nobody_signs_a_case_that_waits() -> None:
    asked = events.TriageRequested(holding="e2", reason="a person decides")
    story = a_case(assigned(), asked).when(update(Action.SIGN))
    story.then(UpdateRefused, holding="e3")


def test_a_late_update_to_an_ended_case_is_refused() -> None:
    gone = ruled(events.Withdrawn, how="withdrawn")
    story = a_held_case(gone).when(update(Action.PROGRESS))
    story.then(UpdateRefused, refusal="`progress` is not possible while the case is withdrawn")


def test_an_extension_is_asked_for_once() -> None:
    story = asked_for_more().when(update(Action.EXTEND, until=moment(120)))
    story.then(UpdateRefused, refusal="an extension was asked for already, and it is granted once")


def test_the_next_holder_may_ask_for_an_extension_of_its_own() -> None:
    story = asked_for_more().and_(assigned(TOWN, "e2"))
    story.when(update(Action.EXTEND, TOWN, until=LATER)).then(events.ExtensionRequested)


def due_in_eight_hours(holding: str = "e2") -> events.DeadlineSet:
    deadline = events.Deadline(
        kind=DeadlineKind.RESOLVE, started=START, due=moment(8), duration="8h", policy="usual"
    )
    return events.DeadlineSet(holding=holding, deadlines=(deadline,), why="a clock of its own")


def test_an_extension_is_asked_for_before_the_deadline() -> None:
    more = update(Action.EXTEND, until=LATER)
    story = a_held_case(due_in_eight_hours())
    story.when(more, at=moment(8)).then(events.ExtensionRequested)
    late = f"an extension is asked for before the deadline, which was {moment(8).isoformat()}"
    story.when(more, at=moment(8, seconds=1)).then(UpdateRefused, refusal=late)


def test_in_a_pause_nothing_is_late_and_an_extension_may_be_asked_for() -> None:
    story = a_held_case(due_in_eight_hours(), said(events.Paused, "e2", reason="weather"))
    story.when(update(Action.EXTEND, until=LATER), at=moment(9)).then(events.ExtensionRequested)


def test_the_deadline_of_one_holder_is_not_the_next_ones() -> None:
    story = a_held_case(due_in_eight_hours(), assigned(TOWN, "e2"))
    asked = update(Action.EXTEND, TOWN, until=LATER)
    story.when(asked, at=moment(9)).then(events.ExtensionRequested)


# ── strangers ────────────────────────────────────────────────────────────────────────────────


def turned_away(story: Story[State], sender: str = TOWN) -> tuple[Notice, ...]:
    story.when(update(Action.RESOLVE, sender, result="x"), at=START)
    assert isinstance(story.decision, Reply), "nothing may be left on the log"
    return story.decision.notices


def test_a_department_that_never_held_the_case_is_told_so_alone() -> None:
    word = UpdateRefusal(case_id=CASE, at=START, update_id="u1", action="resolve", reason=STRANGER)
    assert turned_away(a_held_case()) == (Notice(f"assignments.{TOWN}", CASE, word),)


def test_a_stranger_learns_nothing_not_even_whether_the_case_exists() -> None:
    stories = (given(DECIDER), a_case(), a_case_in_triage(), a_held_case(), a_resolved_case())
    answers = {str(turned_away(story)) for story in stories}
    assert len(answers) == 1


def test_a_sender_without_a_topic_gets_no_word() -> None:
    assert turned_away(a_held_case(), "no-such") == ()


def test_a_department_of_another_village_is_a_stranger() -> None:
    assert turned_away(a_held_case(), "vc-v12")
    assert turned_away(a_held_case(), COUNTY)
