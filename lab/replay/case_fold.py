"""One case as the log has it, folded by the lifecycle table and the pure deciders alone.

    records of a case, in order ─► accepted, copy or void, and each service's state after each

The shell has a fold of its own (`services.shell.desk`); this is the one that it is judged by. It
keeps every state, so that what was decided can be decided again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from lab.replay.folding import DECIDERS as IN_ORDER
from schemas import ids
from schemas.envelope import Message
from schemas.lifecycle import Standing, advance, void_because
from services.changing import replace
from services.decider import Decider

DECIDERS: Mapping[str, Decider[Any]] = {d.service: d for d in IN_ORDER}


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    COPY = "copy"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Landed:
    """A record of the case, what became of it, and every service's state after it."""

    offset: int
    at: int | None
    """Its place among all records of all topics, where that is known."""
    written: datetime | None
    """When it came to the log: the true time, or the latest that its partition had come to; where
    that is known."""
    message: Message[Any]
    verdict: Verdict
    before: Standing
    states: Mapping[str, Any]

    @property
    def was_accepted(self) -> bool:
        return self.verdict is Verdict.ACCEPTED


@dataclass
class CaseFold:
    id: str
    deciders: Mapping[str, Decider[Any]] = field(default_factory=lambda: DECIDERS)
    landed: list[Landed] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)
    states: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, None] = field(default_factory=dict)
    void: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = {name: decider.initial() for name, decider in self.deciders.items()}

    def fold(
        self,
        offset: int,
        message: Message[Any],
        at: int | None = None,
        written: datetime | None = None,
    ) -> Landed:
        before = self.standing
        verdict = self._judge(message)
        if verdict is Verdict.ACCEPTED:
            self._advance(message)
        landed = Landed(offset, at, written, message, verdict, before, dict(self.states))
        self.landed.append(landed)
        return landed

    def _judge(self, message: Message[Any]) -> Verdict:
        if message.id in self.seen:
            return Verdict.COPY
        self.seen[message.id] = None
        if void_because(self.standing, message.data) is None:
            return Verdict.ACCEPTED
        self.void[message.id] = None
        return Verdict.VOID

    def _advance(self, message: Message[Any]) -> None:
        before, self.standing = self.standing, advance(self.standing, message)
        for name, decider in self.deciders.items():
            state = self.states[name]
            if self.standing != before:
                state = replace(state, standing=self.standing)
            self.states[name] = decider.evolve(state, message)

    @property
    def accepted(self) -> list[Landed]:
        return [landed for landed in self.landed if landed.was_accepted]

    def answer_of(self, cause: str, service: str) -> Landed | None:
        """The accepted event of a service that answers a cause: the attempt that was not void."""
        attempt = 0
        while (identity := ids.event_id(cause, service, attempt)) in self.void:
            attempt += 1
        return next((each for each in self.accepted if each.message.id == identity), None)

    def states_after(self, cause: str, service: str) -> list[Any]:
        """The states from the moment when the cause itself had landed; all, if it is a command."""
        places = [n for n, each in enumerate(self.landed) if each.message.id == cause]
        later = [each.states[service] for each in self.landed[places[0] if places else 0 :]]
        return later if places else [self.deciders[service].initial(), *later]

    def states_between(self, service: str, at: int, until: int) -> list[Any]:
        """The states from the one that stood at a moment to the one that stood at another."""
        initial = self.deciders[service].initial()
        before = [initial, *(e.states[service] for e in self.landed if (e.at or 0) < at)]
        between = [e.states[service] for e in self.landed if at <= (e.at or 0) < until]
        return [before[-1], *between]

    def differs(self, service: str, document: Mapping[str, Any], committed: int) -> str | None:
        """How a stored document differs from this fold as of its own offset, which must cover all
        that is committed; None if it does not."""
        places = [n for n, each in enumerate(self.landed) if each.offset == document["offset"]]
        if not places:
            return f"the log has no record of it at {document['offset']}"
        folded = self.landed[: places[0] + 1]
        if any(folded[-1].offset < each.offset < committed for each in self.landed):
            return f"it is of {document['offset']}, but {committed} is committed"
        expected = {
            "seen": _packed(each for each in folded if each.verdict is not Verdict.COPY),
            "void": _packed(each for each in folded if each.verdict is Verdict.VOID),
            "state": _states(service).dump_python(
                folded[-1].states[service], mode="json", exclude_defaults=True
            ),
        }
        found = {**document, "seen": bytes(document["seen"]), "void": bytes(document["void"])}
        names = [name for name, value in expected.items() if found[name] != value]
        return f"{', '.join(names)} differ" if names else None


@lru_cache
def _states(service: str) -> TypeAdapter[Any]:
    return TypeAdapter(type(DECIDERS[service].initial()))


def _packed(landed: Iterable[Landed]) -> bytes:
    return b"".join(bytes.fromhex(each.message.id.replace("-", "")) for each in landed)
