"""What happens with one holding, as the habits and its own luck say: all moments told from the
assignment.

    habits + (seed, report, round) ─► Course: returned, or signed, answered and resolved

The rule to remember: the same case has the same luck whatever else changes; extra hands (`pace`)
only make it shorter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lab.simulate.chance import chances, chosen
from lab.simulate.habits import Handling, Times
from lab.simulate.lasting import HOUR, drawn
from services.sla.calendar import WorkCalendar

SOON = timedelta(seconds=1)
"""Nobody acts sooner."""


@dataclass(frozen=True, slots=True)
class Course:
    """`returned`, or `resolved`; neither: it is left lying."""

    returned: datetime | None = None
    reason: str = ""
    signed: datetime | None = None
    answered: datetime | None = None
    resolved: datetime | None = None


def later(start: datetime, table: Times, chance: float, calendar: WorkCalendar, pace: float = 1.0
          ) -> datetime | None:  # fmt: skip
    """The moment so late after `start`, to the second; None: never. `pace` 1.25: a quarter more
    hands."""
    hours = drawn(table, chance)
    if hours is None:
        return None
    seconds = hours * HOUR / pace
    if table.working:
        found = calendar.add_working_seconds(start, seconds) if seconds else start
    else:
        found = start + timedelta(seconds=seconds)
    return max(found.replace(microsecond=0), start + SOON)


def resolve_at(
    habit: Handling, start: datetime, luck: tuple[float, ...], calendar: WorkCalendar, pace: float
) -> datetime | None:
    """When its own time is over, whoever waits before it."""
    return later(start, habit.resolve, luck[0], calendar, pace)


def course(
    habit: Handling,
    start: datetime,
    seed: tuple[object, ...],
    calendar: WorkCalendar,
    *,
    pace: float = 1.0,
    final: bool = False,
) -> Course:
    """What a department does with a case that it is given at `start`. A `final` assignment is not
    returned."""
    luck = chances(*seed)
    if not final and habit.returns.hours is not None and luck[1] < habit.returns.share:
        at = later(start, habit.returns.hours, luck[2], calendar)
        return Course(returned=at, reason=chosen(habit.returns.reasons or {"": 1.0}, luck[3]))
    resolved = resolve_at(habit, start, luck, calendar, pace)
    signed = None
    if habit.signing is not None and luck[4] < habit.signs:
        signed = later(start, habit.signing, luck[5], calendar)
        if signed and resolved and signed > resolved:
            signed = start + (resolved - start) * luck[5]
    answered = None
    if luck[6] < habit.answers and resolved is not None:
        answered = start + (resolved - start) * (0.1 + 0.8 * luck[7])
    return Course(signed=signed, answered=answered, resolved=resolved)
