"""Whose time runs, and when is it up?

    opened ─► deadline-set (respond, case)     assigned ─► deadline-set (sign, resolve)
    paused, resumed, extended, reopened ─► deadline-set, moved
    tick ─► warned, overdue                    overdue ─► escalated, supervised

The rule to remember: **two clocks**. The case's own runs from the report to the end and is never
reset, whatever bounces; the holder's starts afresh with each `case.assigned`, so nobody inherits a
spent one. Due times are frozen when set: only a pause, an extension or a reopening moves them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas import events
from schemas.envelope import Message
from schemas.events import AssignedBecause, CaseEvent, Deadline, DeadlineSet
from schemas.lifecycle import void_because
from schemas.reference import DeadlineKind, Level
from schemas.rulebook import Limit, Rulebook
from services.decider import Cause, Decider, Tick
from services.sla.deadlines import first, limit_of, made_firm, moved, work_calendar
from services.sla.folding import evolve
from services.sla.labels import labels
from services.sla.outlook import with_outlook
from services.sla.state import HOLDERS, KINDS, History, Reminder, State
from services.sla.timers import RISK, Alarm, alarm_of, due, reminder_of, reminder_timer


def initial() -> State:
    return State()


def decide(state: State, cause: Cause, rules: Rulebook) -> CaseEvent | None:
    answer = ANSWERS.get(type(cause.data))
    event = answer(state, cause, rules) if answer else None
    return event if event and void_because(state.standing, event) is None else None


# ── deadlines are set ────────────────────────────────────────────────────────────────────────


def _opened(state: State, cause: Message[events.Opened], rules: Rulebook) -> DeadlineSet | None:
    opened = cause.data
    tier = opened.reporter.household_tier
    limits = rules.deadlines(
        opened.service, opened.category, opened.urgency, None, tier=tier, at=cause.time
    )
    started = (
        first(kind, limit, cause.time, rules)
        for kind, limit in _in_order(limits)
        if kind not in HOLDERS
    )
    return _set(state, started, "The report came in: from now to the end this clock runs on.")


def _waiting(
    state: State, cause: Message[events.TriageRequested], rules: Rulebook
) -> DeadlineSet | None:
    """Triage has to place the case as a department has to sign it, and in the same time."""
    if cause.id != state.standing.holding:
        return None
    limits = rules.deadlines(
        state.service, state.category, state.urgency, None, tier=state.tier, at=cause.time
    )
    limit = limits.get(DeadlineKind.SIGN)
    started = [first(DeadlineKind.SIGN, limit, cause.time, rules)] if limit else []
    return _set(state, started, "Nobody leads: triage has so long to place it.")


def _assigned(state: State, cause: Message[events.Assigned], rules: Rulebook) -> DeadlineSet | None:
    assigned = cause.data
    if cause.id != state.standing.holding:
        return None
    limits = rules.deadlines(
        state.service,
        assigned.category,
        state.urgency,
        assigned.level,
        tier=state.tier,
        at=cause.time,
    )
    factor = _factor(assigned.because is AssignedBecause.REOPENED, rules)
    times = rules.handling(assigned.category, assigned.lead)
    started = (
        with_outlook(first(kind, limit, cause.time, rules, factor), times, rules)
        for kind, limit in _in_order(limits)
        if kind in HOLDERS
    )
    share = "" if factor == 1 else f", {factor:.0%} of the usual time since it was reopened"
    return _set(state, started, f"{assigned.lead} leads: a clock of its own{share}.")


# ── deadlines are moved ──────────────────────────────────────────────────────────────────────


def _paused(state: State, cause: Message[events.Paused], rules: Rulebook) -> DeadlineSet | None:
    """Without a limit the clock just stands still; with one, time runs on against its end."""
    if limit_of(cause.data.reason, rules) is None:
        return None
    why = "Paused: even if it stays so, the deadline becomes no later than this."
    return _set(state, _moved_for_holder(state, cause, rules), why)


def _resumed(state: State, cause: Message[events.Resumed], rules: Rulebook) -> DeadlineSet | None:
    why = "Resumed: the time of the pause, up to its limit, does not count."
    return _set(state, _moved_for_holder(state, cause, rules), why)


def _extended(state: State, cause: Message[events.Extended], rules: Rulebook) -> DeadlineSet | None:
    later = _changed(state, _moved_for_holder(state, cause, rules))
    return _set(state, later, "More time was granted.")


def _reopened(state: State, cause: Message[events.Reopened], rules: Rulebook) -> DeadlineSet | None:
    later = _changed(state, _moved(state, DeadlineKind.CASE, cause.id, rules))
    return _set(state, later, "Reopened: the time since it was resolved does not count.")


def _moved_for_holder(state: State, cause: Cause, rules: Rulebook) -> tuple[Deadline, ...]:
    if cause.data.holding != state.standing.holding:
        return ()
    return _moved(state, DeadlineKind.RESOLVE, cause.id, rules)


def _moved(state: State, kind: DeadlineKind, step: str, rules: Rulebook) -> tuple[Deadline, ...]:
    """The deadline after the steps up to this one, if there is one."""
    clock, history = state.clock(kind), _up_to(step, state.history_of(kind))
    return (moved(clock, history, rules),) if clock and history else ()


def _changed(state: State, deadlines: Iterable[Deadline]) -> tuple[Deadline, ...]:
    set_already = [clock.deadline for clock in state.clocks]
    return tuple(deadline for deadline in deadlines if deadline not in set_already)


# ── time is up ───────────────────────────────────────────────────────────────────────────────


def _ticked(state: State, cause: Message[Tick], rules: Rulebook) -> CaseEvent | None:
    """A warning or overdue; but a provisional deadline is first looked up in the calendar again."""
    reminder = reminder_of(state)
    if reminder and reminder_timer(reminder).id == cause.id:
        return _reminded(state, reminder, cause, rules)
    alarm = alarm_of(state, cause.id)
    if alarm is None:
        return None
    reopened = alarm.clock.kind in HOLDERS and state.holder is not None and state.holder.reopened
    firm = made_firm(alarm.clock, _factor(reopened, rules), rules)
    if firm is not None:
        return _set(state, (firm,), "The calendar of that year is known now.")
    return _sounded(state, alarm)


def _reminded(state: State, reminder: Reminder, cause: Cause, rules: Rulebook) -> events.Warned:
    """Nobody has answered the supervision yet."""
    holder = state.holder
    return events.Warned(
        holding=state.standing.holding if reminder.kind in HOLDERS else None,
        kind=reminder.kind,
        due=reminder.due,
        department=holder.department if holder else None,
        level=holder.level if holder else None,
        nth=reminder.nth,
        supervision=True,
        remind_at=_next_reminder(cause, rules, reminder.nth + 1),
    )


def _next_reminder(cause: Cause, rules: Rulebook, nth: int) -> datetime | None:
    """Each wait is one `supervision_reminder` longer than the one before: a case that nobody ever
    answers for is reminded of 22 times in its first year, and not on each of its 250 days."""
    wait = rules.settings.supervision_reminder
    if wait is None:
        return None
    at, calendar = cause.time, work_calendar(rules)
    for _ in range(nth):
        at = calendar.add(at, wait)
    return at


def _sounded(state: State, alarm: Alarm) -> events.Warned | events.AtRisk | events.Overdue:
    deadline = alarm.clock.deadline
    about = {
        "holding": state.standing.holding if deadline.kind in HOLDERS else None,
        "kind": deadline.kind,
        "due": deadline.due,
        "department": state.holder.department if state.holder else None,
        "level": state.holder.level if state.holder else None,
    }
    if alarm.nth is None:
        return events.Overdue(**about, climbs=deadline.climbs)
    if alarm.nth == RISK:
        return events.AtRisk(**about, likelihood=deadline.risk or 0)
    return events.Warned(**about, nth=alarm.nth)


def _overdue(
    state: State, cause: Message[events.Overdue], rules: Rulebook
) -> events.Escalated | events.Supervised | None:
    """The case climbs once a holding, and is supervised where it can climb no more, or where
    nobody has it to climb from."""
    late = cause.data
    clock = state.clock(late.kind)
    if clock is None or clock.deadline.due != late.due:
        return None  # it was moved, or went with its holder
    if late.kind is DeadlineKind.CASE:
        return None if state.supervised else _supervise(late, cause, rules)
    if not late.climbs or late.kind not in HOLDERS:
        return None
    if state.holder is None or late.level is None:
        return _supervise(late, cause, rules)
    if state.holder.climbed:
        return None
    to_level = _next_level(late.level, clock.deadline.climbs_to)
    if to_level is None:
        return _supervise(late, cause, rules)
    return events.Escalated(**_of(late), from_level=late.level, to_level=to_level)


def _next_level(level: Level, skip_to: Level | None) -> Level | None:
    """One level up, or further where the policy says so; never down or in place."""
    order = list(Level)
    skips = skip_to is not None and order.index(skip_to) > order.index(level)
    return skip_to if skips else level.above


def _supervise(late: events.Overdue, cause: Cause, rules: Rulebook) -> events.Supervised:
    return events.Supervised(**_of(late), remind_at=_next_reminder(cause, rules, 1))


ANSWERS: Mapping[type[Any], Callable[[State, Any, Rulebook], CaseEvent | None]] = {
    events.Opened: _opened,
    events.TriageRequested: _waiting,
    events.Assigned: _assigned,
    events.Paused: _paused,
    events.Resumed: _resumed,
    events.Extended: _extended,
    events.Reopened: _reopened,
    Tick: _ticked,
    events.Overdue: _overdue,
}


# ── small words ──────────────────────────────────────────────────────────────────────────────


def _set(state: State, deadlines: Iterable[Deadline], why: str) -> DeadlineSet | None:
    """Deadlines of one owner: of the holder that stands, or of the case itself."""
    deadlines = tuple(deadlines)
    if not deadlines:
        return None
    of_holding = deadlines[0].kind in HOLDERS
    holder = state.holder if of_holding else None
    return DeadlineSet(
        holding=state.standing.holding if of_holding else None,
        level=holder.level if holder else None,
        department=holder.department if holder else None,
        deadlines=deadlines,
        why=why,
    )


def _of(late: events.Overdue) -> dict[str, Any]:
    return {name: getattr(late, name) for name in events.DeadlineEvent.model_fields}


def _in_order(limits: Mapping[DeadlineKind, Limit]) -> list[tuple[DeadlineKind, Limit]]:
    return [(kind, limits[kind]) for kind in KINDS if kind in limits]


def _factor(reopened: bool, rules: Rulebook) -> float:
    return rules.settings.reopened_factor if reopened else 1.0


def _up_to(step_id: str, history: History) -> History:
    ids = [step.id for step in history]
    return history[: ids.index(step_id) + 1] if step_id in ids else ()


DECIDER = Decider(
    service="sla",
    initial=initial,
    decide=decide,
    evolve=evolve,
    due=due,
    labels=labels,
    answers=frozenset(ANSWERS) - {Tick},
)
