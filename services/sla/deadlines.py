"""When is it due? Deadlines by policy and calendar: set, moved, and made firm.

    policy's limit + start ─► first ─► Deadline ── history of pauses, extensions ─► moved ─► Deadline

The rule to remember: a deadline is moved by the history up to the cause and no further, so the
answer to a cause is the same whether it is given at once or after a crash.

Time that stood still is counted as the deadline itself counts: working time for `wh` and `wd`, else
time elapsed. What lay ahead when the clock stopped lies ahead when it runs again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from schemas.events import Deadline
from schemas.reference import DeadlineKind
from schemas.rulebook import Limit, Rulebook
from services.sla.calendar import WorkCalendar, parse
from services.sla.state import Clock, History, Step


@lru_cache(maxsize=16)
def work_calendar(rules: Rulebook) -> WorkCalendar:
    """The county's calendar, laid out once for each rulebook."""
    return WorkCalendar.of(rules.calendar())


def first(
    kind: DeadlineKind, limit: Limit, started: datetime, rules: Rulebook, factor: float = 1.0
) -> Deadline:
    """A deadline that starts now. `factor` is the share of the limit that applies."""
    due = work_calendar(rules).add(started, limit.duration, factor)
    return Deadline(
        kind=kind,
        started=started,
        due=due,
        duration=limit.duration,
        policy=limit.policy,
        climbs=limit.climbs,
        climbs_to=limit.climbs_to,
        warn_at=warnings(started, due, limit.duration, rules),
        provisional=is_provisional(due, limit.duration, rules),
    )


def moved(clock: Clock, history: History, rules: Rulebook) -> Deadline:
    """The deadline after all that has happened to its clock, in the order of the log.

    What is settled stays as it was set, whatever newer rules say. A granted extension is a new
    date: of a pause that it fell into, only the rest still counts.
    """
    deadline, granted = clock.base, clock.base.started
    for step in _moves(history, clock.settled, rules):
        if isinstance(step, Stretch):
            deadline = _shifted(deadline, max(step.start, granted), step.end, rules)
        elif step.until and step.until > deadline.due and _asked_in_time(step, deadline):
            deadline, granted = _extended(deadline, step.at, step.until, rules), step.at
    return deadline


def _asked_in_time(step: Step, deadline: Deadline) -> bool:
    """What was due when the department asked cannot be made undue; as it stood in the log's order,
    so with the pauses and extensions before."""
    return step.asked is None or step.asked <= deadline.due


def made_firm(clock: Clock, factor: float, rules: Rulebook) -> Deadline | None:
    """A provisional deadline set again, once the calendar covers it; one that was moved stays."""
    base = clock.base
    if not base.provisional or clock.settled or clock.moved:
        return None
    limit = Limit(base.duration, base.policy, base.climbs, base.climbs_to)
    again = first(base.kind, limit, base.started, rules, factor)
    return None if again.provisional else again


def limit_of(reason: str | None, rules: Rulebook) -> str | None:
    """How long pauses for this reason may be in total; None for no limit. A reason that is not
    listed any more was listed when the pause was accepted, and has none."""
    limits = {listed.code: listed.limit for listed in rules.reference.pause_reasons}
    return limits.get(reason) if reason else None


def warnings(
    started: datetime, due: datetime, duration: str, rules: Rulebook
) -> tuple[datetime, ...]:
    """After a share of the time, and again shortly before due, where that is later."""
    settings, calendar = rules.settings, work_calendar(rules)
    share = _later(
        started, settings.warn_at * _between(started, due, duration, rules), duration, rules
    )
    soon = calendar.add(due, settings.remind_before, -1) if settings.remind_before else share
    moments = (share, soon) if soon > share else (share,)
    return tuple(moment for moment in moments if started < moment < due)


def counts_working_time(duration: str) -> bool:
    return parse(duration)[1] in ("wh", "wd")


def is_provisional(due: datetime, duration: str, rules: Rulebook) -> bool:
    """Whether holidays that are not known yet may still change it."""
    return counts_working_time(duration) and not work_calendar(rules).covered(due)


# ── what moves a deadline ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time that does not count, cut to what the pause reason still allows."""

    start: datetime
    end: datetime


def _moves(history: History, settled: int, rules: Rulebook) -> Iterator[Stretch | Step]:
    """Stretches and extensions that are not settled yet, in the order of the log. A pause that is
    still open counts only where it is limited, and then whole: later it cannot become."""
    earlier: dict[str | None, list[Stretch]] = defaultdict(list)
    stop: Step | None = None
    for number, step in enumerate(history):
        move: Stretch | Step = step
        if step.what == "stopped":
            stop = step
            continue
        if step.what == "ran":
            if stop is None:
                continue
            move = _stretch(stop, step.at, earlier[stop.reason], rules)
            earlier[stop.reason].append(move)
            stop = None
        if number >= settled:
            yield move
    if stop and (ends := _allowed_until(stop, earlier[stop.reason], rules)):
        yield Stretch(stop.at, ends)


def _stretch(stop: Step, ran: datetime, earlier: list[Stretch], rules: Rulebook) -> Stretch:
    ends = _allowed_until(stop, earlier, rules)
    return Stretch(stop.at, max(stop.at, min(ran, ends or ran)))


def _allowed_until(stop: Step, earlier: list[Stretch], rules: Rulebook) -> datetime | None:
    """Until when the pause may count, after earlier ones of this holding for the same reason;
    None for no limit."""
    limit = limit_of(stop.reason, rules)
    if limit is None:
        return None
    whole = _between(stop.at, work_calendar(rules).add(stop.at, limit), limit, rules)
    used = sum(_between(each.start, each.end, limit, rules) for each in earlier)
    return _later(stop.at, max(whole - used, 0), limit, rules)


def _shifted(deadline: Deadline, start: datetime, end: datetime, rules: Rulebook) -> Deadline:
    """Moments after `start` move by the time from there to `end`; none of them to before `end`."""
    unit = deadline.duration
    lost = _between(start, end, unit, rules)

    def shift(moment: datetime) -> datetime:
        return max(_later(moment, lost, unit, rules), end) if moment > start else moment

    if end <= start:
        return deadline
    due = shift(deadline.due)
    ahead = (shift(moment) for moment in deadline.warn_at)
    changes = {
        "due": due,
        "warn_at": tuple(moment for moment in ahead if moment < due),
        "risk_at": shift(deadline.risk_at) if deadline.risk_at else None,
        "provisional": is_provisional(due, unit, rules),
    }
    return deadline.model_copy(update=changes)


def _extended(deadline: Deadline, at: datetime, until: datetime, rules: Rulebook) -> Deadline:
    """Due at the granted moment, with the warnings of the longer time that are still ahead."""
    ahead = warnings(deadline.started, until, deadline.duration, rules)
    changes = {
        "due": until,
        "warn_at": tuple(moment for moment in ahead if moment > at),
        "risk_at": None,
        "risk": None,
        "provisional": False,
    }
    return deadline.model_copy(update=changes)


# ── in the unit of a duration ────────────────────────────────────────────────────────────────


def _between(start: datetime, end: datetime, duration: str, rules: Rulebook) -> float:
    """Seconds from `start` to `end`, as deadlines of this duration count."""
    if counts_working_time(duration):
        return work_calendar(rules).between(start, end)
    return (end - start).total_seconds()


def _later(moment: datetime, seconds: float, duration: str, rules: Rulebook) -> datetime:
    """So many seconds after `moment`; none leaves it where it is, though nobody be working."""
    if seconds == 0:
        return moment
    if counts_working_time(duration):
        return work_calendar(rules).add_working_seconds(moment, seconds)
    return moment + timedelta(seconds=seconds)
