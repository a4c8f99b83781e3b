"""The router: which department has each case, and what departments and officers may say about it.

    opened, returned, escalated, reopened, confirmed, corrected ─► assigned | triage-requested
    submit-update   ─► signed, returned, progressed, … resolved | update-refused | a word alone
    submit-decision ─► assigned, corrected, extended, withdrawn … | decision-refused
    adopt-case, answer-merge ─► adopted | adoption-refused, merged | merge-refused
    hand-over       ─► assigned to the heir | triage-requested
    time            ─► whistle-missed

The rule to remember: **the most specific rule decides, and where none can, a person does**; no
case is dropped, and only its present lead moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.commands import AdoptCase, AnswerMerge, HandOver, SubmitDecision, SubmitUpdate
from schemas.envelope import Message, Payload
from schemas.events import (
    CaseEvent,
    Confirmed,
    Corrected,
    Escalated,
    MediationFailed,
    Opened,
    Reopened,
    Returned,
    Unmerged,
)
from schemas.rulebook import Rulebook
from services.decider import Cause, Decider, Decision, Tick
from services.router.decisions import answer_decision
from services.router.folding import evolve
from services.router.joint import after_tick, due
from services.router.labels import labels
from services.router.merging import answer_adoption, answer_merge
from services.router.notices import notify, opens
from services.router.placing import (
    after_correction,
    after_escalated,
    after_mediation_failed,
    after_opened,
    after_reopened,
    after_returned,
    after_unmerged,
    hand_over,
)
from services.router.state import State
from services.router.updates import answer_update

__all__ = ["DECIDER", "State", "decide", "due", "evolve", "initial", "notify"]

ANSWERS: Mapping[type[Payload], Callable[[State, Message[Any], Rulebook], Decision]] = {
    Opened: after_opened,
    Returned: after_returned,
    Escalated: after_escalated,
    MediationFailed: after_mediation_failed,
    Reopened: after_reopened,
    Unmerged: after_unmerged,
    Confirmed: after_correction,
    Corrected: after_correction,
    SubmitUpdate: answer_update,
    SubmitDecision: answer_decision,
    AdoptCase: answer_adoption,
    AnswerMerge: answer_merge,
    HandOver: hand_over,
    Tick: after_tick,
}
"""What the router answers, and who in this folder does it. All else brings about nothing."""


def initial() -> State:
    return State()


def decide(state: State, cause: Cause, rules: Rulebook) -> Decision:
    answer = ANSWERS.get(type(cause.data))
    return answer(state, cause, rules) if answer else None


DECIDER = Decider(
    service="router",
    initial=initial,
    decide=decide,
    evolve=evolve,
    notify=notify,
    due=due,
    opens=opens,
    labels=labels,
    revision=2,
    answers=frozenset(cause for cause in ANSWERS if issubclass(cause, CaseEvent)),
)
