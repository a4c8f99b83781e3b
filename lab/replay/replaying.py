"""A log folded again: by all four services, over as many processes as there are cores.

log ─► lines of some partitions ─► Fold ─► Replayed (how many, which digests, the facts)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from lab.replay.documents import Documents, documents_of
from lab.replay.folding import SERVICES, Case, Fold
from lab.replay.reading import Lines
from lab.replay.running import over_partitions
from schemas.envelope import Reader, Unreadable
from schemas.topics import EVENT_TYPES, KEYED_PARTITIONS


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of a replay, besides how many events there were."""

    until: datetime | None = None
    """Only what had happened by then; None for all."""
    case: str | None = None
    """The state of this case."""
    documents: bool = False
    """A digest of each document."""
    facts: bool = False
    """Rating's fact sheets, from which the tables are made."""
    partitions: int = KEYED_PARTITIONS


@dataclass(slots=True)
class Replayed:
    events: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    """Of the events: accepted, copies, voids, unreadable; and how many broke a fold."""
    cases: int = 0
    lost: int = 0
    """Lines without a readable key: no place on the topic can be told from there on."""
    last: datetime | None = None
    """The moment of the last event."""
    cpu: float = 0.0
    """Seconds of processor time, of all processes together."""
    documents: Documents = field(default_factory=dict)
    facts: list[tuple[str, Any]] = field(default_factory=list)
    case: Case | None = None

    def join(self, other: Replayed) -> None:
        self.events += other.events
        self.tally += other.tally
        self.cases += other.cases
        self.lost = max(self.lost, other.lost)  # each process sees all of them
        self.last = max((m for m in (self.last, other.last) if m), default=None)
        self.cpu += other.cpu
        for service, documents in other.documents.items():
            self.documents.setdefault(service, {}).update(documents)
        self.facts += other.facts
        self.case = self.case or other.case


def replay(path: Path, asked: Asked, jobs: int = 1) -> Replayed:
    """Raises `NoLog` for a file that is none."""
    found = Replayed(documents={service: {} for service in SERVICES})
    for part in over_partitions(partial(_part, asked), path, asked.partitions, jobs):
        found.join(part)
    found.facts.sort(key=lambda fact: fact[0])
    return found


def _part(asked: Asked, path: Path, mine: Sequence[int]) -> Replayed:
    started = process_time()
    fold, part = Fold(), Replayed()
    lines = Lines(path, frozenset(mine), asked.partitions)
    _fold(lines, fold, part, asked.until)
    part.tally += fold.tally
    part.cases, part.lost = len(fold.cases), len(lines.lost)
    if asked.case is not None:
        part.case = fold.cases.get(asked.case)
    part.cpu = process_time() - started
    if asked.documents:
        part.documents = documents_of(fold)
    if asked.facts:
        part.facts = [(case.id, case.state("rating")) for case in fold.cases.values()]
    return part


def _fold(lines: Lines, fold: Fold, part: Replayed, until: datetime | None) -> None:
    read, last = Reader(EVENT_TYPES).read, part.last
    for _, partition, offset, value, _ in lines:
        part.events += 1
        try:
            event = read(value)
        except Unreadable:
            part.tally["unreadable"] += 1
            continue
        if until is not None and event.time > until:
            continue
        if last is None or event.time > last:
            last = event.time
        fold.take(partition, offset, event)
    part.last = last
