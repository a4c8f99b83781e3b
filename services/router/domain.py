"""The router: which department has each case, and what departments and officers may say about it.

    opened, returned, escalated, reopened, confirmed, corrected ─► assigned | triage-requested
    submit-update   ─► signed, returned, progressed, … resolved | update-refused | a word alone
    submit-decision ─► assigned, corrected, extended, withdrawn | decision-refused

The rule to remember: **the most specific rule decides, and where none can, a person does**; no
case is dropped, and only its present lead moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from schemas.commands import SubmitDecision, SubmitUpdate
from schemas.envelope import Message, Payload
from schemas.events import (
    Assigned,
    AssignedBecause,
    Confirmed,
    Corrected,
    Escalated,
    Extended,
    ExtensionRequested,
    Opened,
    Reopened,
    ReportAdded,
    ReportParted,
    Returned,
    TriageRequested,
)
from schemas.rulebook import Rulebook
from services.decider import Cause, Decider, Decision, never_due
from services.router.decisions import answer_decision
from services.router.notices import notify
from services.router.placing import (
    after_correction,
    after_escalated,
    after_opened,
    after_reopened,
    after_returned,
)
from services.router.state import Extension, Holding, ReportRef, State
from services.router.updates import answer_update

__all__ = ["DECIDER", "State", "decide", "due", "evolve", "initial", "notify"]

ANSWERS: Mapping[type[Payload], Callable[[State, Message[Any], Rulebook], Decision]] = {
    Opened: after_opened,
    Returned: after_returned,
    Escalated: after_escalated,
    Reopened: after_reopened,
    Confirmed: after_correction,
    Corrected: after_correction,
    SubmitUpdate: answer_update,
    SubmitDecision: answer_decision,
}
"""What the router answers, and who in this folder does it. All else brings about nothing."""


def initial() -> State:
    return State()


def decide(state: State, cause: Cause, rules: Rulebook) -> Decision:
    answer = ANSWERS.get(type(cause.data))
    return answer(state, cause, rules) if answer else None


def evolve(state: State, event: Message[Any]) -> State:
    data = event.data
    match data:
        case Opened():
            return _open(state, data, event.id)
        case ReportAdded():
            return _join(_note(state, event.id), ReportRef(data.source, data.report_id))
        case ReportParted():
            parted = ReportRef(data.source, data.report_id)
            state = _note(state, event.id)
            return replace(state, reports=tuple(r for r in state.reports if r != parted))
        case Confirmed() | Corrected():
            return _understand(_note(state, event.id), data.category, data.area)
        case Assigned():
            return _assign(state, data, event.id)
        case Returned():
            return _give_back(state, data, event.id)
        case TriageRequested():
            state = _take_place(state, Holding(event.id))
            return replace(state, triage_reason=data.reason, triage_since=event.time)
        case Reopened():
            state = _take_place(state, replace(state.now, id=event.id))
            return replace(state, reopened=data.nth)
        case ExtensionRequested():
            return replace(state, extension=Extension(data.until) if data.until else None)
        case Extended():
            return replace(state, extension=Extension(data.until, granted=True))
        case _:
            return state


def _open(state: State, opened: Opened, id: str) -> State:
    return replace(
        state,
        reports=(ReportRef(opened.source, opened.report_id),),
        area=opened.area,
        category=opened.category,
        service=opened.service,
        urgency=opened.urgency,
        unsure=opened.category_by == "unsure" or not opened.area_certain,
        text=opened.text,
        attachments=opened.attachments,
        contact=opened.contact,
        now=Holding(id),
    )


def _join(state: State, report: ReportRef) -> State:
    if report in state.reports:
        return state
    return replace(state, reports=(*state.reports, report))


def _note(state: State, event_id: str) -> State:
    """Remember under which holding an event landed that names none."""
    return replace(state, under=state.under | {event_id: len(state.before)})


def _understand(state: State, category: str | None, area: str) -> State:
    """Who said "not ours" of another matter has said nothing of this one."""
    same = (category, area) == (state.category, state.area)
    returned_by = state.returned_by if same else ()
    return replace(state, category=category, area=area, unsure=False, returned_by=returned_by)


def _take_place(state: State, holding: Holding) -> State:
    """A new line in the ledger; what was asked of the last holder went with it."""
    return replace(
        state,
        now=holding,
        before=state.ledger,
        extension=None,
        triage_reason=None,
        triage_since=None,
    )


def _assign(state: State, data: Assigned, id: str) -> State:
    holding = Holding(id, data.lead, data.assist, data.level, data.rule)
    final = state.triage_final or data.because is AssignedBecause.TRIAGE
    return replace(_take_place(state, holding), triage_final=final)


def _give_back(state: State, data: Returned, id: str) -> State:
    waiting = Holding(id, assist=state.now.assist)
    return replace(
        _take_place(state, waiting),
        returns=state.returns + 1,
        returned_by=tuple(dict.fromkeys((*state.returned_by, data.department))),
    )


due = never_due

DECIDER = Decider(
    service="router",
    initial=initial,
    decide=decide,
    evolve=evolve,
    notify=notify,
    due=due,
)
