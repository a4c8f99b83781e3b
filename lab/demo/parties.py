"""The parties of the demo: departments, residents and the petition officer, as the stories say.

    event of the log ─► who acts on it, when, and with which words ─► timed inputs

Everything follows from the story, the event and the case's id: the same month every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lab import inputs
from lab.demo.stories import Break, Story, by_case
from lab.driver import Parties
from lab.inputs import TimedInput
from schemas import events, ids
from schemas.envelope import Message, Payload
from schemas.events import AssignedBecause
from schemas.inputs import Action, RatedBy, Rating, Report, TriageDecision, Update, Verdict
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.intake.place import Place, resolve

LEVELS = (Level.VILLAGE, Level.TOWN, Level.COUNTY)
REACTS_AFTER = timedelta(minutes=3)
"""Nobody reacts sooner to what time alone brought about."""
FIRST_WORDS = (
    "已收到您反映的问题,正在安排人员处理。",
    "已派人到现场查看,情况属实,正在协调处理。",
    "已与您说的地点核对清楚,今天安排人员上门。",
    "谢谢您反映,处理进度会第一时间告诉您。",
)
PROGRESS = (
    "已到现场查看并拍照,正在联系相关人员。",
    "材料已备齐,等待施工。",
    "已约双方见面,听取意见。",
    "已列入今日派工单。",
)


def _chance(event: Message[Any]) -> Random:
    """What is left to chance, the same in every installation. An event's id is not: it follows from
    the report's digest, which is keyed with a secret of the installation."""
    return Random(f"{event.subject} {event.type} {event.time.isoformat()}")


class Together:
    """Several parties; each knows its own cases."""

    def __init__(self, *parties: Parties) -> None:
        self.parties = parties

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        return [item for party in self.parties for item in party.react(event)]


class DemoParties:
    def __init__(self, stories: list[tuple[Report, Story]], rules: Rulebook) -> None:
        self.cases = by_case(stories)
        self.rules = rules
        self.reported: dict[str, datetime] = {
            case: report.submitted_at for case, (report, _) in self.cases.items()
        }
        self.returned: dict[str, int] = {}
        self.resolved: dict[str, int] = {}
        self._react: Mapping[
            type[Payload], Callable[[Message[Any], Story], Iterable[TimedInput]]
        ] = {
            events.Opened: self._confirm,
            events.Assigned: self._handle,
            events.Returned: self._count_return,
            events.TriageRequested: self._triage,
            events.Resolved: self._rate,
        }

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        """What the parties do about one event that the log accepted."""
        known = self.cases.get(event.subject)
        reaction = self._react.get(type(event.data))
        return list(reaction(event, known[1])) if known and reaction else []

    # ── the petition officer ─────────────────────────────────────────────────────────────────

    def _confirm(self, event: Message[events.Opened], story: Story) -> Iterable[TimedInput]:
        """Confirm what the machine was not sure of, or got wrong."""
        opened = event.data
        wrong = story.category is not None and story.category != opened.category
        if wrong or opened.category_by == "unsure" or not opened.area_certain:
            yield inputs.decision(
                TriageDecision(
                    case_id=event.subject,
                    decision_id=f"confirm-{event.subject}",
                    at=event.time + timedelta(minutes=10),
                    by="petition-officer",
                    action=Verdict.CONFIRM,
                    category=story.category,
                    grid=story.grid,
                )
            )

    def _count_return(self, event: Message[Any], _story: Story) -> Iterable[TimedInput]:
        self.returned[event.subject] = self.returned.get(event.subject, 0) + 1
        return ()

    def _triage(self, event: Message[events.TriageRequested], story: Story) -> Iterable[TimedInput]:
        """A person decides where no rule could: the town's own office, whose word is final."""
        report = self.cases[event.subject][0]
        department = self._office(report, story)
        if department is not None:
            yield inputs.decision(
                TriageDecision(
                    case_id=event.subject,
                    decision_id=f"assign-{event.id}",
                    at=event.time + timedelta(minutes=45),
                    by="petition-officer",
                    action=Verdict.ASSIGN,
                    department=department,
                    reason="经核实,由该单位主办。",
                )
            )

    def _office(self, report: Report, story: Story) -> str | None:
        place = resolve(self.rules, report.location)
        area = story.grid or (place.area if isinstance(place, Place) else None)
        for kind in ("town-governance-office", "county-petitions"):
            unit = self.rules.unit(kind, area)
            if unit is not None:
                return unit.code
        return None

    # ── departments ──────────────────────────────────────────────────────────────────────────

    def _handle(self, event: Message[events.Assigned], story: Story) -> Iterable[TimedInput]:
        """What the lead does with a case that it has just been given."""
        chance = _chance(event)
        data = event.data
        start = (
            event.time + REACTS_AFTER if data.because is AssignedBecause.ESCALATED else event.time
        )
        if self._returns(event, story):
            yield self._return(event, story, start)
            return
        sign_at = start + self._until_signed(story, chance)
        resolve_at = max(self._resolve_at(event, story), sign_at + timedelta(minutes=20))
        yield self._say(event, Action.SIGN, sign_at)
        if not self._settles_here(event, story):
            yield from self._on_the_way(event, story, sign_at, resolve_at, chance)
            return
        if story.pause is not None:
            begins = sign_at + timedelta(minutes=30)
            ends = begins + timedelta(days=story.pause.days)
            resolve_at = max(resolve_at, ends + timedelta(hours=1))
            yield from self._pause(event, story.pause, begins, ends)
        yield from self._on_the_way(event, story, sign_at, resolve_at, chance)
        again = self.resolved.get(event.subject)
        words = (again and story.resolution_after) or story.resolution
        settlement = {"outcome": "settled"} if self.rules.is_dispute(data.category) else None
        yield self._say(event, Action.RESOLVE, resolve_at, result=words, settlement=settlement)

    def _returns(self, event: Message[events.Assigned], story: Story) -> bool:
        final = event.data.because is AssignedBecause.TRIAGE
        return not final and self.returned.get(event.subject, 0) < story.returns

    def _return(self, event: Message[events.Assigned], story: Story, start: datetime) -> TimedInput:
        nth = self.returned.get(event.subject, 0)
        reason = story.return_reasons[min(nth, len(story.return_reasons) - 1)]
        at = start + timedelta(minutes=25)
        return self._say(event, Action.RETURN, at, reason=reason.code, result=reason.text)

    def _until_signed(self, story: Story, chance: Random) -> timedelta:
        if story.late_in == "sign":
            return timedelta(minutes=story.minutes_to_resolve * 0.8)
        most = min(6.0, story.minutes_to_resolve * 0.1)
        return timedelta(minutes=round(chance.uniform(most / 2, most)))

    def _resolve_at(self, event: Message[events.Assigned], story: Story) -> datetime:
        """As long after the report as the story says; a later round takes a few hours."""
        if event.data.because is AssignedBecause.REOPENED:
            return event.time + timedelta(hours=4)
        return self.reported[event.subject] + timedelta(minutes=story.minutes_to_resolve)

    def _settles_here(self, event: Message[events.Assigned], story: Story) -> bool:
        if story.settles_at is None:
            return True
        return LEVELS.index(event.data.level) >= LEVELS.index(story.settles_at)

    def _on_the_way(
        self,
        event: Message[events.Assigned],
        story: Story,
        sign_at: datetime,
        resolve_at: datetime,
        chance: Random,
    ) -> Iterable[TimedInput]:
        """A first word to the reporter, and progress: between signing and resolving."""
        span = resolve_at - sign_at
        if story.late_in != "respond":
            word = chance.choice(FIRST_WORDS)
            at = sign_at + min(span * 0.2, timedelta(minutes=3))
            yield self._say(event, Action.FEEDBACK, at, result=word)
        if story.pause is None and span > timedelta(hours=3):
            words = chance.choice(PROGRESS)
            yield self._say(event, Action.PROGRESS, sign_at + span * 0.5, result=words)

    def _pause(
        self, event: Message[events.Assigned], pause: Break, begins: datetime, ends: datetime
    ) -> Iterable[TimedInput]:
        yield self._say(event, Action.PAUSE, begins, reason=pause.reason, result=pause.text)
        yield self._say(event, Action.RESUME, ends)

    def _say(
        self, event: Message[events.Assigned], action: Action, at: datetime, **words: Any
    ) -> TimedInput:
        update = Update(
            update_id=ids.derive("demo", event.id, action),
            case_id=event.subject,
            action=action,
            at=at,
            by=f"clerk@{event.data.lead}",
            **words,
        )
        return inputs.update(event.data.lead, update, holding=event.id)

    # ── residents ────────────────────────────────────────────────────────────────────────────

    def _rate(self, event: Message[events.Resolved], story: Story) -> Iterable[TimedInput]:
        """The person says what they think of the result, or says nothing."""
        nth = self.resolved[event.subject] = self.resolved.get(event.subject, 0) + 1
        stars, comment = story.stars, story.comment
        if nth > 1:
            stars, comment = story.stars_after, story.comment_after
        if stars is None:
            return
        rating = Rating(
            case_id=event.subject,
            rating_id=f"stars-{event.id}",
            at=event.time + timedelta(minutes=_chance(event).randrange(60, 2_400)),
            by=RatedBy.RESIDENT,
            stars=stars,
            solved=stars > 2,
            comment=comment,
        )
        yield inputs.rating(rating, holding=event.data.holding)
