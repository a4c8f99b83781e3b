"""How long holdings took, and under which limit: what proposals rest on.

    cases of a log ─► Span (row of the deadlines, from when, how long it took) …
                   └► Start (rule, how often cases that it placed climbed or came back) …

A holder from whom the case climbed had not finished; it is taken to have needed until the case had its
result, by whoever gave it. The rule to remember: **these are estimates**, quick enough to try many
limits; what comes of a proposal is told by what-if alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from lab.replay.case_fold import CaseFold
from lab.replay.grouped import folded_cases
from lab.replay.reading import span_of
from lab.replay.running import over_partitions
from lab.whatif.outcomes import window
from schemas.events import Assigned, AssignedBecause, Deadline, DeadlineSet
from schemas.reference import DeadlineKind
from schemas.topics import KEYED_PARTITIONS
from services.rating.facts import Ending, Holding, State
from services.rating.judging import Window, fate


@dataclass(frozen=True, slots=True)
class Span:
    """A holding whose limit ran out, or that ended in time."""

    case: str
    policy: str
    """The row of the deadlines that set its limit."""
    duration: str
    started: datetime
    due: datetime
    ended: datetime | None
    """When its work was done, by whoever did it; None: the log does not show it."""
    late: bool


@dataclass(slots=True)
class Seen:
    end: datetime
    """The log's last moment."""
    spans: list[Span] = field(default_factory=list)
    open: list[Span] = field(default_factory=list)
    """Holdings that the log leaves with their limit still ahead, and running."""
    placed: Counter[str] = field(default_factory=Counter)
    """By routing rule: how often it was the first to place a case."""
    left: Counter[str] = field(default_factory=Counter)
    """By routing rule: how often a case then climbed, or came back."""
    categories: dict[str, Counter[str]] = field(default_factory=dict)
    """By routing rule: which matters it placed."""
    judged: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By category and department: holdings in time or late."""
    kept: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those in time."""

    def join(self, other: Seen) -> None:
        self.spans += other.spans
        self.open += other.open
        self.placed += other.placed
        self.left += other.left
        self.judged += other.judged
        self.kept += other.kept
        for rule, categories in other.categories.items():
            self.categories.setdefault(rule, Counter()).update(categories)


def seen(log: Path, jobs: int = 1) -> Seen:
    first, last = span_of(log)
    found = Seen(last)
    work = partial(_part, window(first, last, 0))
    for part in over_partitions(work, log, KEYED_PARTITIONS, jobs):
        found.join(part)
    return found


def _part(span: Window, log: Path, mine: Sequence[int]) -> Seen:
    found = Seen(span.now)
    for case in folded_cases(log, mine, KEYED_PARTITIONS):
        _look_at(case, span, found)
    return found


def _look_at(case: CaseFold, span: Window, found: Seen) -> None:
    facts: State = case.states["rating"]
    limits: dict[str, Deadline] = {}
    rules: dict[str, str] = {}
    for landed in case.accepted:
        match landed.message.data:
            case DeadlineSet(holding=str(of)) as data:
                kinds = {each.kind: each for each in data.deadlines}
                if resolve := kinds.get(DeadlineKind.RESOLVE):
                    limits[of] = resolve
            case Assigned(because=AssignedBecause.ROUTED, rule=str(name)):
                rules[landed.message.id] = name
    for holding in facts.holdings:
        if rule := rules.get(holding.id):
            found.placed[rule] += 1
            found.left[rule] += holding.ended in (Ending.ESCALATED, Ending.RETURNED)
            if facts.category:
                found.categories.setdefault(rule, Counter())[facts.category] += 1
        if facts.category and (said := fate(holding, span)) in ("counted", "missed"):
            found.judged[facts.category, holding.department] += 1
            found.kept[facts.category, holding.department] += said == "counted"
        if limit := limits.get(holding.id):
            _measure(case.id, facts, holding, limit, span, found)


def _measure(
    case: str, facts: State, holding: Holding, limit: Deadline, window: Window, found: Seen
) -> None:
    said = fate(holding, window)
    result = facts.result.until if facts.result else None
    done = holding.until if holding.ended is Ending.RESOLVED else result
    span = Span(
        case, limit.policy, limit.duration, limit.started, limit.due, done, said == "missed"
    )
    if said in ("counted", "missed"):
        found.spans.append(span)
    elif holding.until is None and holding.paused_at is None and facts.ended_at is None:
        found.open.append(span)
