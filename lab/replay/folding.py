"""The folds of all four services over a log, at once: no broker, no database, nothing decided.

    (partition, offset, event) … ─► Fold ─► one Case each ─► an Entry for each service

What `services.shell.desk` does for one service, done for four: copies and voids are told once for
all, since they follow from the lifecycle alone. The rule to remember: **it must give what the desks
give**, to the byte; tests hold one against the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.envelope import Message
from schemas.lifecycle import Standing, advance, void_because
from services.decider import Decider
from services.intake.domain import DECIDER as INTAKE
from services.rating.domain import DECIDER as RATING
from services.router.domain import DECIDER as ROUTER
from services.shell.desk import Entry, pack
from services.sla.domain import DECIDER as SLA

DECIDERS: tuple[Decider[Any], ...] = (INTAKE, ROUTER, SLA, RATING)
SERVICES = tuple(decider.service for decider in DECIDERS)
EVOLVE = tuple(decider.evolve for decider in DECIDERS)
PLACE = {service: place for place, service in enumerate(SERVICES)}


def fold_in(states: list[Any], event: Message[Any], standing: Standing) -> int:
    """Put the states of all services after an event that the log accepted; how many folds broke on
    it: the services leave the event out alike, and set the record aside. The states must be nobody
    else's: their standing is changed in place, since a copy of each costs a fifth of all."""
    broke = 0
    if standing is not states[0].standing:
        for state in states:
            object.__setattr__(state, "standing", standing)
    for place, evolve in enumerate(EVOLVE):
        try:
            states[place] = evolve(states[place], event)
        except Exception:
            broke += 1
    return broke


@dataclass(slots=True)
class Case:
    """One case, as the log has it so far. `states` are in the order of `DECIDERS`."""

    id: str
    partition: int
    states: list[Any]
    standing: Standing
    seen: bytes = b""
    void: bytes = b""
    copies: tuple[int, ...] = ()
    offset: int = -1

    def state(self, service: str) -> Any:
        return self.states[PLACE[service]]

    def entry(self, service: str) -> Entry[Any]:
        """As the desk of a service keeps it."""
        state = self.state(service)
        timer = DECIDERS[PLACE[service]].due(state)
        due = timer.at if timer else None
        return Entry(self.id, state, self.seen, self.void, self.offset, self.copies, due=due)


class Fold:
    """All cases of some records. Call `take` in each partition's order."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.tally: Counter[str] = Counter()
        """How many events were accepted, copies, void or broke a fold."""

    def take(self, partition: int, offset: int, event: Message[Any]) -> bool:
        """Fold one record of the log; whether it counted."""
        case = self.cases.get(event.subject) or self._new(event.subject, partition)
        case.offset = offset
        identity = pack(event.id)
        if identity in case.seen:
            case.copies += (offset,)
            self.tally["copies"] += 1
            return False
        case.seen += identity
        if void_because(case.standing, event.data) is not None:
            case.void += identity
            self.tally["voids"] += 1
            return False
        self.tally["accepted"] += 1
        case.standing = advance(case.standing, event)
        broke = fold_in(case.states, event, case.standing)
        if broke:
            self.tally["broke"] += broke
        return True

    def _new(self, identity: str, partition: int) -> Case:
        states = [decider.initial() for decider in DECIDERS]
        case = self.cases[identity] = Case(identity, partition, states, states[0].standing)
        return case

    def entries(self, service: str) -> Iterator[Entry[Any]]:
        return (case.entry(service) for case in self.cases.values())
