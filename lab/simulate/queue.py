"""A department's hands: work is done no faster than it ever was.

    cases as they are assigned ─► when each is through

A case takes as long as such cases take (`lab.simulate.habits`), and it takes its turn: a department
ends no more cases in a day than it did on its busiest one.

The rule to remember: **the queue binds only under a load that the log never showed**, since what the
log showed is in the times already. More hands shorten both: the turn, and the time that a case takes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

DAY = timedelta(days=1)


class Desk:
    """One department's queue. `per_day`: cases in 24 hours; None: no limit."""

    __slots__ = ("free", "turn")

    def __init__(self, per_day: float | None) -> None:
        self.turn = DAY / per_day if per_day else None
        """What each case takes up."""
        self.free: datetime | None = None
        """When all that came before is through."""

    def through(self, assigned: datetime) -> datetime:
        """When the turn of a case is over that is assigned now; to be asked once for each, in the
        order of time."""
        if self.turn is None:
            return assigned
        start = assigned if self.free is None else max(self.free, assigned)
        self.free = start + self.turn
        return self.free.replace(microsecond=0)
