"""A department's hands: work is done no faster than it ever was.

    cases as they are assigned ─► when each is through

A case takes as long as such cases take (`lab.simulate.habits`), and it takes its turn: a department
ends no more cases in an hour of its working time than it did on its busiest day.

The rule to remember: **the queue binds only under a load that the log never showed**, since what the
log showed is in the times already. More hands shorten both: the turn, and the time that a case takes.
"""

from __future__ import annotations

from datetime import datetime

from services.sla.calendar import WorkCalendar

HOUR = 3600.0


class Desk:
    """One department's queue. `per_hour`: cases in an hour of its working time; None: no limit."""

    __slots__ = ("calendar", "free", "turn")

    def __init__(self, calendar: WorkCalendar, per_hour: float | None) -> None:
        self.calendar = calendar
        self.turn = HOUR / per_hour if per_hour else 0.0
        """Seconds of working time that each case takes up."""
        self.free: datetime | None = None
        """When all that came before is through."""

    def through(self, assigned: datetime) -> datetime:
        """When the turn of a case is over that is assigned now; to be asked once for each, in the
        order of time."""
        if not self.turn:
            return assigned
        start = assigned if self.free is None or self.free < assigned else self.free
        self.free = self.calendar.add_working_seconds(start, self.turn)
        return self.free
