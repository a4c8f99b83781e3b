"""What people did in one case, to be done again when the case goes another way.

    the case as the log has it ─► Script ─► react(event) ─► their deeds, at their time after it

Each deed has the event that it answers: what a department did, its assignment; stars, the result;
an officer's word, what it was asked for. When that event comes again, the deed does, as much later as
then. The rule to remember: **what the log shows is not drawn**. Only where the log shows nothing, a
holder's time is taken from `Habits`; `marks` says what was assumed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from lab.one_case import Planned
from lab.replay.case_fold import CaseFold, Landed
from lab.replay.deeds import command_of
from lab.whatif.habits import Habits, Spell
from schemas import events, ids
from schemas.commands import Command, SubmitUpdate
from schemas.envelope import Message
from schemas.events import Assigned, CaseEvent, DepartmentEvent, Resolved
from schemas.lifecycle import Status
from schemas.reference import elapsed
from schemas.rulebook import Rulebooks

SOON = timedelta(seconds=1)
Mark = Literal["shifted", "carried", "drawn", "unknown"]
"""What was assumed of people: their deeds lie earlier or later (`shifted`); the matter was settled
when it was, by whoever had it instead (`carried`); a holder's time is drawn from its history
(`drawn`); nobody knows what would have followed, so nothing does (`unknown`)."""
GIVEN = (
    events.Opened, events.ReportAdded, events.Joining, events.ReportDeclined, events.ReportParted,
    events.Adopted, events.AdoptionRefused, events.Merged, events.MergeRefused,
)  # fmt: skip
"""What took two cases: it stays as it happened."""


@dataclass(slots=True)
class Script:
    case: CaseFold
    rules: Rulebooks
    habits: Habits
    chance: Random
    marks: set[Mark] = field(default_factory=set)
    _deeds: dict[str, list[Landed]] = field(default_factory=lambda: defaultdict(list))
    """By the id of the event that they answer."""
    _holdings: dict[str, Message[Assigned]] = field(default_factory=dict)
    """Those of the log that have not come again."""
    _origin: dict[str, str] = field(default_factory=dict)
    """By the command of a deed, the event that it was in the log."""
    _drawn: dict[str, Spell] = field(default_factory=dict)
    """By the holding that it is drawn for."""
    _carries: set[str] = field(default_factory=set)
    _last: Message[Resolved] | None = None
    _requests: list[str] = field(default_factory=list)
    _times: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for landed in self.case.accepted:
            event = landed.message
            self._times[event.id] = event.time
            if isinstance(event.data, Assigned):
                self._holdings[event.id] = event
            if isinstance(event.data, Resolved):
                self._last = event
            if isinstance(event.data, events.TriageRequested):
                self._requests.append(event.id)
            if landed is not self.case.accepted[0] and _is_deed(event):
                self._deeds[self._answers(landed)].append(landed)

    def opening(self) -> Iterator[Planned]:
        """How the case began: its first event, with what rules say of silence."""
        first = self.case.accepted[0].message
        data = first.data
        if isinstance(data, events.Opened):
            days = elapsed(self.rules.at(first.time).settings.silence_closes_after).days
            data = data.model_copy(update={"closes_after_days": days})
        yield Planned(first.time, replace(first, data=data))

    def react(self, event: Message[Any]) -> Iterable[Planned]:
        match event.data:
            case Assigned():
                return list(self._assigned(event))
            case Resolved():
                return list(self._resolved(event))
            case events.TriageRequested():
                return list(self._asked(event))
            case _:
                logged = self._origin.get(event.causationid or "", event.id)
                return list(self._again(event, logged))

    # ── what the log has ─────────────────────────────────────────────────────────────────────

    def _answers(self, landed: Landed) -> str:
        """The id of the event that a deed answers."""
        event, opened = landed.message, self.case.accepted[0].message.id
        match event.data:
            case DepartmentEvent():
                return landed.before.holding or opened
            case events.Rated():
                return self._latest(landed, Resolved) or opened
            case events.Extended():
                return self._latest(landed, events.ExtensionRequested) or opened
        asked = landed.before.status is Status.TRIAGE
        return (landed.before.holding if asked else None) or opened

    def _latest(self, before: Landed, kind: type[CaseEvent]) -> str | None:
        earlier = self.case.accepted[: self.case.accepted.index(before)]
        found = [each.message.id for each in earlier if isinstance(each.message.data, kind)]
        return found[-1] if found else None

    def _again(self, event: Message[Any], logged: str, to: str | None = None) -> Iterator[Planned]:
        """The deeds that answered an event of the log, now that it comes again."""
        for landed in self._deeds.pop(logged, ()):
            later = event.time - self._times[logged]
            if later:
                self.marks.add("shifted")
            planned = _moved(landed.message, later, to)
            self._origin[planned.message.id] = landed.message.id
            yield planned

    # ── holdings ─────────────────────────────────────────────────────────────────────────────

    def _assigned(self, event: Message[Assigned]) -> Iterator[Planned]:
        logged = self._same_holding(event)
        if logged is None:
            yield from self._drawn_for(event)
            return
        deeds = list(self._again(event, logged.id, to=event.id))
        yield from deeds
        if not any(_ends(planned, event.data.lead) for planned in deeds):
            yield from self._carried(event, logged)

    def _same_holding(self, event: Message[Assigned]) -> Message[Assigned] | None:
        """The holding of the log that this is, or else the next of the same department."""
        same = self._holdings.get(event.id)
        if same is not None and same.data.lead == event.data.lead:
            return self._holdings.pop(event.id)
        for logged in self._holdings.values():
            if logged.data.lead == event.data.lead:
                return self._holdings.pop(logged.id)
        return None

    def _carried(self, event: Message[Assigned], logged: Message[Assigned]) -> Iterator[Planned]:
        """The log shows no end by this holder: it went elsewhere, and was settled there. If it stays
        now, it is settled when it was."""
        last = self._last
        if last is None or last.data.holding == logged.id:
            return
        at = max(last.time, event.time + SOON)
        planned = _said(event, last, at, "carried")
        self._carries.add(planned.message.id)
        self._origin[planned.message.id] = last.id
        yield planned

    def _drawn_for(self, event: Message[Assigned]) -> Iterator[Planned]:
        data = event.data
        self.marks.add("drawn")
        spell = self.habits.draw(data.lead, data.level, data.category, self.chance)
        if spell is None or spell.ended is None:
            self.marks.add("unknown")
            return
        self._drawn[event.id] = spell
        if spell.sign is not None and spell.signed is not None:
            yield _said(event, spell.sign, event.time + spell.signed, "drawn")
        yield _said(event, spell.ended, event.time + spell.lasted, "drawn")

    # ── results, and triage ──────────────────────────────────────────────────────────────────

    def _resolved(self, event: Message[Resolved]) -> Iterator[Planned]:
        drawn = self._drawn.get(event.data.holding)
        if drawn is not None and drawn.ended is not None:
            for rated in drawn.rated:
                later = event.time - drawn.ended.time
                yield _moved(rated, later, event.data.holding, case=event.subject)
            return
        if event.causationid in self._carries:
            self.marks.add("carried")
        yield from self._again(event, self._origin.get(event.causationid or "", event.id))

    def _asked(self, event: Message[events.TriageRequested]) -> Iterator[Planned]:
        """The officer's word on this request, or on the next that the log has."""
        asked = [event.id, *(each for each in self._requests if each != event.id)]
        logged = next((each for each in asked if each in self._deeds), None)
        if logged is None:
            self.marks.add("unknown")
            return
        yield from self._again(event, logged)


# ── deeds ────────────────────────────────────────────────────────────────────────────────────


def _is_deed(event: Message[Any]) -> bool:
    return isinstance(event.data, GIVEN) or command_of(event) is not None


def _moved(
    event: Message[Any], later: timedelta, holding: str | None, case: str | None = None
) -> Planned:
    """The deed behind an event, so much later; for this holding alone."""
    if isinstance(event.data, GIVEN):
        return Planned(event.time + later, replace(event, time=event.time + later))
    command = command_of(event)
    assert command is not None, "a deed has its command"
    at = event.time + later
    message = replace(command, time=at, data=_at(command.data, later, case))
    if case is not None:
        message = replace(message, subject=case, id=ids.derive("whatif", case, command.id))
    return Planned(at, message, holding)


def _at(command: Command, later: timedelta, case: str | None) -> Command:
    """The command with its own moments moved as well, and about this case."""
    changes: dict[str, Any] = {"received_at": command.received_at + later}
    for name in ("update", "decision", "rating"):
        said = getattr(command, name, None)
        if said is not None:
            about = {"case_id": case} if case is not None else {}
            changes[name] = said.model_copy(update={"at": said.at + later, **about})
    return command.model_copy(update=changes)


def _said(assigned: Message[Assigned], event: Message[Any], at: datetime, how: str) -> Planned:
    """What a department said of this or another case, said by the holder of this assignment."""
    command = command_of(event)
    assert command is not None and isinstance(command.data, SubmitUpdate)
    identity = ids.derive("whatif", how, assigned.id, command.id)
    update = command.data.update.model_copy(
        update={"at": at, "case_id": assigned.subject, "update_id": identity}
    )
    changes = {"department": assigned.data.lead, "update": update, "received_at": at}
    data = command.data.model_copy(update=changes)
    message = Message(identity, "/services/router", assigned.subject, at, data)
    return Planned(at, message, assigned.id)


ENDS = frozenset({"resolve", "return", "pass-up"})


def _ends(planned: Planned, lead: str) -> bool:
    data = planned.message.data
    return isinstance(data, SubmitUpdate) and data.department == lead and data.update.action in ENDS
