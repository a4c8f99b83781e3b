"""How long things take, from cases of which some had not ended when the log did.

    Lasted … ─► Kaplan and Meier ─► the hours by which 1 %, 2 % … were done

The rule to remember: what is still open has lasted at least so long; leaving it out would make every
department quick. Hours count as the group mostly works: if more than half of its cases end in
working hours, in working hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lab.simulate.habits import Times
from services.sla.calendar import WorkCalendar

STEPS = 100
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Lasted:
    """From `start` to `end`; `done`, or known only to have lasted until then. `weight` is how much
    it counts."""

    start: datetime
    end: datetime
    done: bool
    weight: float = 1.0


def times(rows: Sequence[Lasted], calendar: WorkCalendar) -> Times:
    """The quantiles of a group. ValueError for an empty one."""
    if not rows:
        raise ValueError("no times without cases")
    done = [row for row in rows if row.done]
    working = sum(calendar.is_working(row.end) for row in done) * 2 > len(done)
    spans = ((_hours(row, calendar, working=working), row) for row in rows)
    ordered = sorted(((h, not row.done, row.weight) for h, row in spans))
    hours = tuple(round(each, 3) for each in _quantiles(ordered))
    return Times(cases=len(rows), working=working, hours=hours, steps=STEPS)


def _hours(row: Lasted, calendar: WorkCalendar, *, working: bool) -> float:
    if working:
        return max(calendar.between(row.start, row.end), 0) / HOUR
    return max((row.end - row.start).total_seconds(), 0) / HOUR


def _quantiles(ordered: Iterable[tuple[float, bool, float]]) -> Iterator[float]:
    ordered = list(ordered)
    share, left, wanted = 1.0, sum(weight for _, _, weight in ordered), 1
    for hours, still_open, weight in ordered:
        if not still_open and left > 0:
            share *= max(1 - weight / left, 0.0)
        left -= weight
        while wanted <= STEPS and share <= 1 - wanted / STEPS + 1e-9:
            yield hours
            wanted += 1


def drawn(table: Times, chance: float) -> float | None:
    """The hours at one chance (0 to 1) of the table; None where it is not done at all. Between two
    quantiles on a straight line."""
    place = chance * table.steps
    below = int(place)
    if below >= len(table.hours):
        return None
    lower = table.hours[below - 1] if below else 0.0
    return lower + (table.hours[below] - lower) * (place - below)
