"""What must stay true, whatever dies: one function for each promise, over what is on record.

    History ─► violations(history) ─► [Violation("no case has two leads", "case 12…: …"), …]

The history is what broker and database hold at the end, once all is quiet; where it came from (the
simulator, or real parts under fire) is no matter here. The judgement rests on the pure deciders and
the lifecycle table alone, folded by a few lines of its own (`lab.replay.case_fold`), never on the shell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from lab.replay.promises import BETWEEN_CASES, Breach, Promise, Ties
from lab.replay.promises import PROMISES as OF_A_LOG
from schemas import events
from schemas.commands import SubmitReport
from schemas.envelope import Message
from schemas.lifecycle import ENDED, HELD, Status
from schemas.outputs import AssignmentCreated, AssignmentRevoked
from tests.history import History
from tests.invariants_of_answers import (
    a_refusal_heeds_all_that_its_sender_could_know,
    a_repeat_says_the_same,
    a_sender_is_answered_in_order,
    departments_hear_in_the_order_of_the_log,
    every_command_is_answered,
    every_event_is_answered,
    every_timer_has_fired,
    is_below,
    no_timer_fires_early,
    outsiders_hear_of_every_accepted_event,
    outsiders_hear_only_what_the_log_accepted,
)
from tests.invariants_of_figures import scorecards_follow_from_the_log

BROKE = ("Error:", "Exception:")


@dataclass(frozen=True, slots=True)
class Violation:
    promise: str
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


Check = Callable[[History], Iterator[str]]


def of_each_case(promise: Promise) -> Check:
    """A promise that a log alone can prove, for all cases of the history."""

    @wraps(promise)
    def check(history: History) -> Iterator[str]:
        for case in history.cases.values():
            yield from (f"case {case.id}: {breach.what}" for breach in promise(case))

    return check


def between_cases(promise: Callable[[Ties], Iterator[Breach]]) -> Check:
    @wraps(promise)
    def check(history: History) -> Iterator[str]:
        ties = Ties()
        for case in history.cases.values():
            ties.see(case)
        for breach in promise(ties):
            yield f"case {breach.at.message.subject}: {breach.what}"

    return check


def violations(history: History) -> list[Violation]:
    return [
        Violation(check.__name__.replace("_", " "), what)
        for check in PROMISES
        for what in check(history)
    ]


# ── the log ──────────────────────────────────────────────────────────────────────────────────


def every_key_has_one_partition(history: History) -> Iterator[str]:
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    keyed_by_case = [*history.log, *history.all_commands]
    for record in [*keyed_by_case, *history.outside]:
        places[record.topic, record.key].add(record.partition)
    for record in keyed_by_case:
        if record.message is not None and record.key != record.message.subject:
            yield f"{record} has the key {record.key}"
    for (topic, key), found in places.items():
        if len(found) > 1:
            yield f"{key} lies in partitions {sorted(found)} of {topic}"


def every_cause_can_be_shown(history: History) -> Iterator[str]:
    commands = {r.message.id: r for r in history.all_commands if r.message}
    for case in history.cases.values():
        earlier: set[str] = set()
        for landed in case.landed:
            cause = landed.message.causationid
            if cause not in earlier and cause not in commands and landed.was_accepted:
                yield f"case {case.id}: {landed.message.type} names {cause}, which nobody knows"
            earlier.add(landed.message.id)


# ── cases ────────────────────────────────────────────────────────────────────────────────────


def _reports(history: History) -> dict[tuple[str, str], set[str]]:
    """The cases that each report is in."""
    where: dict[tuple[str, str], set[str]] = defaultdict(set)
    for case in history.cases.values():
        for landed in case.accepted:
            data = landed.message.data
            if isinstance(data, events.Opened | events.ReportAdded):
                where[data.source, data.report_id].add(case.id)
            elif isinstance(data, events.ReportParted):
                where[data.source, data.report_id].discard(case.id)
    return where


def every_accepted_report_is_in_exactly_one_case(history: History) -> Iterator[str]:
    where = _reports(history)
    refused = {(m.data.source, m.data.report_id) for m in history.rejections}
    for record in history.commands.get("intake", ()):
        report = record.message.data if record.message else None
        if not isinstance(report, SubmitReport) or is_below(history, record, "intake") is False:
            continue
        name = (report.source, report.report_id)
        if len(where[name]) != 1 and not (name in refused and not where[name]):
            yield f"report {name} is in {len(where[name])} cases"


def every_input_that_was_taken_has_its_answer(history: History) -> Iterator[str]:
    """What senders had acknowledged: a report by its case, all else by its id in an event or in a
    word to its sender."""
    said = {str(getattr(m.data, "update_id", None)) for m in history.notices}
    opened: set[tuple[str, str]] = set()
    for case in history.cases.values():
        for landed in case.accepted:
            data = landed.message.data
            said |= {str(getattr(data, name, None)) for name in ("update_id", "rating_id")}
            if isinstance(data, events.Opened | events.ReportAdded):
                opened.add((data.source, data.report_id))
    for report in history.reports_taken:
        if report not in opened:
            yield f"report {report} is in no case"
    for identity in history.words_taken:
        if identity not in said:
            yield f"{identity} has no answer"


def every_case_is_assigned_in_triage_or_ended(history: History) -> Iterator[str]:
    """A report that joined another case is in none of its own."""
    reports = _reports(history)
    for case in history.cases.values():
        status = case.standing.status
        joined = case.states["intake"].joining
        if joined is not None and status is Status.NEW:
            report = joined.report
            if reports[report.source, report.report_id] - {case.id}:
                continue
        if history.is_settled(case) and status not in HELD | ENDED | {
            Status.TRIAGE,
            Status.RESOLVED,
        }:
            yield f"case {case.id} is {status}"


def no_case_has_two_leads(history: History) -> Iterator[str]:
    """By what departments were told: told in the order of the events that it was told of."""
    told: dict[str, list[Message[Any]]] = defaultdict(list)
    for message in {m.id: m for m in history.notices}.values():
        told[message.causationid or ""].append(message)
    for case in history.cases.values():
        leads: set[str] = set()
        for landed in case.accepted:
            words = told[landed.message.id]
            for word in sorted(words, key=lambda w: isinstance(w.data, AssignmentCreated)):
                _lead_changes(leads, word, history.department_of(word))
            if len(leads) > 1:
                yield f"case {case.id}: after {landed.message.type} {sorted(leads)} think they lead"
        lead = case.states["router"].lead
        if history.is_settled(case) and case.standing.status in HELD and leads != {lead}:
            yield f"case {case.id}: {lead} leads, but {sorted(leads)} were told so"


def _lead_changes(leads: set[str], word: Message[Any], department: str) -> None:
    if isinstance(word.data, AssignmentRevoked):
        leads.discard(department)
    elif isinstance(word.data, AssignmentCreated):
        (leads.add if word.data.role == "lead" else leads.discard)(department)


# ── the database, and what broke ─────────────────────────────────────────────────────────────


def stored_documents_equal_the_fold(history: History) -> Iterator[str]:
    for service, documents in history.documents.items():
        for case in history.cases.values():
            if case.landed[0].offset >= history.committed_log(service, case):
                continue
            if (found := documents.get(case.id)) is None:
                yield f"{service} has no document of case {case.id}"
            elif (
                fault := case.differs(service, found, history.committed_log(service, case))
            ) is not None:
                yield f"{service}'s document of case {case.id}: {fault}"
        for unknown in documents.keys() - history.cases.keys():
            yield f"{service} has a document of {unknown}, of which the log knows nothing"


def everything_can_be_read(history: History) -> Iterator[str]:
    for record in [*history.log, *history.all_commands, *history.outside]:
        if record.message is None:
            yield f"{record} cannot"


def every_reader_is_done(history: History) -> Iterator[str]:
    """Once all is quiet and saved, nobody lags: what is read again after a start is nothing."""
    for reader, records in history.behind.items():
        if records:
            yield f"{reader} is {records} records behind"


def nothing_broke(history: History) -> Iterator[str]:
    """The domain raised, or decided what the lifecycle does not allow."""
    for reason in history.reasons:
        if any(word in reason.split(" ")[0] for word in BROKE):
            yield f"set aside: {reason}"


def no_personal_data_is_on_the_log(history: History) -> Iterator[str]:
    for record, word in history.spoken_in_clear():
        yield f"{record} holds {len(word)} characters that are somebody's"


PROMISES: tuple[Check, ...] = (
    every_key_has_one_partition,
    *map(of_each_case, OF_A_LOG),
    every_cause_can_be_shown,
    every_accepted_report_is_in_exactly_one_case,
    every_input_that_was_taken_has_its_answer,
    every_case_is_assigned_in_triage_or_ended,
    no_case_has_two_leads,
    *map(between_cases, BETWEEN_CASES),
    every_command_is_answered,
    every_event_is_answered,
    every_timer_has_fired,
    no_timer_fires_early,
    a_refusal_heeds_all_that_its_sender_could_know,
    a_sender_is_answered_in_order,
    departments_hear_in_the_order_of_the_log,
    outsiders_hear_of_every_accepted_event,
    outsiders_hear_only_what_the_log_accepted,
    a_repeat_says_the_same,
    stored_documents_equal_the_fold,
    scorecards_follow_from_the_log,
    every_reader_is_done,
    everything_can_be_read,
    nothing_broke,
    no_personal_data_is_on_the_log,
)
