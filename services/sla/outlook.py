"""How likely is it late? From how long such cases took with the department so far.

    handling times + limit ─► the moment from which a case that is still open is likely to be late

Let S(t) be the share of past cases that were open t hours after their assignment. Of those open at
t, S(due) / S(t) became late. That share only grows while a case stays open, so there is one moment
at which it reaches the county's threshold, and it is known when the clock starts.

The rule to remember: **nobody is called on thin evidence**: where hardly any past case was late, or
where history does not reach as far as the limit, nothing is called.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta

from schemas.events import Deadline
from schemas.reference import DeadlineKind, HandlingTimes
from schemas.rulebook import Rulebook
from services.sla.calendar import WorkCalendar
from services.sla.deadlines import work_calendar

STEP = 0.05
"""The shares of `HandlingTimes.hours`."""
HARDLY = 0.05
"""Fewer late ones than this are too few to tell when."""
HOUR = 3600.0


def open_share(times: HandlingTimes, hours: float) -> float:
    """The share of past cases that were still open so many hours after their assignment. Between
    two known moments on a straight line; after the last, as it was then."""
    known = times.hours
    i = bisect_left(known, hours)
    if i == len(known):
        return 1 - STEP * len(known)
    before = known[i - 1] if i else 0.0
    width = known[i] - before
    into = (hours - before) / width if width else 1.0
    return 1 - STEP * (i + into)


def likelihood(times: HandlingTimes, due: float, age: float) -> float:
    """Of the past cases that were open at this age, the share that was open when due. Both in
    hours after the assignment."""
    still = open_share(times, age)
    return min(open_share(times, due) / still, 1.0) if still > 0 else 1.0


def called_from(times: HandlingTimes, due: float, threshold: float) -> tuple[float, float] | None:
    """From which age on a case is called at risk, and how likely it is late then; None: never."""
    late = open_share(times, due)
    if late < HARDLY or not times.hours:
        return None
    if late >= threshold:
        return 0.0, late
    age = _age_at(times, late / threshold)
    return (age, threshold) if age < due else None


def _age_at(times: HandlingTimes, share: float) -> float:
    """When so many are still open."""
    done = (1 - share) / STEP
    i = min(int(done), len(times.hours) - 1)
    before = times.hours[i - 1] if i else 0.0
    return before + (done - i) * (times.hours[i] - before)


def with_outlook(deadline: Deadline, times: HandlingTimes | None, rules: Rulebook) -> Deadline:
    """The holder's `resolve`, with the moment from which it is likely to be missed."""
    threshold = rules.settings.at_risk
    if times is None or threshold is None or deadline.kind is not DeadlineKind.RESOLVE:
        return deadline
    calendar = work_calendar(rules)
    due = hours_between(deadline.started, deadline.due, times.working, calendar)
    called = called_from(times, due, threshold)
    if called is None:
        return deadline
    age, likely = called
    started = deadline.started
    if not times.working:
        risk_at = started + timedelta(hours=age)
    else:
        risk_at = calendar.add_working_seconds(started, age * HOUR) if age else started
    return deadline.model_copy(update={"risk_at": risk_at, "risk": round(likely, 3)})


def hours_between(start: datetime, end: datetime, working: bool, calendar: WorkCalendar) -> float:
    """As the handling times count."""
    seconds = calendar.between(start, end) if working else (end - start).total_seconds()
    return seconds / HOUR
