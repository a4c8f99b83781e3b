"""What a department says about a case: an event, a refusal on the log, or a word to it alone.

    submit-update ─┬─ never held the case, or no such case ─► told so alone; the log hears nothing
                   ├─ not the lead now, status, or a field ─► update-refused, with the reason
                   ├─ a helper, about its own part ─────────► part-signed, part-done
                   └─ else ─────────────────────────────────► signed, returned, … resolved

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
from services.router.joint import answer_helper, open_parts, whistle
from services.router.mediation import pass_up, unrecorded, unsettled
from services.router.state import State

EVENT_OF: Mapping[Action, type[DepartmentEvent]] = {
    Action.SIGN: Signed,
    Action.RETURN: Returned,
    Action.PAUSE: Paused,
    Action.RESUME: Resumed,
    Action.EXTEND: ExtensionRequested,
    Action.RESOLVE: Resolved,
    Action.FEEDBACK: FeedbackGiven,
    Action.ANSWER_SUPERVISION: Progressed,
}
"""What the lead says in so many words. Actions without an event are not open yet."""

STRANGER = "this department holds no such case and never did"
SIGN_FIRST = frozenset({Action.PROGRESS, Action.PAUSE, Action.ANSWER_SUPERVISION})


def answer_update(
    state: State, cause: Message[SubmitUpdate], rules: Rulebook
) -> DepartmentEvent | Reply:
    command = cause.data
    if not state.ever_held(command.department):
        return _turn_away(cause, rules)
    said = _said(state, command)
    answer = _answer(state, cause, said, rules)
    return answer if isinstance(answer, DepartmentEvent) else _refused(command, said, answer)


def _answer(
    state: State, cause: Message[SubmitUpdate], said: dict[str, Any], rules: Rulebook
) -> DepartmentEvent | str:
    """The event, or why it cannot be."""
    department, update = cause.data.department, cause.data.update
    if department in state.now.helpers and department != state.lead:
        found = answer_helper(state, department, update.action, said)
    elif department != state.lead:
        return "this department does not hold the case any more"
    else:
        found = _of_the_lead(state, update, said, cause.time, rules)
    if isinstance(found, str):
        return found
    return (
        _not_now(state, update.action, found)
        or _lacking(state, update, cause.time, rules)
        or _asked_before(state, found)
        or _asked_late(state, found, cause.time)
        or found
    )


def _of_the_lead(
    state: State, update: Update, said: dict[str, Any], now: datetime, rules: Rulebook
) -> DepartmentEvent | str:
    match update.action:
        case Action.WHISTLE:
            return whistle(state, said, update.teams, now, rules)
        case Action.PASS_UP:
            return pass_up(state, said, rules)
        case Action.PROGRESS:
            return Progressed(**said, major=update.major)
        case Action.PART_DONE:
            return "this department leads: it says `resolve`, and parts are its helpers'"
    event = EVENT_OF.get(update.action)
    return event(**said) if event else "this action is not open yet"


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
        "settlement": update.settlement,
        "deliberation": update.deliberation,
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


def _not_now(state: State, action: Action, answer: DepartmentEvent) -> str | None:
    if void_because(state.standing, answer) is None:
        return None
    if state.standing.status is Status.ASSIGNED and action in SIGN_FIRST:
        return "sign first"
    return f"`{action}` is not possible while the case is {state.standing.status}"


def _lacking(state: State, update: Update, now: datetime, rules: Rulebook) -> str | None:
    """What the update should say and does not, or what should come before it."""
    match update.action:
        case Action.RETURN:
            return _unlisted("return", update.reason, rules.reference.return_reasons)
        case Action.PAUSE:
            return _unlisted("pause", update.reason, rules.reference.pause_reasons)
        case Action.RESUME:
            return unrecorded(state, update, rules)
        case Action.RESOLVE:
            return (
                _wordless("resolve", "what was done", update.result)
                or unsettled(state, update, rules)
                or unrecorded(state, update, rules)
                or open_parts(state)
                or _unreviewed(state)
            )
        case Action.FEEDBACK:
            return _wordless("feedback", "the words for the reporter", update.result)
        case Action.PART_DONE:
            return _wordless("part-done", "what was done", update.result)
        case Action.WHISTLE:
            return None if update.reason else "`whistle` needs a `reason`: what help is needed for"
        case Action.EXTEND:
            later = update.until is not None and update.until > now
            return None if later else "`extend` needs `until`, a time yet to come"
        case Action.ANSWER_SUPERVISION:
            return _wordless(
                "answer-supervision", "why it is late, and what follows", update.result
            )
        case Action.SIGN | Action.PROGRESS | Action.PASS_UP:
            return None
        case _:
            assert_never(update.action)


def _unreviewed(state: State) -> str | None:
    if not state.review_needed:
        return None
    return "a legal review comes first: an officer gives it (`legal_review`)"


def _unlisted(
    action: str, reason: str | None, listed: Iterable[PauseReason | ReturnReason]
) -> str | None:
    codes = [row.code for row in listed]
    if reason in codes:
        return None
    return f"`{action}` needs a `reason` out of: {', '.join(codes) or 'none are listed'}"


def _wordless(action: str, what: str, result: str | None) -> str | None:
    return None if result and result.strip() else f"`{action}` needs a `result`: {what}"


def _asked_late(state: State, answer: DepartmentEvent, now: datetime) -> str | None:
    """What is late stays late. While the clock stands still nothing becomes late."""
    if not isinstance(answer, ExtensionRequested) or state.due is None:
        return None
    if now <= state.due or state.standing.status is Status.PAUSED:
        return None
    return f"an extension is asked for before the deadline, which was {state.due.isoformat()}"


def _asked_before(state: State, answer: DepartmentEvent) -> str | None:
    """An extension is asked for once; a second question while one is open would change, under the
    officer's hands, what is being granted."""
    if not isinstance(answer, ExtensionRequested) or state.extension is None:
        return None
    return "an extension was asked for already, and it is granted once"
