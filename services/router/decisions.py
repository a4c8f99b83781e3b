"""What a petition officer decides: an event, or a refusal on the log.

    submit-decision ─► assigned | corrected | extended | withdrawn | whistled | part-excused
                       | reviewed | merging | unmerged | decision-refused

The rule to remember: **triage's word is final**: where it sends a case, the case goes, and what
comes back from there comes back to triage.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias, assert_never

from schemas.commands import SubmitDecision
from schemas.envelope import Message
from schemas.events import (
    Assigned,
    AssignedBecause,
    CaseEvent,
    Corrected,
    DecisionRefused,
    Extended,
    Merging,
    PartExcused,
    Reviewed,
    Unmerged,
    Withdrawn,
)
from schemas.inputs import TriageDecision, Verdict
from schemas.lifecycle import HELD, Status, void_because
from schemas.rulebook import Rulebook
from services.decider import Reply
from services.router.joint import whistle
from services.router.merging import why_not_merge
from services.router.placing import first_step
from services.router.state import State

Answer: TypeAlias = CaseEvent | str
"""An event, or why the decision cannot be."""


def answer_decision(
    state: State, cause: Message[SubmitDecision], rules: Rulebook
) -> CaseEvent | Reply:
    """Triage has no topic of its own, so a decision about an unknown case is set aside."""
    if state.standing.status is Status.NEW:
        return Reply(unheard="there is no such case")
    decision = cause.data.decision
    answer = _answer(state, cause, rules)
    if isinstance(answer, CaseEvent) and void_because(state.standing, answer) is not None:
        answer = f"`{decision.action}` is not possible while the case is {state.standing.status}"
    if isinstance(answer, str):
        action = decision.action.value
        return DecisionRefused(action=action, refusal=answer, **_said(decision))
    return answer


def _answer(state: State, cause: Message[SubmitDecision], rules: Rulebook) -> Answer:
    decision = cause.data.decision
    match decision.action:
        case Verdict.ASSIGN:
            return _assign(state, decision, rules)
        case Verdict.CORRECT:
            return _correct(state, decision, rules)
        case Verdict.GRANT_EXTENSION:
            return _extend(state, decision, cause.time)
        case Verdict.REJECT | Verdict.WITHDRAW | Verdict.CLOSE:
            return _withdraw(decision)
        case Verdict.WHISTLE:
            return _whistle(state, decision, cause.time, rules)
        case Verdict.EXCUSE_PART:
            return _excuse(state, decision)
        case Verdict.LEGAL_REVIEW:
            return Reviewed(outcome=decision.outcome, **_said(decision))
        case Verdict.MERGE:
            refusal = why_not_merge(state, cause.subject, decision.into)
            return refusal or Merging(into=decision.into or "", **_said(decision))
        case Verdict.UNMERGE:
            if state.merged_into is None:
                return "it is merged into no other case"
            return Unmerged(into=state.merged_into, **_said(decision))
        case Verdict.CONFIRM:
            return "not supported here: intake answers `confirm`"
        case _:
            assert_never(decision.action)


def _said(decision: TriageDecision) -> dict[str, Any]:
    """What every event about a decision carries."""
    return {
        "decision_id": decision.decision_id,
        "by": decision.by,
        "at": decision.at,
        "reason": decision.reason,
    }


def _assign(state: State, decision: TriageDecision, rules: Rulebook) -> Answer:
    unit = rules.department(decision.department) if decision.department else None
    if unit is None:
        return "`assign` needs a `department` that the rules know"
    if state.standing.status in HELD and unit.code == state.lead:
        # A second assignment would give the holder a fresh clock for nothing.
        return "that department leads the case already"
    if unit.heir is not None:
        return f"{unit.code} is abolished; its heir is {unit.heir}"
    reason = f": {decision.reason}" if decision.reason else ""
    helpers = dict.fromkeys((*state.now.helpers, *state.parts))
    return Assigned(
        holding=state.standing.holding or "",
        lead=unit.code,
        assist=tuple(code for code in helpers if code != unit.code),
        level=unit.level,
        area=state.area,
        category=state.category,
        because=AssignedBecause.TRIAGE,
        parts=tuple(code for code in state.parts if code != unit.code),
        first_step=first_step(state, rules),
        wrong_return=unit.code in state.returned_by,
        why=f"{decision.by} chose {unit.code} in triage (decision {decision.decision_id}){reason}.",
    )


HOW: Mapping[Verdict, Literal["rejected", "withdrawn", "closed"]] = {
    Verdict.REJECT: "rejected",
    Verdict.WITHDRAW: "withdrawn",
    Verdict.CLOSE: "closed",
}


def _withdraw(decision: TriageDecision) -> Answer:
    """The reporter is told the reason: nobody is left without an answer."""
    if decision.action is not Verdict.WITHDRAW and not (decision.reason or "").strip():
        return f"`{decision.action}` needs a `reason`: the words for the reporter"
    return Withdrawn(how=HOW[decision.action], **_said(decision))


def _whistle(state: State, decision: TriageDecision, now: datetime, rules: Rulebook) -> Answer:
    """An officer whistles for the lead."""
    if state.lead is None:
        return "nobody leads the case, so there is nobody to help"
    said = {
        "holding": state.standing.holding,
        "department": state.lead,
        "update_id": decision.decision_id,
        "by": decision.by,
        "at": decision.at,
        "reason": decision.reason,
    }
    return whistle(state, said, (decision.department,) if decision.department else (), now, rules)


def _excuse(state: State, decision: TriageDecision) -> Answer:
    department = decision.department
    if department not in state.open_parts:
        return f"`excuse_part` needs a `department` with an open part: {_parts(state)}"
    return PartExcused(
        holding=state.standing.holding or "", department=department or "", **_said(decision)
    )


def _parts(state: State) -> str:
    return ", ".join(state.open_parts) or "there is none"


def _correct(state: State, decision: TriageDecision, rules: Rulebook) -> Answer:
    category = decision.category or state.category
    area = decision.grid or state.area
    if decision.category and not rules.is_known_category(decision.category):
        return "`correct` needs a `category` that the rules know"
    if decision.grid and rules.area(decision.grid) is None:
        return "`correct` needs a `grid` that the rules know"
    if (category, area) == (state.category, state.area):
        return "the case has that category and that place already"
    return Corrected(category=category, area=area, **_said(decision))


def _extend(state: State, decision: TriageDecision, now: datetime) -> Answer:
    asked = state.extension
    if asked is None:
        return "no extension was asked for"
    if asked.granted:
        return "an extension is granted once"
    if asked.until <= now:
        return "the time that was asked for has passed"
    return Extended(holding=state.standing.holding or "", until=asked.until, **_said(decision))
