"""What the router tells outsiders when an event has come back from the log.

    event ─┬─► assignments.<department>   all that concerns one department
           └─► reports.answered           how far the matter is, for each report of the case

The rule to remember: **a repeat says the same**. After a crash these functions are asked again, on
a state that may be far ahead; so they use the event's own fields, what never changes about a case,
and the ledger of holdings, in which the past stays as it was. (A report that joined meanwhile is
told as well; one that has parted since is not: its own case answers it.) Of the contact only the ciphertext is here: the shell opens it at the last moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from schemas import events, outputs
from schemas.commands import Sealed
from schemas.envelope import Message, Payload
from schemas.reference import DeadlineKind, Service
from schemas.topics import ASSIGNMENTS, REPORTS_ANSWERED
from services.decider import Notice
from services.router.merging import ask_adoption, tell_merged
from services.router.state import Holding, ReportRef, State

Teller = Callable[[State, Message[Any]], list[Notice]]
Stage = Literal["received", "assigned", "resolved", "result", "closed"]


def notify(state: State, event: Message[Any]) -> list[Notice]:
    return [notice for tell in TELLS.get(type(event.data), ()) for notice in tell(state, event)]


# ── to departments ───────────────────────────────────────────────────────────────────────────


def _to(
    department: str | None, event: Message[Any], word: outputs.AssignmentMessage
) -> list[Notice]:
    if department is None:
        return []
    return [Notice(ASSIGNMENTS.of(department), event.subject, word)]


def _about(event: Message[Any], holding: str | None) -> dict[str, Any]:
    return {"case_id": event.subject, "holding": holding, "at": event.time}


def _created(state: State, event: Message[events.Assigned]) -> list[Notice]:
    lead, assist = event.data.lead, event.data.assist
    return [
        *_to(lead, event, _assignment(state, event, "lead")),
        *(
            n
            for unit in assist
            for n in _to(unit, event, _assignment(state, event, "assist", unit))
        ),
    ]


def _assignment(
    state: State,
    event: Message[events.Assigned],
    role: Literal["lead", "assist"],
    unit: str | None = None,
) -> outputs.AssignmentCreated:
    assert state.service is not None, "an assigned case was opened"
    data = event.data
    return outputs.AssignmentCreated(
        **_about(event, event.id),
        role=role,
        lead=data.lead,
        level=data.level,
        area=data.area,
        category=data.category,
        service=state.service,
        urgency=state.urgency,
        text=state.text,
        attachments=state.attachments,
        why=data.why,
        part=unit in data.parts,
        first_step=data.first_step,
        legal_review=data.legal_review,
        wrong_return=data.wrong_return and role == "lead",
        sealed=_contact(state) if role == "lead" else None,
    )


def opens(state: State, event: Payload) -> bool:
    """Whether what is told of a decided event bears the contact."""
    return isinstance(event, events.Assigned) and _contact(state) is not None


def _called(state: State, event: Message[events.Whistled]) -> list[Notice]:
    """To each team that a whistle calls: what it is about, who calls, and by when to report. What
    is corrected after the whistle changes nothing: said again, it is the same word."""
    assert state.service is not None, "a case with a lead was opened"
    data = event.data
    holding = state.held_under(event)
    matter = holding if holding.area else state  # one that was stored before holdings knew it
    word = outputs.AssignmentCreated(
        **_about(event, data.holding),
        role="assist",
        lead=data.department,
        level=holding.level or data.from_level,
        area=matter.area,
        category=matter.category,
        service=state.service,
        urgency=state.urgency,
        text=state.text,
        attachments=state.attachments,
        why=f"{data.department} whistles: {data.reason}",
        part=True,
        report_by=data.due,
    )
    return [notice for unit in data.called for notice in _to(unit, event, word)]


def _missed(_state: State, event: Message[events.WhistleMissed]) -> list[Notice]:
    data = event.data
    word = outputs.AssignmentOverdue(
        **_about(event, data.holding), kind=DeadlineKind.SIGN, due=data.due
    )
    return _to(data.department, event, word)


def _contact(state: State) -> Sealed | None:
    """A whistle-blower's contact is opened for nobody."""
    return None if state.service is Service.VIOLATION else state.contact


def _revoked(state: State, event: Message[Any]) -> list[Notice]:
    """Whoever the last holding knew and this one does not."""
    ledger, place = state.ledger, state.place(event.id)
    last, present = ledger[place - 1], ledger[place]
    gone = [unit for unit in last.everybody if unit not in present.members]
    return _revoke(event, last, gone)


def _all_revoked(state: State, event: Message[Any]) -> list[Notice]:
    """The case ended, and nothing can change its holding any more."""
    holding = state.held_under(event)
    return _revoke(event, holding, holding.everybody)


def _revoke(event: Message[Any], last: Holding, gone: Iterable[str]) -> list[Notice]:
    word = outputs.AssignmentRevoked(**_about(event, last.id), reason=_gone_because(event.data))
    return [notice for unit in gone for notice in _to(unit, event, word)]


def _gone_because(data: Payload) -> str:
    match data:
        case events.Assigned():
            return f"{data.lead} leads now ({data.because})"
        case events.Returned():
            return f"{data.department} returned it ({data.reason})"
        case events.TriageRequested():
            return f"a person decides where it goes: {data.reason}"
        case events.Withdrawn():
            return f"the case was {data.how}"
        case events.Merged():
            return f"the case was merged into {data.into}"
        case _:
            raise TypeError(f"{data.TYPE} takes a case from nobody")


def _changed(state: State, event: Message[Any]) -> list[Notice]:
    """To the lead of the holding that the event concerns."""
    holding = state.held_under(event)
    word = outputs.AssignmentChanged(
        **_about(event, holding.id), event=event.type, words=_words(event.data)
    )
    return _to(holding.lead, event, word)


def _words(data: Payload) -> str | None:
    match data:
        case events.ReportAdded():
            return data.text
        case events.Confirmed() | events.Corrected():
            return f"category {data.category}, area {data.area}"
        case events.Extended():
            return f"until {data.until.isoformat()}"
        case events.Rated():
            return _verdict(data)
        case events.WhistleMissed():
            return f"{data.department} was called and has not reported"
        case events.PartSigned() | events.PartDone():
            return ": ".join(word for word in (data.department, data.result) if word)
        case events.PartExcused():
            return f"{data.department} is excused"
        case events.Reviewed():
            return ": ".join(word for word in (data.outcome, data.reason) if word)
        case events.Adopted():
            return f"{len(data.reports)} more reports, of case {data.from_case}"
        case events.DepartmentEvent():
            return data.reason
        case _:
            return None


def _excused(_state: State, event: Message[events.PartExcused]) -> list[Notice]:
    """To the department whose part it was."""
    word = outputs.AssignmentChanged(
        **_about(event, event.data.holding), event=event.type, words=event.data.reason
    )
    return _to(event.data.department, event, word)


def _verdict(rated: events.Rated) -> str:
    solved = {True: "solved", False: "not solved", None: None}[rated.solved]
    parts = (f"{rated.stars} of 5 stars", solved, rated.comment)
    return ", ".join(part for part in parts if part)


def _deadlines(_state: State, event: Message[events.DeadlineSet]) -> list[Notice]:
    data = event.data
    word = outputs.AssignmentChanged(
        **_about(event, data.holding),
        event=event.type,
        deadlines={deadline.kind: deadline.due for deadline in data.deadlines},
        words=data.why,
    )
    return _to(data.department, event, word)


def _clock(
    word: type[
        outputs.AssignmentReminder | outputs.AssignmentOverdue | outputs.AssignmentSupervised
    ],
) -> Teller:
    """A word about one deadline, to the department that the event names."""

    def tell(_state: State, event: Message[events.DeadlineEvent]) -> list[Notice]:
        data = event.data
        said = word(**_about(event, data.holding), kind=data.kind, due=data.due)
        return _to(data.department, event, said)

    return tell


def _refused(_state: State, event: Message[events.UpdateRefused]) -> list[Notice]:
    data = event.data
    word = outputs.UpdateRefusal(
        **_about(event, data.holding),
        update_id=data.update_id,
        action=data.action.value,
        reason=data.refusal,
    )
    return _to(data.department, event, word)


# ── to those who reported ────────────────────────────────────────────────────────────────────


def _answer(report: ReportRef, event: Message[Any], stage: Stage, **more: Any) -> Notice:
    word = outputs.ReportAnswered(
        source=report.source,
        report_id=report.report_id,
        case_id=event.subject,
        stage=stage,
        at=event.time,
        **more,
    )
    return Notice(REPORTS_ANSWERED.name, report.report_id, word)


def _received(_state: State, event: Message[events.Opened | events.ReportAdded]) -> list[Notice]:
    report = ReportRef(event.data.source, event.data.report_id)
    return [_answer(report, event, "received")]


def _received_with_it(_state: State, event: Message[events.Adopted]) -> list[Notice]:
    """Those who reported the other case hear under which id theirs goes on."""
    return [
        _answer(ReportRef(report.source, report.report_id), event, "received")
        for report in event.data.reports
    ]


def _placed(state: State, event: Message[events.Assigned]) -> list[Notice]:
    lead = event.data.lead
    return [_answer(report, event, "assigned", department=lead) for report in state.reports]


def _in_its_words(stage: Stage) -> Teller:
    """What the department says of the result."""

    def tell(state: State, event: Message[events.DepartmentEvent]) -> list[Notice]:
        said = {"department": event.data.department, "words": event.data.result}
        return [_answer(report, event, stage, **said) for report in _audience(state)]

    return tell


def _audience(state: State) -> tuple[ReportRef, ...]:
    """The resident is answered first; the result then returns to the grid worker who opened it."""
    return (*state.reports[1:], state.reports[0]) if state.by_grid_worker else state.reports


def _ended(state: State, event: Message[events.Closed | events.Withdrawn]) -> list[Notice]:
    words = event.data.reason if isinstance(event.data, events.Withdrawn) else None
    return [_answer(report, event, "closed", words=words) for report in state.reports]


TELLS: Mapping[type[Payload], tuple[Teller, ...]] = {
    events.Opened: (_received,),
    events.ReportAdded: (_received, _changed),
    events.ReportParted: (_changed,),
    events.Confirmed: (_changed,),
    events.TriageRequested: (_revoked,),
    events.Assigned: (_created, _revoked, _placed),
    events.Returned: (_revoked,),
    events.Paused: (_changed,),
    events.Resumed: (_changed,),
    events.Extended: (_changed,),
    events.Resolved: (_in_its_words("resolved"), _changed),
    events.FeedbackGiven: (_in_its_words("result"),),
    events.Corrected: (_changed,),
    events.Withdrawn: (_all_revoked, _ended),
    events.Whistled: (_called,),
    events.WhistleMissed: (_missed, _changed),
    events.PartSigned: (_changed,),
    events.PartDone: (_changed,),
    events.PartExcused: (_changed, _excused),
    events.Reviewed: (_changed,),
    events.Merging: (ask_adoption,),
    events.Adopted: (tell_merged, _changed, _received_with_it),
    events.AdoptionRefused: (tell_merged,),
    events.Merged: (_all_revoked,),
    events.UpdateRefused: (_refused,),
    events.DeadlineSet: (_deadlines,),
    events.Warned: (_clock(outputs.AssignmentReminder),),
    events.AtRisk: (_clock(outputs.AssignmentReminder),),
    events.Overdue: (_clock(outputs.AssignmentOverdue),),
    events.Supervised: (_clock(outputs.AssignmentSupervised),),
    events.Rated: (_changed,),
    events.Reopened: (_changed,),
    events.Closed: (_changed, _ended),
}
"""Who is told of what. Events that are not here concern nobody outside."""
