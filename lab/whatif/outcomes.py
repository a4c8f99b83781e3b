"""What became of a case, and what that adds up to: for the county, and for each department.

    the facts of a case (rating's) + its events ─► Outcome ─► Tally, before and after

On time is what the scorecards mean by it (`services.rating.judging`), over the log's whole span: a
holder's limit that ran out is missed when it ran out, whatever came later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from schemas.envelope import Message
from schemas.events import Escalated, Overdue, Returned, TriageRequested
from schemas.lifecycle import WAITING, Status
from services.rating.facts import Ending, Holding, State
from services.rating.judging import Verdict, Window, fate, worst

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`held` are the departments that led, one after the other, and `dues` the last due time of
    each; `late` names those whose limit ran out."""

    status: str
    held: tuple[str, ...]
    dues: tuple[datetime | None, ...]
    late: tuple[str, ...]
    on_time: bool | None
    """None: not finished and not late, or without a limit."""
    overdue: int
    """Limits of any kind that passed, as the log says it."""
    escalated: tuple[str, ...]
    """From where to where, each time: ``village → town``."""
    supervised: int
    reopened: int
    resolved: datetime | None
    stars: int | None


def window(first: datetime, last: datetime, low_stars: int) -> Window:
    """The whole of a log as one period."""
    return Window(first, last + timedelta(microseconds=1), last, low_stars)


def outcome_of(facts: State, events: Iterable[Message[Any]], span: Window) -> Outcome:
    fates = [(holding, fate(holding, span)) for holding in facts.holdings]
    verdict = worst(said for _, said in fates)
    result, counted = facts.result, list(events)
    word = result.word() if result else None
    climbs = (each.data for each in counted if isinstance(each.data, Escalated))
    return Outcome(
        status=facts.standing.status.value,
        held=tuple(holding.department for holding in facts.holdings),
        dues=tuple(holding.limits.resolve for holding in facts.holdings),
        late=tuple(holding.department for holding, said in fates if said == "missed"),
        on_time={"counted": True, "missed": False}.get(verdict or ""),
        overdue=sum(isinstance(each.data, Overdue) for each in counted),
        escalated=tuple(f"{up.from_level} → {up.to_level}" for up in climbs),
        supervised=len(facts.supervisions),
        reopened=facts.reopened,
        resolved=result.until if result else None,
        stars=word.stars if word else None,
    )


@dataclass(slots=True)
class Tally:
    """Sums over cases. `load` is how many cases a department had at a time, summed in days."""

    county: Counter[str] = field(default_factory=Counter)
    units: dict[str, Counter[str]] = field(default_factory=dict)
    load: dict[str, float] = field(default_factory=dict)

    def add(
        self, facts: State, events: Iterable[Message[Any]], told: Outcome, span: Window
    ) -> None:
        self._count_case(told, facts.standing.status)
        for each in events:
            if isinstance(each.data, Returned):
                self.county["returned"] += 1
            elif isinstance(each.data, TriageRequested):
                self.county["triage"] += 1
        by_unit: dict[str, list[Holding]] = {}
        for holding in facts.holdings:
            by_unit.setdefault(holding.department, []).append(holding)
            until = min(holding.until or facts.ended_at or span.now, span.now)
            days = max(until - holding.since, timedelta(0)) / DAY
            self.load[holding.department] = self.load.get(holding.department, 0.0) + days
        for unit, holdings in by_unit.items():
            self._count_unit(self.units.setdefault(unit, Counter()), holdings, span)

    def _count_case(self, told: Outcome, status: Status) -> None:
        county = self.county
        county["cases"] += 1
        county["on_time"] += told.on_time is True
        county["late"] += told.on_time is False
        county["overdue"] += told.overdue
        county["supervised"] += told.supervised
        county["reopened"] += told.reopened
        county["resolved"] += told.resolved is not None
        county["waiting"] += status in WAITING
        for climb in told.escalated:
            county["escalated"] += 1
            county[f"escalated {climb}"] += 1

    def _count_unit(self, unit: Counter[str], holdings: list[Holding], span: Window) -> None:
        said: Verdict | None = worst(fate(holding, span) for holding in holdings)
        unit["cases"] += 1
        unit["on_time"] += said == "counted"
        unit["late"] += said == "missed"
        unit["escalated"] += sum(holding.ended is Ending.ESCALATED for holding in holdings)
        unit["resolved"] += sum(holding.ended is Ending.RESOLVED for holding in holdings)

    def join(self, other: Tally) -> None:
        self.county += other.county
        for unit, days in other.load.items():
            self.load[unit] = self.load.get(unit, 0.0) + days
        for unit, counts in other.units.items():
            self.units.setdefault(unit, Counter()).update(counts)
