"""``python -m benchmarks.busy_case``: what the next event costs a case that has a thousand already.

    a case's events ─► each service's fold, a snapshot after each ─► the last hundred over the first

One process without broker or database. A cost that grew with the events would make the ratio of the
last hundred to the first some 19, since they have so many more behind them on average.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from statistics import median
from time import perf_counter_ns
from typing import Any

from bson import encode

from benchmarks.cases import follows
from benchmarks.lives import life
from schemas import events
from schemas.envelope import Message
from schemas.rulebook import Rulebooks
from schemas.topics import SERVICES
from services.shell.desk import Desk
from services.shell.snapshots import States, document_of

EVENTS = 1_000
PART = 100


def words(now: datetime) -> list[Message[Any]]:
    """A case on which its holder reports again and again."""
    return life(0, now, words=EVENTS)[:EVENTS]


def reports(now: datetime) -> list[Message[Any]]:
    """A case that everybody reports."""
    lines = life(0, now)[:6]
    opened = lines[0].data
    while len(lines) < EVENTS:
        number = len(lines)
        added = events.ReportAdded(
            source="hotline",
            report_id=f"again-{number}",
            digest=f"{number:064x}",
            submitted_at=now,
            received_at=now,
            text=opened.text,
            channel=opened.channel,
            reporter=opened.reporter,
        )
        lines.append(follows(lines[-1], added))
    return lines


def costs(service: str, lines: list[Message[Any]]) -> tuple[list[int], list[int], int]:
    """Nanoseconds of each fold, those of each snapshot after it, and the last snapshot's bytes."""
    decider = import_module(f"services.{service}.domain").DECIDER
    states: States[Any] = States(decider)
    desk: Desk[Any] = Desk(decider, Rulebooks(), 0)
    folds, snapshots, stored = [], [], b""
    for offset, event in enumerate(lines):
        began = perf_counter_ns()
        desk.fold(offset, event)
        folds.append(perf_counter_ns() - began)
        (entry,) = desk.entries.values()
        began = perf_counter_ns()
        stored = bytes(encode(document_of(states, 0, entry, "one")))
        snapshots.append(perf_counter_ns() - began)
    assert not entry.void, "the story is impossible"
    return folds, snapshots, len(stored)


def ratio(taken: list[int]) -> float:
    return median(taken[-PART:]) / median(taken[:PART])


def main(kinds: tuple[Callable[[datetime], list[Message[Any]]], ...] = (words, reports)) -> None:
    print(
        f"{'':8} {'':7} {'fold µs':>8} {'ratio':>6} {'snapshot µs':>12} {'ratio':>6} {'bytes':>8}"
    )
    for kind in kinds:
        lines = kind(datetime.now(UTC))
        for service in SERVICES:
            folds, snapshots, size = costs(service, lines)
            print(
                f"{kind.__name__:8} {service:7} {median(folds[-PART:]) / 1000:8.1f} "
                f"{ratio(folds):6.1f} {median(snapshots[-PART:]) / 1000:12.1f} "
                f"{ratio(snapshots):6.1f} {size:8,}"
            )


if __name__ == "__main__":
    main()
