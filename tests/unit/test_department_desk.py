"""The department's board: what it shows of what it was told, and what a typed line means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from lab.board import Board
from lab.department_desk import Said, understood, update_of
from schemas import outputs
from schemas.envelope import Message
from schemas.inputs import Action
from schemas.reference import DeadlineKind, Level, Service, Urgency
from tests.story import START, moment

ONE, TWO = "aaaa-1", "bbbb-2"


def message(data: Any) -> Message[Any]:
    return Message("m", "/services/router", data.case_id, moment(), data)


def created(case: str = ONE, at: datetime = START, **more: Any) -> Message[Any]:
    usual: dict[str, Any] = {
        "case_id": case, "holding": "e2", "at": at, "role": "lead", "lead": "housing",
        "level": Level.TOWN, "area": "g111", "category": "roads", "service": Service.SENTIMENT,
        "urgency": Urgency.NORMAL, "text": "a hole", "why": "Rule roads.",
    }  # fmt: skip
    return message(outputs.AssignmentCreated(**usual | more))


def changed(event: str, case: str = ONE, **more: Any) -> Message[Any]:
    return message(outputs.AssignmentChanged(case_id=case, at=moment(1), event=event, **more))


def board(*messages: Message[Any]) -> Board:
    found = Board("housing")
    for each in messages:
        found.hear(each)
    return found


def test_an_assignment_is_a_line_until_it_is_taken_away() -> None:
    assert list(board(created()).lines) == [ONE]
    gone = message(outputs.AssignmentRevoked(case_id=ONE, at=moment(2), reason="x"))
    assert board(created(), gone).lines == {}


@pytest.mark.parametrize("event", ["case.resolved.v1", "case.closed.v1"])
def test_what_is_done_leaves_the_board(event: str) -> None:
    assert board(created(), changed(event)).lines == {}


def test_the_next_deadline_is_shown_and_what_is_due_first_stands_first() -> None:
    due = {"resolve": moment(9), "sign": moment(2)}
    found = board(created(), created(TWO), changed("case.deadline-set.v1", TWO, deadlines=due))
    assert [line.case for line in found.in_order()] == [ONE, TWO]  # reported before it is due
    assert found.lines[TWO].due == moment(2) and found.lines[TWO].due_kind == "sign"


def test_what_is_late_stands_first() -> None:
    late = outputs.AssignmentOverdue(
        case_id=TWO, at=moment(3), kind=DeadlineKind.SIGN, due=moment(2)
    )
    assert board(created(), created(TWO), message(late)).in_order()[0].case == TWO


def test_a_refusal_is_kept_with_its_reason() -> None:
    word = outputs.UpdateRefusal(case_id=ONE, at=moment(), action="return", reason="no reason")
    found = board(created(), message(word))
    assert found.refused == ["return on aaaa-1: no reason"]
    assert found.lines[ONE].news == "refused return"


def test_a_message_that_is_repeated_changes_nothing() -> None:
    due = changed("case.deadline-set.v1", deadlines={"sign": moment(2)})
    assert board(created(), due, due) == board(created(), due)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sign 1", Said(Action.SIGN, ONE, "")),
        ("return aaaa not-ours", Said(Action.RETURN, ONE, "not-ours")),
        ("resolve bbbb-2 the roof is mended", Said(Action.RESOLVE, TWO, "the roof is mended")),
    ],
)
def test_a_typed_line_names_an_action_a_case_and_words(line: str, said: Said) -> None:
    assert understood(line, board(created(), created(TWO, moment(1)))) == said


@pytest.mark.parametrize(
    ("line", "why"),
    [("hello 1", "none of: sign"), ("sign 9", "which case?"), ("sign", "which case?")],
)
def test_a_line_that_says_nothing_is_answered(line: str, why: str) -> None:
    answer = understood(line, board(created()))
    assert isinstance(answer, str) and why in answer


def test_words_are_a_reason_a_time_or_a_result() -> None:
    at = moment(1)
    assert update_of(Said(Action.RETURN, ONE, "not-ours"), "me", at).reason == "not-ours"
    assert update_of(Said(Action.RESOLVE, ONE, "done"), "me", at).result == "done"
    extend = update_of(Said(Action.EXTEND, ONE, moment(9).isoformat()), "me", at)
    assert extend.until == moment(9)
    with pytest.raises(ValidationError):
        update_of(Said(Action.EXTEND, ONE, "tomorrow"), "me", at)
