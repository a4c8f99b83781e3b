"""What a department says about a case: an event, a refusal on the log, or a word to it alone.

    submit-update ─┬─ never held the case, or no such case ─► told so alone; the log hears nothing
                   ├─ not the lead now, status, or a field ─► update-refused, with the reason
                   └─ else ───────────────────────────────► signed, returned, … resolved

The rule to remember: **a stranger learns nothing**: a case that it never held and one that does not
exist get the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, assert_never

from schemas.commands import SubmitUpdate
from schemas.envelope import Message
from schemas.events import (
    DepartmentEvent,
    ExtensionRequested,
    FeedbackGiven,
    Paused,
    Progressed,
    Resolved,
    Resumed,
    Returned,
    Signed,
    UpdateRefused,
)
from schemas.inputs import Action, Update
from schemas.lifecycle import Status, void_because
from schemas.outputs import UpdateRefusal
from schemas.reference import PauseReason, ReturnReason
from schemas.rulebook import Rulebook
from schemas.topics import ASSIGNMENTS
from services.decider import Notice, Reply
from services.router.state import State

EVENT_OF: Mapping[Action, type[DepartmentEvent]] = {
    Action.SIGN: Signed,
    Action.RETURN: Returned,
    Action.PROGRESS: Progressed,
    Action.PAUSE: Paused,
    Action.RESUME: Resumed,
    Action.EXTEND: ExtensionRequested,
    Action.RESOLVE: Resolved,
    Action.FEEDBACK: FeedbackGiven,
    Action.ANSWER_SUPERVISION: Progressed,
}
"""Actions without an event are not open yet."""

STRANGER = "this department holds no such case and never did"
SIGN_FIRST = frozenset({Action.PROGRESS, Action.PAUSE, Action.ANSWER_SUPERVISION})


def answer_update(
    state: State, cause: Message[SubmitUpdate], rules: Rulebook
) -> DepartmentEvent | Reply:
    command = cause.data
    if not state.ever_held(command.department):
        return _turn_away(cause, rules)
    said = _said(state, command)
    event = EVENT_OF.get(command.update.action)
    if event is None:
        return _refused(command, said, "this action is not open yet")
    answer = event(**said)
    refusal = (
        _not_the_lead(state, command)
        or _not_now(state, command.update.action, answer)
        or _lacking(command.update, cause.time, rules)
        or _asked_before(state, answer)
    )
    return _refused(command, said, refusal) if refusal else answer


def _said(state: State, command: SubmitUpdate) -> dict[str, Any]:
    """What every event about an update carries."""
    update = command.update
    return {
        "holding": state.standing.holding,
        "department": command.department,
        "update_id": update.update_id,
        "by": update.by,
        "at": update.at,
        "reason": update.reason,
        "result": update.result,
        "evidence": update.evidence,
        "until": update.until,
    }


def _refused(command: SubmitUpdate, said: dict[str, Any], refusal: str) -> UpdateRefused:
    return UpdateRefused(action=command.update.action, refusal=refusal, **said)


def _turn_away(cause: Message[SubmitUpdate], rules: Rulebook) -> Reply:
    """Tell the sender alone; one that the rules do not know has no topic to be told on."""
    command = cause.data
    if rules.department(command.department) is None:
        return Reply(unheard=f"{command.origin}: the rules know no such department")
    word = UpdateRefusal(
        case_id=cause.subject,
        at=cause.time,
        update_id=command.update.update_id,
        action=command.update.action.value,
        reason=STRANGER,
    )
    return Reply((Notice(ASSIGNMENTS.of(command.department), cause.subject, word),))


def _not_the_lead(state: State, command: SubmitUpdate) -> str | None:
    if command.department == state.lead:
        return None
    if command.department in state.now.assist:
        return "this department assists; the lead answers for the case"
    return "this department does not hold the case any more"


def _not_now(state: State, action: Action, answer: DepartmentEvent) -> str | None:
    if void_because(state.standing, answer) is None:
        return None
    if state.standing.status is Status.ASSIGNED and action in SIGN_FIRST:
        return "sign first"
    return f"`{action}` is not possible while the case is {state.standing.status}"


def _lacking(update: Update, now: datetime, rules: Rulebook) -> str | None:
    """What the update should say and does not."""
    match update.action:
        case Action.RETURN:
            return _unlisted("return", update.reason, rules.reference.return_reasons)
        case Action.PAUSE:
            return _unlisted("pause", update.reason, rules.reference.pause_reasons)
        case Action.RESOLVE:
            return _wordless("resolve", "what was done", update.result)
        case Action.FEEDBACK:
            return _wordless("feedback", "the words for the reporter", update.result)
        case Action.EXTEND:
            later = update.until is not None and update.until > now
            return None if later else "`extend` needs `until`, a time yet to come"
        case Action.SIGN | Action.PROGRESS | Action.RESUME:
            return None
        case Action.ANSWER_SUPERVISION:
            return _wordless(
                "answer-supervision", "why it is late, and what follows", update.result
            )
        case Action.PART_DONE:
            return None
        case _:
            assert_never(update.action)


def _unlisted(
    action: str, reason: str | None, listed: Iterable[PauseReason | ReturnReason]
) -> str | None:
    codes = [row.code for row in listed]
    if reason in codes:
        return None
    return f"`{action}` needs a `reason` out of: {', '.join(codes) or 'none are listed'}"


def _wordless(action: str, what: str, result: str | None) -> str | None:
    return None if result and result.strip() else f"`{action}` needs a `result`: {what}"


def _asked_before(state: State, answer: DepartmentEvent) -> str | None:
    """An extension is asked for once; a second question while one is open would change, under the
    officer's hands, what is being granted."""
    if not isinstance(answer, ExtensionRequested) or state.extension is None:
        return None
    return "an extension was asked for already, and it is granted once"
