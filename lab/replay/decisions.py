"""Decided again along the log: would today's code, under these rules, decide the same?

    a case as the log has it + rules ─► each cause put to its service once more ─► Difference …

Each event that a service decided has a cause: an event before it, a timer, or a person's word, which
it carries (`lab.replay.deeds`). The cause is put to `decide` on the state that stood; since a service
may have known a little less than the log held when its answer landed, any state between cause and
answer will do. Where the log ends soon after a cause, its answer may lie behind that end. The rule to
remember: **no difference along the log means none at all**: the same decisions from the same
beginning make the same log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.replay.case_fold import CaseFold, Landed
from lab.replay.deeds import command_of
from schemas import events, ids
from schemas.envelope import Message
from schemas.events import CaseEvent
from schemas.lifecycle import void_because
from schemas.reference import elapsed
from schemas.rulebook import Rulebooks
from services.decider import Cause, Decision
from services.shell.wording import tick_of


@dataclass(frozen=True, slots=True)
class Difference:
    """What the log has, and what is decided now; either may be nothing."""

    service: str
    cause: Cause
    at: Landed
    """The event that is decided otherwise; where the log has none, its cause."""
    logged: CaseEvent | None
    decided: Decision

    def __str__(self) -> str:
        was = self.logged.TYPE if self.logged else "nothing"
        now = self.decided.TYPE if isinstance(self.decided, CaseEvent) else "nothing"
        if self.logged is None or not isinstance(self.decided, type(self.logged)):
            return f"{self.service} decided {was}, and now {now}"
        old, new = _fields(self.logged), _fields(self.decided)
        names = sorted(name for name in old | new if old.get(name) != new.get(name))
        told = "; ".join(f"{n} {_short(old.get(n))} → {_short(new.get(n))}" for n in names)
        return f"{self.service} decides {was} otherwise: {told}"


def _fields(event: CaseEvent) -> dict[str, Any]:
    """What an event says, a deadline under its own kind."""
    said = event.model_dump(mode="json", exclude={"deadlines"})
    for deadline in event.deadlines if isinstance(event, events.DeadlineSet) else ():
        for name, value in deadline.model_dump(mode="json").items():
            said[f"{deadline.kind}.{name}"] = value
    return said


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 60 else text[:57] + "…"


def differences(case: CaseFold, rules: Rulebooks, until: datetime) -> Iterator[Difference]:
    """In the order of the log. What was written by `until` has its answer, or will have none. Some
    0.1 ms an event."""
    again = _Again(case, rules, until)
    for place, landed in enumerate(case.landed):
        if landed.was_accepted:
            yield from again.decided(place, landed)
            yield from again.follows(place, landed)


class _Again:
    def __init__(self, case: CaseFold, rules: Rulebooks, until: datetime) -> None:
        self.case = case
        self.rules = rules
        self.until = until
        self._children: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for place, landed in enumerate(case.landed):
            if landed.was_accepted:
                event = landed.message
                self._children[event.source, event.causationid].append(place)
        self._explained: set[int] = set()
        """Places of events that answer an event before them."""

    # ── what an event brought about ──────────────────────────────────────────────────────────

    def follows(self, place: int, landed: Landed) -> Iterator[Difference]:
        cause = landed.message
        for service, decider in self.case.deciders.items():
            if decider.answers is not None and type(cause.data) not in decider.answers:
                continue
            answer = self._answer_to(cause, service)
            decided = self._decide(service, landed.states[service], cause)
            if answer is not None:
                self._explained.add(answer)
                yield from self._held(service, cause, place, answer, decided)
            elif isinstance(decided, CaseEvent) and self._passed_over(service, cause, place):
                yield Difference(service, cause, landed, None, decided)

    def _answer_to(self, cause: Cause, service: str) -> int | None:
        children = self._children.get((f"/services/{service}", cause.id))
        for place in children or ():
            if self._is_answer(self.case.landed[place].message, cause.id, service):
                return place
        return None

    def _is_answer(self, event: Message[Any], cause: str, service: str) -> bool:
        """Whether its id is that of an attempt to answer the cause."""
        tries = range(len(self.case.void) + 1)
        return any(event.id == ids.event_id(cause, service, attempt) for attempt in tries)

    def _held(
        self, service: str, cause: Cause, place: int, answer: int, decided: Decision
    ) -> Iterator[Difference]:
        landed = self.case.landed[answer]
        logged = landed.message.data
        if decided == logged:
            return
        between = (each.states[service] for each in self.case.landed[place + 1 : answer])
        if not any(self._decide(service, state, cause) == logged for state in between):
            yield Difference(service, cause, landed, logged, decided)

    def _passed_over(self, service: str, cause: Cause, place: int) -> bool:
        """The service went on, or the log did, and no state had come on which nothing follows from
        the cause: a service answers the causes of a case in their order."""
        landed, went_on = self.case.landed, self._went_on(service, place)
        if went_on is None and (landed[place].written or cause.time) > self.until:
            return False
        states = (each.states[service] for each in landed[place + 1 : went_on])
        return all(isinstance(self._decide(service, s, cause), CaseEvent) for s in states)

    def _went_on(self, service: str, place: int) -> int | None:
        """Where the service's first answer to an event after this one landed; None: there is none."""
        after = {each.message.id for each in self.case.landed[place + 1 :]}
        for number, each in enumerate(self.case.landed[place + 1 :], place + 1):
            event = each.message
            if event.source == f"/services/{service}" and event.causationid in after:
                return number
        return None

    # ── what a timer or a person brought about ───────────────────────────────────────────────

    def decided(self, place: int, landed: Landed) -> Iterator[Difference]:
        if place in self._explained:
            return
        event = landed.message
        if isinstance(event.data, events.Opened):
            yield from self._silence(event, landed)
            return
        service = event.source.rpartition("/")[2]
        if service not in self.case.deciders:
            return
        before = self._before(place, service)
        cause = self._cause(event, service, before)
        if cause is None:
            return
        decided = self._decide(service, before, cause)
        if decided == event.data:
            return
        earlier = (self._before(earlier, service) for earlier in range(place))
        if not any(self._decide(service, state, cause) == event.data for state in earlier):
            yield Difference(service, cause, landed, event.data, decided)

    def _before(self, place: int, service: str) -> Any:
        """The state that stood when the event at a place landed."""
        if place == 0:
            return self.case.deciders[service].initial()
        return self.case.landed[place - 1].states[service]

    def _cause(self, event: Message[Any], service: str, state: Any) -> Cause | None:
        timer = self.case.deciders[service].due(state)
        if timer is not None and timer.because == event.causationid and timer.at == event.time:
            return tick_of(timer, event.subject)
        return command_of(event)

    def _silence(self, event: Message[events.Opened], landed: Landed) -> Iterator[Difference]:
        """How long silence lasts is all of a report that rules decide after it was understood."""
        days = elapsed(self.rules.at(event.time).settings.silence_closes_after).days
        if days != event.data.closes_after_days:
            now = event.data.model_copy(update={"closes_after_days": days})
            yield Difference("intake", event, landed, event.data, now)

    def _decide(self, service: str, state: Any, cause: Cause) -> Decision:
        decider = self.case.deciders[service]
        decided = decider.decide(state, cause, self.rules.at(cause.time))
        if isinstance(decided, CaseEvent) and void_because(state.standing, decided) is not None:
            return None
        return decided
