"""One local year of working time: its intervals, and how much is worked before each.

    local        Mon 08:30 ───── 12:00   13:00 ───── 17:00   Tue 08:30 ─────
    worked             0 h       3.5 h   3.5 h       7.5 h       7.5 h

The rule to remember: ``worked`` never falls, so to count and to add are one bisection each.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from services.sla.timetable import WorkingDay


@dataclass(slots=True)
class Year:
    """The working intervals of a local year in order, in microseconds. ``before[i]`` is the year's
    working time before interval ``i``, ``closings[k]`` the last close of working day ``days[k]``."""

    opens: list[int] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    closings: list[int] = field(default_factory=list)
    total: int = 0

    def append(self, day: date, opens: int, closes: int) -> None:
        """Intervals at a jump of the clock may vanish or overlap: nothing counts twice."""
        opens = max(opens, self.closes[-1]) if self.closes else opens
        if opens >= closes:
            return
        self.opens.append(opens)
        self.closes.append(closes)
        self.before.append(self.total)
        self.total += closes - opens
        if self.days[-1:] == [day]:
            self.closings[-1] = closes
        else:
            self.days.append(day)
            self.closings.append(closes)

    def working_days(self) -> Iterator[WorkingDay]:
        """Each working day with its intervals."""
        start = 0
        for closing in self.closings:
            end = bisect_right(self.closes, closing)
            yield WorkingDay(tuple(self.opens[start:end]), tuple(self.closes[start:end]))
            start = end

    def worked(self, at: int) -> int:
        """Working time from the start of the year to ``at``."""
        i = bisect_right(self.opens, at) - 1
        return 0 if i < 0 else self.before[i] + min(at, self.closes[i]) - self.opens[i]

    def earliest(self, worked: int) -> int:
        """The first instant at which so much is worked; 0 < worked ≤ total."""
        i = bisect_left(self.before, worked) - 1
        return self.opens[i] + worked - self.before[i]

    def latest(self, worked: int) -> int:
        """The last instant at which no more than that is worked; 0 ≤ worked < total."""
        i = bisect_right(self.before, worked) - 1
        return self.opens[i] + worked - self.before[i]
