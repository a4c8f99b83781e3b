"""What must stay true of answers: whoever asks is answered, in order, by what could be known, and
outsiders hear of all that counts, and of nothing else. One function for each promise; the list of
all is in `tests.invariants`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lab.replay.case_fold import Landed
from schemas import events, ids, topics
from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from services.decider import Reply
from tests.history import History, Record

ASSIGNMENTS = topics.ASSIGNMENTS.of("")


def every_command_is_answered(history: History) -> Iterator[str]:
    """By an event, a word to its sender (another case may be the sender), or a dead letter; or it
    says what is known already."""
    heard = {message.causationid for message in history.notices} | history.set_aside
    heard |= {record.message.causationid for record in history.all_commands if record.message}
    for service, records in history.commands.items():
        for record in records:
            command = record.message
            if command is None or not is_below(history, record, service):
                continue
            case = history.cases.get(command.subject)
            by_event = case is not None and case.answer_of(command.id, service) is not None
            if not by_event and command.id not in heard and not _is_idle(history, service, command):
                yield f"{service}: {command.type} at {record} has no answer"


def _is_idle(history: History, service: str, cause: Message[Any]) -> bool:
    """There came a state, after the cause, on which nothing follows from it."""
    case = history.cases.get(cause.subject)
    states = case.states_after(cause.id, service) if case else [history.initial(service)]
    return any(history.decide(service, state, cause) is None for state in states)


def every_event_is_answered(history: History) -> Iterator[str]:
    for case in history.cases.values():
        for landed in case.accepted:
            for service, decider in history.deciders.items():
                answers = decider.answers
                if answers is not None and type(landed.message.data) not in answers:
                    continue
                cause = landed.message
                if landed.offset >= history.committed_log(service, case):
                    continue
                if history.decide(service, landed.states[service], cause) is None:
                    continue
                if case.answer_of(cause.id, service) is None and not _is_idle(
                    history, service, cause
                ):
                    yield f"case {case.id}: {service} never answered {cause.type} at {landed.offset}"


def every_timer_has_fired(history: History) -> Iterator[str]:
    for case in history.cases.values():
        for service, decider in history.deciders.items():
            timer = decider.due(case.states[service])
            if timer is not None and timer.at < history.timers_until:
                yield f"case {case.id}: {service} did nothing at {timer.at}"


def no_timer_fires_early(history: History) -> Iterator[str]:
    for case in history.cases.values():
        for landed in case.landed:
            data, written = landed.message.data, landed.written
            if not isinstance(data, events.Warned | events.Overdue) or written is None:
                continue
            if landed.message.time > written + history.clocks_differ:
                yield f"case {case.id}: {data.TYPE} for {landed.message.time} came at {written}"


# ── senders and outsiders ────────────────────────────────────────────────────────────────────


def a_refusal_heeds_all_that_its_sender_could_know(history: History) -> Iterator[str]:
    """Somewhere between the log's end when the command came, for the first time if it was said again,
    and the refusal itself, there must be a state on which it is refused."""
    for service, records in history.commands.items():
        known: set[str] = set()
        for record in records:
            command = record.message
            if command is not None and record.at is not None and command.id not in known:
                known.add(command.id)
                yield from _heedless(history, service, command, record.at)


def _heedless(history: History, service: str, command: Message[Any], at: int) -> Iterator[str]:
    refusals = history.refusals_of(command.id)
    case = history.cases.get(command.subject)
    if not refusals or refusals[0] < at:  # a repeat of what was refused before
        return
    states = case.states_between(service, at, refusals[0]) if case else [history.initial(service)]
    decisions = [history.decide(service, state, command) for state in states]
    if not any(isinstance(d, Reply) or (isinstance(d, CaseEvent) and d.REFUSAL) for d in decisions):
        yield (
            f"case {command.subject}: {service} refused {command.type} {command.id}, "
            "though all that was on the log when it came allowed it"
        )


def a_sender_is_answered_in_order(history: History) -> Iterator[str]:
    """Of what was said once, and had its answer on the log from the first: a word to the sender
    alone is not on record, so after a crash the same command may be answered anew."""
    for service, records in history.commands.items():
        before: dict[str, tuple[Record, Landed]] = {}
        said = Counter(record.message.id for record in records if record.message)
        for record in records:
            command = record.message
            if command is None or said[command.id] > 1 or command.subject not in history.cases:
                continue
            case = history.cases[command.subject]
            answer = case.answer_of(command.id, service)
            if answer is None:
                continue
            earlier, first = before.get(case.id, (record, answer))
            if answer.offset < first.offset and _is_on_record(history, service, earlier, answer):
                yield f"case {case.id}: {command.type} at {record} overtook the one at {earlier}"
            before[case.id] = (record, answer)


def _is_on_record(history: History, service: str, record: Record, until: Landed) -> bool:
    """Whether, up to a moment, only an event could answer the command."""
    command, case = record.message, history.cases[until.message.subject]
    if command is None or record.at is None or until.at is None:
        return False
    states = case.states_between(service, record.at, until.at)
    return all(isinstance(history.decide(service, s, command), CaseEvent) for s in states)


def outsiders_hear_of_every_accepted_event(history: History) -> Iterator[str]:
    """A report that has parted since may have heard or not: its own case answers it."""
    said = {(message.id, topic) for topic, message in history.told}
    said |= {(r.message.id, r.topic) for r in history.all_commands if r.message}
    for case in history.cases.values():
        parted = {
            (
                topics.REPORTS_ANSWERED.name,
                part.message.data.report_id,
                part.message.data.source,
            ): part.offset
            for part in case.accepted
            if isinstance(part.message.data, events.ReportParted)
        }
        for landed in case.accepted:
            for service, decider in history.deciders.items():
                event = landed.message
                if landed.offset >= history.committed_log(service, case):
                    continue
                for notice in decider.notify(landed.states[service], event):
                    address = (notice.topic, notice.data.TYPE, notice.addressee)
                    whose = (notice.topic, notice.key, getattr(notice.data, "source", ""))
                    if parted.get(whose, -1) > landed.offset:
                        continue
                    if (ids.notice_id(event.id, *address), notice.topic) not in said:
                        yield f"case {case.id}: {notice.topic} never heard of {event.type}"


def departments_hear_in_the_order_of_the_log(history: History) -> Iterator[str]:
    """What they hear for the first time; a repeat may come at any time. (A repeat may have more
    reporters to tell than the first time: those that joined the case meanwhile.)"""
    places = {
        landed.message.id: landed.offset
        for case in history.cases.values()
        for landed in case.accepted
    }
    heard: set[tuple[str, str]] = set()
    last: dict[tuple[str, int, str], int] = {}
    for record in history.outside:
        word = record.message
        if word is None or word.causationid not in places or (record.topic, word.id) in heard:
            continue
        if not record.topic.startswith(ASSIGNMENTS):
            continue
        heard.add((record.topic, word.id))
        where, place = (record.topic, record.partition, word.subject), places[word.causationid]
        if place < last.get(where, -1):
            yield f"{record}: {word.type} of {place} came after a word of {last[where]}"
        last[where] = place


def outsiders_hear_only_what_the_log_accepted(history: History) -> Iterator[str]:
    accepted = {landed.message.id for case in history.cases.values() for landed in case.accepted}
    commands = {record.message.id for record in history.all_commands if record.message}
    for topic, message in history.told:
        if message.causationid not in accepted and message.causationid not in commands:
            yield f"{topic} heard {message.type} of {message.causationid}, which does not count"


def a_repeat_says_the_same(history: History) -> Iterator[str]:
    first: dict[tuple[str, str], Payload] = {}
    for topic, message in history.told:
        before = first.setdefault((topic, message.id), message.data)
        if before != message.data:
            yield f"{topic}: {message.type} {message.id} said two things"


def is_below(history: History, record: Record, service: str) -> bool:
    """Whether a commit says that the record was dealt with."""
    return record.offset < history.committed[service].get((record.topic, record.partition), 0)
