"""The router's state after an event that the log accepted.

    event ─► a new line in the ledger of holdings, or a change to what is known of the matter

The rule to remember: a holding is only ever added, and what was asked of a holder goes with it;
parts, reviews and reports belong to the case and stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas import events
from schemas.commands import ReportNamed
from schemas.envelope import Message, Payload
from schemas.events import AssignedBecause
from schemas.inputs import ReporterKind
from schemas.reference import DeadlineKind
from services.changing import replace
from services.router.state import (
    Extension,
    Holding,
    Merge,
    Part,
    PartStatus,
    ReportRef,
    State,
)


def evolve(state: State, event: Message[Any]) -> State:
    fold = FOLDS.get(type(event.data))
    return fold(state, event) if fold else state


# ── the matter ───────────────────────────────────────────────────────────────────────────────


def _open(state: State, event: Message[events.Opened]) -> State:
    opened = event.data
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
        household_tier=opened.reporter.household_tier,
        by_grid_worker=opened.reporter.kind is ReporterKind.GRID_WORKER,
        now=Holding(event.id, since=event.time),
    )


def _join(state: State, event: Message[events.ReportAdded]) -> State:
    return _with_reports(_note(state, event.id), [event.data])


def _part_report(state: State, event: Message[events.ReportParted]) -> State:
    parted = ReportRef(event.data.source, event.data.report_id)
    left = tuple(report for report in state.reports if report != parted)
    return replace(_note(state, event.id), reports=left)


def _with_reports(
    state: State, reports: Iterable[events.ReportAdded | ReportNamed | ReportRef]
) -> State:
    named = (ReportRef(report.source, report.report_id) for report in reports)
    return replace(state, reports=tuple(dict.fromkeys((*state.reports, *named))))


def _note(state: State, event_id: str) -> State:
    """Remember under which holding an event landed that names none."""
    return replace(state, under=state.under | {event_id: len(state.before)})


def _understand(state: State, event: Message[events.Confirmed | events.Corrected]) -> State:
    """Who said "not ours" of another matter has said nothing of this one."""
    state, data = _note(state, event.id), event.data
    same = (data.category, data.area) == (state.category, state.area)
    returned_by = state.returned_by if same else ()
    return replace(
        state, category=data.category, area=data.area, unsure=False, returned_by=returned_by
    )


# ── holdings ─────────────────────────────────────────────────────────────────────────────────

NOTHING_ASKED: Mapping[str, None] = dict.fromkeys(
    ("extension", "due", "triage_reason", "triage_since", "paused_for")
)


def _take_place(state: State, holding: Holding, **facts: Any) -> State:
    """A new line in the ledger, and what else is known by it; what was asked of the last holder
    went with it."""
    return replace(
        state,
        now=holding,
        before=state.ledger,
        **{**NOTHING_ASKED, **facts},
    )


def _assign(state: State, event: Message[events.Assigned]) -> State:
    data = event.data
    holding = Holding(
        event.id,
        data.lead,
        data.assist,
        data.level,
        data.rule,
        since=event.time,
        why=data.because.value,
        area=data.area,
        category=data.category,
    )
    by_triage = data.because is AssignedBecause.TRIAGE
    wrong = (data.lead,) if data.wrong_return else ()
    return _take_place(
        state,
        holding,
        triage_final=state.triage_final or by_triage,
        parts={code: state.parts.get(code, Part()) for code in data.parts},
        review_needed=state.review_needed or (data.legal_review and not state.reviewed),
        wrong_returns=(*state.wrong_returns, *wrong),
    )


def _give_back(state: State, event: Message[events.Returned]) -> State:
    why = f"returned: {event.data.reason}"
    waiting = Holding(event.id, assist=state.now.helpers, since=event.time, why=why)
    department = event.data.department
    return _take_place(
        state,
        waiting,
        returns=state.returns + 1,
        returned_by=tuple(dict.fromkeys((*state.returned_by, department))),
    )


def _wait(state: State, event: Message[events.TriageRequested]) -> State:
    waiting = Holding(event.id, since=event.time, why="triage")
    return _take_place(state, waiting, triage_reason=event.data.reason, triage_since=event.time)


def _reopen(state: State, event: Message[events.Reopened]) -> State:
    again = replace(state.now, id=event.id, called=(), since=event.time, why="reopened")
    again = replace(again, assist=state.now.helpers)
    return _take_place(state, again, reopened=event.data.nth)


def _pause(state: State, event: Message[events.Paused]) -> State:
    return replace(state, paused_for=event.data.reason)


def _ask(state: State, event: Message[events.ExtensionRequested]) -> State:
    until = event.data.until
    return replace(state, extension=Extension(until) if until else None)


def _know_when(state: State, event: Message[events.DeadlineSet]) -> State:
    """When the holder is due; the case's own clocks are not its holder's."""
    for each in event.data.deadlines:
        if each.kind is DeadlineKind.RESOLVE:
            return replace(state, due=each.due)
    return state


def _extend(state: State, event: Message[events.Extended]) -> State:
    return replace(state, extension=Extension(event.data.until, granted=True))


# ── joint handling ───────────────────────────────────────────────────────────────────────────


def _whistle(state: State, event: Message[events.Whistled]) -> State:
    data = event.data
    called = tuple(dict.fromkeys((*state.now.called, *data.called)))
    parts = dict.fromkeys(data.called, Part(due=data.due, whistle=event.id))
    return replace(state, now=replace(state.now, called=called), parts=state.parts | parts)


def _part(status: PartStatus) -> Callable[[State, Message[Any]], State]:
    def fold(state: State, event: Message[Any]) -> State:
        code = event.data.department
        part = replace(state.parts.get(code, Part()), status=status, due=None)
        return replace(state, parts=state.parts | {code: part})

    return fold


def _miss(state: State, event: Message[events.WhistleMissed]) -> State:
    code = event.data.department
    part = state.parts.get(code)
    if part is None:
        return state
    return replace(state, parts=state.parts | {code: replace(part, missed=True, due=None)})


def _progress(state: State, event: Message[events.Progressed]) -> State:
    return replace(state, review_needed=True, reviewed=False) if event.data.major else state


def _review(state: State, event: Message[events.Reviewed]) -> State:
    if event.data.outcome != "approved":
        return _note(state, event.id)
    return replace(_note(state, event.id), review_needed=False, reviewed=True)


# ── merging ──────────────────────────────────────────────────────────────────────────────────


def _merge(state: State, event: Message[events.Merging]) -> State:
    return replace(_note(state, event.id), merge=Merge(event.data.into, event.id))


def _adopt(state: State, event: Message[events.Adopted]) -> State:
    state = _with_reports(_note(state, event.id), event.data.reports)
    return replace(state, adopted=(*state.adopted, event.data.from_case))


def _merged(state: State, event: Message[events.Merged]) -> State:
    return replace(_note(state, event.id), merge=None, merged_into=event.data.into)


def _unmerge(state: State, event: Message[events.Unmerged]) -> State:
    again = Holding(event.id, since=event.time, why="unmerged")
    return _take_place(state, again, merged_into=None)


FOLDS: Mapping[type[Payload], Callable[[State, Message[Any]], State]] = {
    events.Opened: _open,
    events.ReportAdded: _join,
    events.ReportParted: _part_report,
    events.Confirmed: _understand,
    events.Corrected: _understand,
    events.Assigned: _assign,
    events.Returned: _give_back,
    events.TriageRequested: _wait,
    events.Reopened: _reopen,
    events.Progressed: _progress,
    events.Paused: _pause,
    events.Resumed: lambda state, _event: replace(state, paused_for=None),
    events.ExtensionRequested: _ask,
    events.DeadlineSet: _know_when,
    events.Extended: _extend,
    events.Whistled: _whistle,
    events.WhistleMissed: _miss,
    events.PartSigned: _part(PartStatus.SIGNED),
    events.PartDone: _part(PartStatus.DONE),
    events.PartExcused: _part(PartStatus.EXCUSED),
    events.Reviewed: _review,
    events.Withdrawn: lambda state, event: _note(state, event.id),
    events.Merging: _merge,
    events.Adopted: _adopt,
    events.Merged: _merged,
    events.MergeRefused: lambda state, _event: replace(state, merge=None),
    events.Unmerged: _unmerge,
}
