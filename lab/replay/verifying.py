"""Does a log keep its promises, and would today's code decide it again?

    log ─► case by case ─► promises ─┬─► the first event that breaks one, and how many do
         + rules ─► decided again ───┘

With rules, every decision is held against what is decided now (`lab.replay.decisions`); without, only
what the log itself can prove. The rule to remember: **what a log's end hides is not missing**: it may
be cut off anywhere, and what should have followed within a day of its end may yet come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from lab.replay.case_fold import CaseFold
from lab.replay.decisions import differences
from lab.replay.grouped import folded_cases
from lab.replay.promises import (
    BETWEEN_CASES,
    OUTAGE,
    PROMISES,
    Breach,
    Ties,
    no_timer_is_passed_over,
    words,
)
from lab.replay.reading import Lines, span_of
from lab.replay.running import over_partitions
from schemas.rulebook import Rulebooks
from schemas.topics import KEYED_PARTITIONS

DECISIONS = "today's code decides the same"
READABLE = "every line is an event"
SHOWN = 20


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """An event that breaks a promise; `line` is where it stands in the file, from 1 on."""

    line: int
    promise: str
    what: str
    case: str = ""
    event: str = ""
    at: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}: {self.event} of case {self.case} at {self.at}"
        return f"{where if self.case else f'line {self.line}'}: {self.promise}: {self.what}"


@dataclass(slots=True)
class Verified:
    cases: int = 0
    events: int = 0
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    """How often each promise is broken."""
    otherwise: Counter[str] = field(default_factory=Counter)
    """Events that are decided otherwise now, by type."""
    shown: list[Broken] = field(default_factory=list)
    """The first of them, in the order of the file."""
    ties: Ties = field(default_factory=Ties)

    @property
    def holds(self) -> bool:
        return not self.broken

    @property
    def first(self) -> Broken | None:
        return self.shown[0] if self.shown else None

    def take(self, found: Broken) -> None:
        self.broken[found.promise] += 1
        if found.promise == DECISIONS:
            self.otherwise[found.event] += 1
        self.shown.append(found)
        if len(self.shown) > 2 * SHOWN:
            self.shown = sorted(self.shown)[:SHOWN]

    def join(self, other: Verified) -> None:
        self.cases += other.cases
        self.events += other.events
        self.unreadable += other.unreadable
        self.broken += other.broken
        self.otherwise += other.otherwise
        self.shown = sorted([*self.shown, *other.shown])[:SHOWN]
        self.ties.join(other.ties)


def verify(
    log: Path, rules: Rulebooks | None = None, jobs: int = 1, partitions: int = KEYED_PARTITIONS
) -> Verified:
    """Raises `NoLog` for a file that is none."""
    until = span_of(log)[1] - OUTAGE
    found = Verified()
    for part in over_partitions(partial(_part, rules, until, partitions), log, partitions, jobs):
        found.join(part)
    for promise in BETWEEN_CASES:
        for breach in promise(found.ties):
            found.take(_broken(words(promise), breach))
    for line, why in [*found.unreadable, *_without_key(log)]:
        found.take(Broken(line, READABLE, why))
    found.shown = sorted(found.shown)[:SHOWN]
    return found


def _without_key(log: Path) -> Iterator[tuple[int, str]]:
    """Lines that belong to no case."""
    lines = Lines(log, frozenset())
    for _ in lines:
        pass
    yield from ((line, "it has no subject") for line in lines.lost)


def _part(
    rules: Rulebooks | None, until: datetime, partitions: int, log: Path, mine: Sequence[int]
) -> Verified:
    part = Verified()
    for case in folded_cases(log, mine, partitions, part):
        part.ties.see(case)
        for found in of_case(case, rules, until):
            part.take(found)
    return part


def of_case(case: CaseFold, rules: Rulebooks | None, until: datetime) -> Iterator[Broken]:
    """What is broken in one case."""
    for promise in PROMISES:
        for breach in promise(case):
            yield _broken(words(promise), breach)
    for breach in no_timer_is_passed_over(case, until):
        yield _broken(words(no_timer_is_passed_over), breach)
    for difference in differences(case, rules, until) if rules is not None else ():
        yield _broken(DECISIONS, Breach(difference.at, str(difference)))


def _broken(promise: str, breach: Breach) -> Broken:
    event = breach.at.message
    at = event.time.isoformat()
    return Broken(breach.at.offset, promise, breach.what, event.subject, event.type, at)
