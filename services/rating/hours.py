"""Hours between two moments, elapsed and working, for very many moments.

    since, until ─► (elapsed, working), in whole hundredths of an hour

The rule to remember: **exact, and each hour is asked of the calendar once**. An hour that is worked
through, or not at all, needs no further asking; one in which work begins or ends is asked each
time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from services.sla.calendar import WorkCalendar

HOUR = 3600.0
HUNDREDTH = 36.0


class Hours:
    def __init__(self, calendar: WorkCalendar, anchor: datetime) -> None:
        self._working_seconds = calendar.between
        self._anchor = anchor
        self._known: dict[float, tuple[float, float]] = {}

    def __call__(self, since: datetime, until: datetime) -> tuple[int, int]:
        elapsed = (until - since).total_seconds()
        working = self._worked(until) - self._worked(since)
        return round(elapsed / HUNDREDTH), round(working / HUNDREDTH)

    def _worked(self, moment: datetime) -> float:
        """Working seconds from the anchor to the moment; negative before it."""
        second = (moment - self._anchor).total_seconds()
        hour, into = divmod(second, HOUR)
        before, gained = self._known.get(hour) or self._ask(hour)
        if gained == 0:
            return before
        if gained == HOUR:
            return before + into
        return self._working_seconds(self._anchor, moment)

    def _ask(self, hour: float) -> tuple[float, float]:
        """What was worked before this hour, and in it."""
        start = self._anchor + timedelta(hours=hour)
        before = self._working_seconds(self._anchor, start)
        gained = self._working_seconds(start, start + timedelta(hours=1))
        self._known[hour] = before, gained
        return before, gained
