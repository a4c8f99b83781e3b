"""On-time rate by department, from what a log tells: the measure of the lab.

    Observed ─► each holding whose limit ran out or that was done in it ─► department: on time of due

The same verdict as in the league table (`services.rating.judging.fate`), over all of the log.

The rule to remember: **one measure for what happened and for what was simulated**.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.simulate.arrivals import Span, as_it_came
from lab.simulate.county import Plan, simulate
from lab.simulate.habits import Habits
from lab.simulate.observing import Observed
from schemas.rulebook import Rulebook
from services.rating.judging import Window, fate

EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC))


@dataclass(slots=True)
class OnTime:
    """`due`: done in time, or their limit ran out. `cases`: all holdings."""

    cases: int = 0
    due: int = 0
    kept: int = 0

    @property
    def rate(self) -> float | None:
        return self.kept / self.due if self.due else None


def on_time(observed: Observed, as_of: datetime | None = None) -> dict[str, OnTime]:
    """By department; `as_of` is when it is judged, the log's end if not given."""
    now = as_of or observed.end or EVER[0]
    window = Window(*EVER, now=now, low_stars=2)
    found: dict[str, OnTime] = defaultdict(OnTime)
    for state in observed.cases.values():
        for holding in state.holdings:
            counts = found[holding.department]
            counts.cases += 1
            match fate(holding, window):
                case "counted":
                    counts.due += 1
                    counts.kept += 1
                case "missed":
                    counts.due += 1
    return dict(found)


@dataclass(frozen=True, slots=True)
class Compared:
    """One department. The later period: `real`, `simulated` from the habits alone, and `given` the
    reports that really came in. `past` and `again`: the period that the habits were fitted from, as
    it was and simulated."""

    department: str
    real: OnTime
    simulated: OnTime
    given: OnTime
    past: OnTime
    again: OnTime

    @property
    def error(self) -> float | None:
        """Points by which the simulation differs from what happened later."""
        return points(self.simulated, self.real)

    @property
    def handled(self) -> float | None:
        """Points by which it differs where it is told what came in: what is left is handling."""
        return points(self.given, self.real)

    @property
    def own(self) -> float | None:
        """Points by which it differs from the period that it was fitted from: the model's part."""
        return points(self.again, self.past)

    @property
    def drift(self) -> float | None:
        """Points by which the world changed between the two periods."""
        return points(self.real, self.past)


def check(
    past: Observed, real: Observed, habits: Habits, rules: Rulebook, seed: int, at_least: int
) -> list[Compared]:
    """Simulate both periods and judge them like the real ones, as of each log's end. Departments
    with so many cases that were due in the later period, largest first."""

    def judged(observed: Observed, *, given: bool = False) -> dict[str, OnTime]:
        seen = Observed()
        feed = as_it_came(observed, rules) if given else None
        simulate(plan_like(observed, rules, seed), habits, rules, seen.take, feed)
        return on_time(seen, observed.end)

    told = (judged(real), judged(real, given=True), on_time(past), judged(past))
    none, happened = OnTime(), on_time(real)
    rows = (
        Compared(name, counts, *(each.get(name, none) for each in told))
        for name, counts in happened.items()
        if counts.due >= at_least
    )
    return sorted(rows, key=lambda row: (-row.real.due, row.department))


def plan_like(observed: Observed, rules: Rulebook, seed: int) -> Plan:
    """The days of a log, and time until its end. ValueError for a log without cases."""
    opened = [s.opened_at for s in observed.cases.values() if s.opened_at is not None]
    if not opened or observed.end is None:
        raise ValueError("the log has no cases: nothing to check against")
    first, last, end = (
        moment.astimezone(rules.zone).date() for moment in (min(opened), max(opened), observed.end)
    )
    span = Span(first, (last - first).days + 1)
    return Plan(span, seed, afterwards=(end - last).days)


def points(one: OnTime, other: OnTime) -> float | None:
    """The difference of two shares, in points of a hundred."""
    if one.rate is None or other.rate is None:
        return None
    return (one.rate - other.rate) * 100
