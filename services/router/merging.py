"""Two cases that are one matter: the later joins the earlier, and neither is ever lost.

    later case    merge ─► merging ──adopt-case──┐         ┌─► merged, or merge-refused (back)
    earlier case                                 └► adopted ─┤ answer-merge
                                                    adoption-refused

The rule to remember: **a case is merged only into an earlier one** (by the time at which it was
opened, then by id), so two cases can never wait for each other. The later case goes on as it was
until the earlier one has taken its reports over by an event of its own; whoever dies in between,
the events say what has been asked and answered. A case that was merged itself sends the question on
to where it went.
"""

from __future__ import annotations

from schemas.commands import AdoptCase, AnswerMerge, ReportNamed
from schemas.envelope import Message
from schemas.events import (
    Adopted,
    AdoptionRefused,
    CaseEvent,
    Merged,
    MergeRefused,
    Merging,
)
from schemas.lifecycle import Status, void_because
from schemas.rulebook import Rulebook
from schemas.topics import ROUTER_COMMANDS
from services.decider import Decision, Notice, Reply
from services.router.state import State

NO_SUCH_CASE = "there is no such case"


def why_not_merge(state: State, case: str, into: str | None) -> str | None:
    """Why an officer's `merge` cannot be; None if it can be asked of the other case."""
    if into is None:
        return "`merge` needs `into`, the id of the earlier case"
    if into == case:
        return "a case cannot be merged into itself"
    if into in state.adopted:
        return "that case was merged into this one"
    if state.merge is not None:
        return f"it is being merged into {state.merge.into} already"
    return None


def ask_adoption(state: State, event: Message[Merging]) -> list[Notice]:
    """The question to the earlier case, by its key."""
    opened_at = state.opened_at
    assert opened_at is not None, "a case that is merged was opened"
    question = AdoptCase(
        from_case=event.subject,
        opened_at=opened_at,
        merging=event.id,
        reports=tuple(
            ReportNamed(source=report.source, report_id=report.report_id)
            for report in state.reports
        ),
        decision_id=event.data.decision_id,
        by=event.data.by,
    )
    return [Notice(ROUTER_COMMANDS.name, event.data.into, question)]


def answer_adoption(state: State, cause: Message[AdoptCase], _rules: Rulebook) -> Decision:
    """What the earlier case says. Asked again, it has answered already."""
    asked = cause.data
    if state.standing.status is Status.NEW:
        return Reply((_answer(cause, asked.from_case, asked.merging, NO_SUCH_CASE),))
    if state.merged_into is not None:
        return Reply((Notice(ROUTER_COMMANDS.name, state.merged_into, asked),))
    refusal = _why_not_adopt(state, cause)
    if refusal is not None:
        return AdoptionRefused(from_case=asked.from_case, merging=asked.merging, refusal=refusal)
    return Adopted(from_case=asked.from_case, merging=asked.merging, reports=asked.reports)


def _why_not_adopt(state: State, cause: Message[AdoptCase]) -> str | None:
    asked, opened_at = cause.data, state.opened_at
    if opened_at is None or (asked.opened_at, asked.from_case) <= (opened_at, cause.subject):
        return "a case is merged into an earlier one, and this one is later"
    if state.merge is not None:
        return f"it is being merged into {state.merge.into} itself: ask again in a moment"
    if state.standing.status not in (Status.CLOSED, Status.WITHDRAWN):
        return None
    return f"it is {state.standing.status} already"


def tell_merged(_state: State, event: Message[Adopted | AdoptionRefused]) -> list[Notice]:
    """The answer to the later case, once the log has it."""
    data = event.data
    refusal = data.refusal if isinstance(data, AdoptionRefused) else None
    return [_answer(event, data.from_case, data.merging, refusal)]


def _answer(cause: Message[object], to: str, merging: str, refusal: str | None) -> Notice:  # type: ignore[type-var]
    word = AnswerMerge(into=cause.subject, merging=merging, refusal=refusal)
    return Notice(ROUTER_COMMANDS.name, to, word)


def answer_merge(state: State, cause: Message[AnswerMerge], _rules: Rulebook) -> CaseEvent | None:
    """The later case hears the answer; one that it did not wait for is passed over."""
    said = cause.data
    if state.merge is None or state.merge.id != said.merging:
        return None
    if said.refusal is not None:
        return MergeRefused(into=said.into, merging=said.merging, refusal=said.refusal)
    merged = Merged(into=said.into, merging=said.merging)
    return merged if void_because(state.standing, merged) is None else None
