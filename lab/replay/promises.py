"""What must stay true of a log, whatever died while it was written: one function for each promise.

    a case as the log has it ─► Breach(event, what) …

These are the promises that a log alone can prove; `tests.invariants` holds these and those that take
commands, notices and stored documents besides. The judgement rests on the lifecycle table and the
pure deciders, folded by `lab.replay.case_fold`, never on the shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from lab.replay.case_fold import CaseFold, Landed
from schemas import events, ids
from schemas.envelope import Message
from schemas.lifecycle import HELD
from services.sla.state import HOLDERS

MOST_ATTEMPTS = 50
OUTAGE = timedelta(days=1)
"""What should have followed within so long before the log's end may yet come."""


class Breach(NamedTuple):
    """The event that breaks a promise, and how."""

    at: Landed
    what: str


Promise = Callable[[CaseFold], Iterator[Breach]]


def one_cause_has_at_most_one_event(case: CaseFold) -> Iterator[Breach]:
    answered: set[tuple[Any, ...]] = set()
    for landed in case.accepted:
        cause = _answered(landed.message)
        if cause in answered:
            yield Breach(landed, f"another event answers {cause} already")
        answered.add(cause)


def _answered(event: Message[Any]) -> tuple[Any, ...]:
    """What an event answers. Timers share their cause, which set them: so also which one."""
    data = event.data
    if isinstance(data, events.Warned):
        return event.type, event.causationid, data.holding, data.kind, data.due, data.nth
    if isinstance(data, events.Overdue):
        return event.type, data.holding, data.kind, data.due
    return event.source, event.causationid


def ids_follow_from_causes(case: CaseFold) -> Iterator[Breach]:
    """Those of timers follow from the timer; they are known by what they are about."""
    for landed in case.landed:
        event = landed.message
        if not _is_timed(event) and not _follows(event):
            yield Breach(landed, f"the id of {event.type} {event.id} does not")


def _is_timed(event: Message[Any]) -> bool:
    timed = (
        events.Warned,
        events.Overdue,
        events.Closed,
        events.DeadlineSet,
        events.WhistleMissed,
        events.AtRisk,
    )
    return isinstance(event.data, timed)


def _follows(event: Message[Any]) -> bool:
    service = event.source.rpartition("/")[2]
    cause = event.causationid or ""
    return any(event.id == ids.event_id(cause, service, n) for n in range(MOST_ATTEMPTS))


FOLLOWING = (
    events.DeadlineSet, events.Warned, events.AtRisk, events.Overdue, events.Escalated,
    events.Supervised, events.TriageRequested, events.Reopened, events.Closed,
    events.WhistleMissed,
)  # fmt: skip
"""What nobody asks for: it always follows from an event of the same case."""


def what_follows_names_an_event_before_it(case: CaseFold) -> Iterator[Breach]:
    earlier: set[str] = set()
    for landed in case.landed:
        event = landed.message
        if isinstance(event.data, FOLLOWING) and event.causationid not in earlier:
            yield Breach(landed, f"it names {event.causationid}, which did not come before it")
        earlier.add(event.id)


def every_event_has_its_one_writer(case: CaseFold) -> Iterator[Breach]:
    for landed in case.landed:
        event = landed.message
        if event.source != f"/services/{event.data.WRITER}":
            yield Breach(landed, f"{event.source} writes what is {event.data.WRITER}'s to write")


def a_decision_by_rules_names_their_version(case: CaseFold) -> Iterator[Breach]:
    for landed in case.landed:
        event = landed.message
        if event.data.RULED and event.policyversion is None:
            yield Breach(landed, f"{event.type} does not say by which version it was decided")


def nothing_is_held_against_a_department_that_does_not_hold_the_case(
    case: CaseFold,
) -> Iterator[Breach]:
    lead: str | None = None
    for landed in case.accepted:
        data = landed.message.data
        late = isinstance(data, events.DeadlineEvent) and data.kind in HOLDERS
        held = landed.before.status in HELD
        said = isinstance(data, events.DepartmentEvent) and not data.REFUSAL and held
        helps = isinstance(data, events.PartSigned | events.PartDone)
        if (late or (said and not helps)) and data.department != lead:
            yield Breach(landed, f"it names {data.department}, but {lead} holds the case")
        lead = landed.states["router"].lead


def no_timer_is_passed_over(case: CaseFold, until: datetime) -> Iterator[Breach]:
    """A timer that was due by then has run out, however late; one that was set later yet may."""
    last = case.landed[-1]
    if (last.written or last.message.time) > until:
        return
    for service, decider in case.deciders.items():
        timer = decider.due(case.states[service])
        if timer is not None and timer.at < until:
            yield Breach(last, f"{service} did nothing at {timer.at}, nor later")


PROMISES: tuple[Promise, ...] = (
    one_cause_has_at_most_one_event,
    what_follows_names_an_event_before_it,
    ids_follow_from_causes,
    every_event_has_its_one_writer,
    a_decision_by_rules_names_their_version,
    nothing_is_held_against_a_department_that_does_not_hold_the_case,
)


# ── promises that take several cases ─────────────────────────────────────────────────────────


class Tie(NamedTuple):
    """An event that ties its case to another one, or a report to its case."""

    at: Landed
    case: str
    other: tuple[str, ...]
    """The other case; or source and id of a report."""


@dataclass(slots=True)
class Ties:
    """To be held against each other when all cases have been read."""

    adopted: set[tuple[str, str]] = field(default_factory=set)
    """A case, and one that it took over."""
    merged: list[Tie] = field(default_factory=list)
    reports: list[Tie] = field(default_factory=list)
    parted: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    """Reports that left a case again."""

    def see(self, case: CaseFold) -> None:
        for landed in case.accepted:
            match landed.message.data:
                case events.Adopted() as data:
                    self.adopted.add((case.id, data.from_case))
                case events.Merged() as data:
                    self.merged.append(Tie(landed, case.id, (data.into,)))
                case events.Opened() | events.ReportAdded() as data:
                    self.reports.append(Tie(landed, case.id, (data.source, data.report_id)))
                case events.ReportParted() as data:
                    self.parted.add((case.id, (data.source, data.report_id)))

    def join(self, other: Ties) -> None:
        self.adopted |= other.adopted
        self.merged += other.merged
        self.reports += other.reports
        self.parted |= other.parted


def a_merged_case_lives_on_in_another(ties: Ties) -> Iterator[Breach]:
    """The other took over its reports before it ended."""
    for tie in ties.merged:
        if (tie.other[0], tie.case) not in ties.adopted:
            yield Breach(tie.at, f"it was merged into {tie.other[0]}, which never took it over")


def no_report_is_in_two_cases(ties: Ties) -> Iterator[Breach]:
    first: dict[tuple[str, ...], str] = {}
    for tie in sorted(ties.reports, key=lambda tie: tie.at.offset):
        if (tie.case, tie.other) in ties.parted:
            continue
        if first.setdefault(tie.other, tie.case) != tie.case:
            yield Breach(tie.at, f"the report {'/'.join(tie.other)} is in {first[tie.other]} too")


BETWEEN_CASES: tuple[Callable[[Ties], Iterator[Breach]], ...] = (
    a_merged_case_lives_on_in_another,
    no_report_is_in_two_cases,
)


def words(promise: Callable[..., Any]) -> str:
    """The promise as a sentence."""
    return promise.__name__.replace("_", " ")
