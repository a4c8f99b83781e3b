"""A log case by case, where all of a case must be known before it can be judged.

The rule to remember: **a few partitions at a time**: as many as fit into memory together, since each
reading of the file costs as much as folding a fifth of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from lab.replay.case_fold import CaseFold
from lab.replay.reading import Line, Lines
from schemas.envelope import Reader, Unreadable
from schemas.topics import EVENT_TYPES

MOST_BYTES = 250_000_000
"""Of a log's lines that are folded together; their states take some ten times as much."""
PACKED = 8
"""How much larger a log is than when it is packed."""


class Counts(Protocol):
    """Whatever counts what was read."""

    cases: int
    events: int
    unreadable: list[tuple[int, str]]
    """Lines that are no events, with the reason."""


def folded_cases(
    path: Path, mine: Sequence[int], partitions: int, counts: Counts | None = None
) -> Iterator[CaseFold]:
    """The cases of some partitions, whole. The place of each event is its line in the file; it was
    written when its partition had come so far, since after an outage events come late."""
    together = _together(path, partitions)
    for first in range(0, len(mine), together):
        lines = Lines(path, frozenset(mine[first : first + together]), partitions)
        cases, events, unreadable = _read(lines)
        if counts is not None:
            counts.events += events
            counts.unreadable += unreadable
            counts.cases += len(cases)
        while cases:
            yield cases.popitem()[1]


def _together(path: Path, partitions: int) -> int:
    """How many partitions may lie in memory at once."""
    unpacked = path.stat().st_size * (PACKED if path.suffix == ".gz" else 1)
    return max(MOST_BYTES * partitions // max(unpacked, 1), 1)


def _read(lines: Iterator[Line] | Lines) -> tuple[dict[str, CaseFold], int, list[tuple[int, str]]]:
    read = Reader(EVENT_TYPES).read
    cases: dict[str, CaseFold] = {}
    events, unreadable = 0, list[tuple[int, str]]()
    come_to: dict[int, datetime] = {}
    for number, partition, _, value, _ in lines:
        events += 1
        try:
            event = read(value)
        except Unreadable as error:
            unreadable.append((number, str(error)))
            continue
        case = cases.get(event.subject)
        if case is None:
            case = cases[event.subject] = CaseFold(event.subject)
        latest = come_to.get(partition)
        if latest is None or event.time > latest:
            latest = come_to[partition] = event.time
        case.fold(number, event, written=latest)
    return cases, events, unreadable
