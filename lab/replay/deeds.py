"""What people did, read back from the log: an event that answers a person's word carries the word.

    signed, returned, resolved …, update-refused ─► submit-update    confirmed ─► confirm-report
    corrected, extended, withdrawn …             ─► submit-decision  rated     ─► submit-rating

The rule to remember: **what the log does not carry is not made up**: reports (their words are masked
there), merges and joins (they take two cases) and refused decisions have no command; they stay events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas import events
from schemas.commands import Command, ConfirmReport, SubmitDecision, SubmitRating, SubmitUpdate
from schemas.envelope import Message
from schemas.events import AssignedBecause, DecisionEvent, DepartmentEvent
from schemas.inputs import Action, Rating, TriageDecision, Update, Verdict

ORIGIN = "case.events"
ACTIONS: Mapping[type[DepartmentEvent], Action] = {
    events.Signed: Action.SIGN,
    events.Returned: Action.RETURN,
    events.Progressed: Action.PROGRESS,
    events.Paused: Action.PAUSE,
    events.Resumed: Action.RESUME,
    events.ExtensionRequested: Action.EXTEND,
    events.Resolved: Action.RESOLVE,
    events.FeedbackGiven: Action.FEEDBACK,
    events.Whistled: Action.WHISTLE,
    events.PartSigned: Action.SIGN,
    events.PartDone: Action.PART_DONE,
    events.MediationFailed: Action.PASS_UP,
}
VERDICTS: Mapping[type[DecisionEvent], Verdict] = {
    events.Extended: Verdict.GRANT_EXTENSION,
    events.Corrected: Verdict.CORRECT,
    events.PartExcused: Verdict.EXCUSE_PART,
    events.Reviewed: Verdict.LEGAL_REVIEW,
    events.Merging: Verdict.MERGE,
    events.Unmerged: Verdict.UNMERGE,
}
HOW = {"rejected": Verdict.REJECT, "withdrawn": Verdict.WITHDRAW, "closed": Verdict.CLOSE}
IN_TRIAGE = re.compile(
    r"(?P<by>.*?) chose (?P<unit>\S+) in triage \(decision (?P<decision>.*?)\)(?:: (?P<why>.*))?\.",
    re.DOTALL,
)
"""How an officer's assignment says who decided it (`services.router.decisions`)."""


def command_of(event: Message[Any]) -> Message[Command] | None:
    """The command that the event answers, under the id that it had; None where the log does not
    carry it."""
    data = _data(event)
    if data is None or event.causationid is None:
        return None
    service = event.source.rpartition("/")[2]
    return Message(event.causationid, f"/services/{service}", event.subject, event.time, data)


def _data(event: Message[Any]) -> Command | None:
    origin = {"origin": ORIGIN, "received_at": event.time}
    match event.data:
        case DepartmentEvent() as said:
            update = _update(event.subject, said)
            if update is None:
                return None
            return SubmitUpdate(**origin, department=said.department, update=update)
        case events.Confirmed() as told:
            decision = TriageDecision(
                case_id=event.subject,
                decision_id=told.decision_id,
                at=event.time,
                by=told.by,
                action=Verdict.CONFIRM,
                category=told.category,
                grid=told.area,
            )
            return ConfirmReport(**origin, decision=decision)
        case DecisionEvent() | events.Assigned() as decided:
            verdict = _verdict(event.subject, decided, event)
            return SubmitDecision(**origin, decision=verdict) if verdict else None
        case events.Rated() as rated:
            return SubmitRating(**origin, rating=_rating(event.subject, rated), rater=rated.rater)
        case _:
            return None


def _update(case: str, said: DepartmentEvent) -> Update | None:
    action = said.action if isinstance(said, events.UpdateRefused) else ACTIONS[type(said)]
    if action is Action.WHISTLE and not said.reason:
        return None  # an officer's, who need not say why
    return Update(
        update_id=said.update_id,
        case_id=case,
        action=action,
        at=said.at,
        by=said.by,
        reason=said.reason,
        result=said.result,
        evidence=said.evidence,
        until=said.until,
        teams=getattr(said, "called", ()),
        major=getattr(said, "major", False),
        settlement=said.settlement,
        deliberation=said.deliberation,
    )


def _verdict(
    case: str, decided: DecisionEvent | events.Assigned, event: Message[Any]
) -> TriageDecision | None:
    if isinstance(decided, events.Assigned):
        return _chosen(case, decided, event)
    if isinstance(decided, events.Withdrawn):
        action: Verdict | None = HOW[decided.how]
    else:
        action = VERDICTS.get(type(decided))
    if action is None:
        return None
    return TriageDecision(
        case_id=case,
        decision_id=decided.decision_id,
        at=decided.at,
        by=decided.by,
        action=action,
        reason=decided.reason,
        department=getattr(decided, "department", None),
        category=getattr(decided, "category", None),
        grid=getattr(decided, "area", None),
        into=getattr(decided, "into", None),
        outcome=getattr(decided, "outcome", "approved"),
    )


def _chosen(case: str, assigned: events.Assigned, event: Message[Any]) -> TriageDecision | None:
    said = IN_TRIAGE.fullmatch(assigned.why)
    if assigned.because is not AssignedBecause.TRIAGE or said is None:
        return None
    return TriageDecision(
        case_id=case,
        decision_id=said["decision"],
        at=event.time,
        by=said["by"],
        action=Verdict.ASSIGN,
        department=assigned.lead,
        reason=said["why"],
    )


def _rating(case: str, rated: events.Rated) -> Rating:
    return Rating(
        case_id=case,
        rating_id=rated.rating_id,
        at=rated.at,
        by=rated.by,
        stars=rated.stars,
        solved=rated.solved,
        comment=rated.comment,
    )
