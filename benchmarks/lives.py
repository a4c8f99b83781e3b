"""Whole lives on the log, without the services that wrote them: what a rebuild or a restart finds.

life(n)            ─► ten events: reported, routed, signed, worked on, resolved, rated, closed
life(n, words=990) ─► the same, with so many words of progress in between
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.cases import case_clock, follows, history, said
from benchmarks.traffic import Record
from schemas import envelope, events
from schemas.envelope import Message
from schemas.inputs import RatedBy
from schemas.reference import DeadlineKind

EVENTS = 10
"""Of an ordinary life."""
TOGETHER = 1_000
"""The events of so many cases lie between each other."""


def life(number: int, at: datetime, words: int = 1) -> list[Message[Any]]:
    """The events of case `number`, opened at `at`."""
    opened, assigned, signed, feedback, _ = history("sla", number, at)
    holding = assigned.id
    lines = [opened, follows(opened, case_clock(at)), assigned, follows(assigned, _clock(assigned))]
    lines += [signed, feedback]
    lines += [
        follows(lines[-1], events.Progressed(**said(assigned), result="材料已备齐。")),
    ]
    for _ in range(words - 1):
        lines.append(follows(lines[-1], events.Progressed(**said(assigned), result="继续施工。")))
    lines.append(follows(lines[-1], events.Resolved(**said(assigned), result="坑洼已填补。")))
    resolved = lines[-1]
    rated = events.Rated(
        holding=holding, rating_id=f"s-{resolved.id}", at=resolved.time, by=RatedBy.RESIDENT,
        stars=5, solved=True, department=said(assigned)["department"],
    )  # fmt: skip
    lines.append(follows(resolved, rated))
    lines.append(follows(lines[-1], events.Closed(holding=holding, how="rated")))
    return lines


def _clock(assigned: Message[Any]) -> events.DeadlineSet:
    deadlines = tuple(
        events.Deadline(
            kind=kind,
            started=assigned.time,
            due=assigned.time + timedelta(hours=hours),
            duration=f"{hours}h",
            policy="usual",
        )
        for kind, hours in ((DeadlineKind.SIGN, 2), (DeadlineKind.RESOLVE, 72))
    )
    why = "The holder's clock."
    return events.DeadlineSet(holding=assigned.id, deadlines=deadlines, why=why)


def lives(first: int, count: int, at: datetime) -> Iterator[list[Record]]:
    """The records of so many lives, in portions whose cases lie between each other."""
    for start in range(first, first + count, TOGETHER):
        some = [life(n, at) for n in range(start, min(start + TOGETHER, first + count))]
        yield [
            (message.subject, envelope.write(message))
            for same in zip(*some, strict=True)
            for message in same
        ]
