"""The people of a simulated county: departments, petition officer, residents.

    event of the log ─► who acts on it and when, by their habits ─► timed inputs

The rule to remember: everything follows from the seed, the case and the event, so a run can be made
again to the byte; only a department's queue joins its cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from lab import inputs
from lab.inputs import TimedInput
from lab.simulate.chance import chances, place
from lab.simulate.habits import Habits, Handling
from lab.simulate.luck import Course, course, later
from lab.simulate.queue import Desk
from schemas import events, ids
from schemas.envelope import Message, Payload
from schemas.events import AssignedBecause
from schemas.inputs import Action, RatedBy, Rating, TriageDecision, Update, Verdict
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.sla.deadlines import work_calendar

FINAL = frozenset({AssignedBecause.TRIAGE, AssignedBecause.REOPENED})
"""What is given so is not given back."""


class CountyParties:
    """`extra`: how many more hands a department has, in shares of those that it had (0.25)."""

    def __init__(
        self, habits: Habits, rules: Rulebook, seed: int, extra: Mapping[str, float] | None = None
    ) -> None:
        self.habits = habits
        self.rules = rules
        self.seed = seed
        self.extra = extra or {}
        self.calendar = work_calendar(rules)
        self._desks: dict[str, Desk] = {}
        self._habits: dict[tuple[str, str | None], Handling] = {}
        self._rounds: dict[str, int] = {}
        self._ratings = {unit.department: unit for unit in habits.ratings}
        self._react: Mapping[type[Payload], Callable[[Message[Any]], Iterable[TimedInput]]] = {
            events.Assigned: self._handle,
            events.TriageRequested: self._triage,
            events.Resolved: self._rate,
            events.Closed: self._forget,
        }

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        """What the parties do about one event that the log accepted."""
        reaction = self._react.get(type(event.data))
        return reaction(event) if reaction else ()

    def _forget(self, event: Message[events.Closed]) -> Iterable[TimedInput]:
        self._rounds.pop(event.subject, None)
        return ()

    # ── departments ──────────────────────────────────────────────────────────────────────────

    def _handle(self, event: Message[events.Assigned]) -> Iterator[TimedInput]:
        data = event.data
        nth = self._rounds[event.subject] = self._rounds.get(event.subject, 0) + 1
        habit = self._habit(data.lead, data.category)
        pace = 1.0 + self.extra.get(data.lead, 0.0)
        does = course(
            habit,
            event.time,
            (self.seed, event.subject, nth, "handle"),
            self.calendar,
            pace=pace,
            final=data.because in FINAL or not self.rules.reference.return_reasons,
        )
        through = self._desk(data.lead, data.level, pace).through(event.time)
        return self._said(event, does, through)

    def _said(
        self, event: Message[events.Assigned], does: Course, through: datetime
    ) -> Iterator[TimedInput]:
        if does.returned is not None:
            reasons = self.rules.reference.return_reasons
            known = {row.code for row in reasons}
            reason = does.reason if does.reason in known else reasons[0].code
            yield self._say(event, Action.RETURN, does.returned, reason=reason)
            return
        if does.signed is not None:
            yield self._say(event, Action.SIGN, does.signed)
        if does.answered is not None:
            yield self._say(event, Action.FEEDBACK, does.answered, result="being handled")
        if does.resolved is not None:
            words: dict[str, Any] = {"result": "done"}
            if self.rules.is_dispute(event.data.category):
                words["settlement"] = {"outcome": "settled"}
            yield self._say(event, Action.RESOLVE, max(does.resolved, through), **words)

    def _habit(self, department: str, category: str | None) -> Handling:
        key = (department, category)
        found = self._habits.get(key)
        if found is None:
            found = self._habits[key] = self.habits.handling_of(department, category)
        return found

    def _desk(self, department: str, level: Level, pace: float) -> Desk:
        desk = self._desks.get(department)
        if desk is None:
            hands = self.habits.capacity_of(department, level)
            desk = Desk(hands * pace if hands else None)
            self._desks[department] = desk
        return desk

    def _say(
        self, event: Message[events.Assigned], action: Action, at: datetime, **words: Any
    ) -> TimedInput:
        update = Update(
            update_id=ids.derive("simulated", event.id, action),
            case_id=event.subject,
            action=action,
            at=at,
            by=f"clerk of {event.data.lead}",
            **words,
        )
        return inputs.update(event.data.lead, update, holding=event.id)

    # ── the petition officer ─────────────────────────────────────────────────────────────────

    def _triage(self, event: Message[events.TriageRequested]) -> Iterator[TimedInput]:
        luck = chances(self.seed, event.subject, event.id, "triage")
        at = later(event.time, self.habits.triage.hours, luck[0], self.calendar)
        department = self._office()
        if at is not None and department is not None:
            yield inputs.decision(
                TriageDecision(
                    case_id=event.subject,
                    decision_id=f"assign-{event.id}",
                    at=at,
                    by="petition officer",
                    action=Verdict.ASSIGN,
                    department=department,
                    reason="no rule could place it",
                )
            )

    def _office(self) -> str | None:
        """Whom triage mostly chose, else the first office of the county."""
        for lead in self.habits.triage.leads.values():
            if self.rules.department(lead) is not None:
                return lead
        units = (u for u in self.rules.reference.departments if u.level is Level.COUNTY)
        return next((unit.code for unit in units if unit.heir is None), None)

    # ── residents ────────────────────────────────────────────────────────────────────────────

    def _rate(self, event: Message[events.Resolved]) -> Iterator[TimedInput]:
        habit = self._ratings.get(event.data.department) or self._ratings.get(None)
        if habit is None or habit.hours is None:
            return
        nth = self._rounds.get(event.subject, 0)
        luck = chances(self.seed, event.subject, nth, "rate")
        at = later(event.time, habit.hours, luck[1], self.calendar)
        if luck[0] >= habit.rated or at is None:
            return
        stars = place(habit.stars, luck[2]) + 1
        rating = Rating(
            case_id=event.subject,
            rating_id=f"stars-{event.id}",
            at=at,
            by=RatedBy.RESIDENT,
            stars=stars,
            solved=stars > self.rules.settings.low_stars,
        )
        yield inputs.rating(rating, holding=event.data.holding)
