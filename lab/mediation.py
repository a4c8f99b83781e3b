"""The table of dispute mediation 矛盾纠纷调解, from the events of the log.

    opened disputes ─► accepted        resolved with a settlement ─► settled, by level

The rule to remember: **cases are counted once, settlements as often as there were any**. A dispute
that is settled in its village, reopened, and settled again in the town is one settled case, and one
settlement at either level; so the levels may add up to more than the settled cases. (The paper on
Hanyin counts 892 settled and 557 + 331 + 6 = 894 by level.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.envelope import Message
from schemas.events import (
    Assigned,
    Confirmed,
    Corrected,
    MediationFailed,
    Merged,
    Opened,
    Reopened,
    Resolved,
    Unmerged,
    Withdrawn,
)
from schemas.lifecycle import Standing, advance, void_because
from schemas.reference import Level
from schemas.rulebook import Rulebooks

NEW = Standing()


@dataclass(slots=True)
class Dispute:
    """What the log says of one case, so far."""

    standing: Standing = NEW
    category: str | None = None
    is_dispute: bool = False
    level: Level | None = None
    settled: bool = False
    left: bool = False
    """Withdrawn, or a part of another case."""
    seen: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Mediation:
    """`accepted` and `settled` count cases; `by_level` settlements; `failed` attempts by level."""

    accepted: int
    settled: int
    by_level: dict[str, int]
    failed: dict[str, int]

    def as_data(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "settled": self.settled,
            "settlements": {"total": sum(self.by_level.values()), **self.by_level},
            "failed_attempts": self.failed,
        }


def mediation(events: Iterable[Message[Any]], rules: Rulebooks) -> Mediation:
    """The table over a log, its copies and void events left out."""
    cases: dict[str, Dispute] = {}
    levels, failed = Counter[Level](), Counter[Level]()
    for event in events:
        case = cases.setdefault(event.subject, Dispute())
        if event.id in case.seen or void_because(case.standing, event.data) is not None:
            continue
        case.seen.add(event.id)
        case.standing = advance(case.standing, event)
        _fold(case, event, rules, levels, failed)
    disputes = [case for case in cases.values() if case.is_dispute and not case.left]
    return Mediation(
        accepted=len(disputes),
        settled=sum(case.settled for case in disputes),
        by_level={level.value: levels[level] for level in Level},
        failed={level.value: failed[level] for level in Level},
    )


def _fold(
    case: Dispute,
    event: Message[Any],
    rules: Rulebooks,
    levels: Counter[Level],
    failed: Counter[Level],
) -> None:
    match event.data:
        case (
            Opened(category=category) | Confirmed(category=category) | Corrected(category=category)
        ):
            case.category = category
            case.is_dispute = rules.at(event.time).is_dispute(category)
        case Assigned(level=level):
            case.level = level
        case Resolved(settlement=settlement) if settlement and settlement.outcome == "settled":
            case.settled = True
            levels[case.level or Level.COUNTY] += 1
        case MediationFailed(from_level=level):
            failed[level] += 1
        case Reopened():
            case.settled = False
        case Merged() | Withdrawn():
            case.left = True
        case Unmerged():
            case.left = False
