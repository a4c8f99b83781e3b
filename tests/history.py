"""What broker and database hold at the end: the record that `tests.invariants` judges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from lab.replay.case_fold import DECIDERS, CaseFold
from schemas import topics
from schemas.envelope import Message
from schemas.events import CaseEvent
from schemas.outputs import Scorecard
from schemas.rulebook import Rulebooks
from services.decider import Decider, Decision

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the broker holds it; `message` is None if it cannot be read."""

    topic: str
    partition: int
    offset: int
    key: str
    message: Message[Any] | None
    at: int | None = None
    """Its place among all records of all topics, where that is known."""
    written: datetime | None = None
    """The true time, where that is known."""
    value: bytes | None = None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


Committed = Mapping[str, Mapping[tuple[str, int], int]]
"""By service, then topic and partition."""


@dataclass
class History:
    rulebooks: Rulebooks
    log: Sequence[Record] = ()
    commands: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    outside: Sequence[Record] = ()
    """What was told to outsiders: assignments, answers, rejections."""
    documents: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    committed: Committed = field(default_factory=dict)
    set_aside: frozenset[str] = frozenset()
    """The ids of messages in the dead letters."""
    reasons: Sequence[str] = ()
    """Why things were set aside."""
    timers_until: datetime = LONG_AGO
    """Every timer due before this must have fired."""
    clocks_differ: timedelta = timedelta()
    """How far the clocks of the machines were from the true time at most."""
    behind: Mapping[str, int] = field(default_factory=dict)
    """By reader and partition: how many records it has not said that it is done with."""
    cards: list[Scorecard] = field(default_factory=list)
    """What the running service said how well each unit does."""
    cards_until: Mapping[int, int] = field(default_factory=dict)
    """By partition, up to where it had read the log then."""
    reports_taken: Sequence[tuple[str, str]] = ()
    """Source and id of the reports that the broker acknowledged to their senders."""
    words_taken: Sequence[str] = ()
    """The same of updates and ratings."""
    private: Sequence[str] = ()
    """Names and phone numbers that were sent in."""
    deciders: Mapping[str, Decider[Any]] = field(default_factory=lambda: DECIDERS)

    @cached_property
    def cases(self) -> dict[str, CaseFold]:
        cases: dict[str, CaseFold] = {}
        for record in self.log:
            message = record.message
            if message is not None:
                case = cases.setdefault(message.subject, CaseFold(message.subject, self.deciders))
                case.fold(record.offset, message, record.at, record.written)
        return cases

    @cached_property
    def all_commands(self) -> list[Record]:
        return [record for records in self.commands.values() for record in records]

    @cached_property
    def told(self) -> list[tuple[str, Message[Any]]]:
        return [(record.topic, record.message) for record in self.outside if record.message]

    @cached_property
    def notices(self) -> list[Message[Any]]:
        return [message for _, message in self.told]

    @property
    def rejections(self) -> list[Message[Any]]:
        return [m for topic, m in self.told if topic == topics.REPORTS_REJECTED.name]

    @cached_property
    def _departments(self) -> dict[str, str]:
        return {message.id: topic.partition(".")[2] for topic, message in self.told}

    def department_of(self, word: Message[Any]) -> str:
        """Whose topic a word to a department stands on."""
        return self._departments[word.id]

    @cached_property
    def _refusals(self) -> dict[str, list[int]]:
        """By command: when it was refused."""
        found: dict[str, list[int]] = defaultdict(list)
        for record in [*self.log, *self.outside]:
            message = record.message
            if message is None or message.causationid is None:
                continue
            if not isinstance(message.data, CaseEvent) or message.data.REFUSAL:
                found[message.causationid].append(record.at or 0)
        return found

    def refusals_of(self, command: str) -> list[int]:
        return sorted(self._refusals.get(command, ()))

    @cached_property
    def _partitions(self) -> dict[str, int]:
        return {record.key: record.partition for record in self.log}

    def partition_of(self, case: CaseFold) -> int:
        return self._partitions[case.id]

    def committed_log(self, service: str, case: CaseFold) -> int:
        """Up to where a service says that it has dealt with the log of a case."""
        place = (topics.CASE_EVENTS.name, self.partition_of(case))
        return self.committed[service].get(place, 0)

    def is_settled(self, case: CaseFold) -> bool:
        """Whether all services have dealt with all that happened."""
        last = case.landed[-1].offset
        return all(last < self.committed_log(service, case) for service in self.deciders)

    def initial(self, service: str) -> Any:
        return self.deciders[service].initial()

    def decide(self, service: str, state: Any, cause: Message[Any]) -> Decision:
        return self.deciders[service].decide(state, cause, self.rulebooks.at(cause.time))

    def spoken_in_clear(self) -> Iterator[tuple[Record, str]]:
        """Records of the log that hold something private."""
        for record in self.log if self.private else ():
            for word in self.private:
                if record.value is not None and word.encode() in record.value:
                    yield record, word
