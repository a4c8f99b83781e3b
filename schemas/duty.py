"""Times of day and turns of duty: pure questions to a rule's hours and to a duty roster.

    18:00-08:00, a local time ─► is it within?          roster, a local time ─► the unit whose turn it is

The rule to remember: a turn that begins at 20:00 lasts until 20:00, so that at 03:00 it is still
yesterday's.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from schemas.reference import Roster

DAY_MINUTES = 24 * 60


def minutes(hours: str) -> tuple[int, int]:
    """``18:00-08:00`` as the minute of the day at which it begins, and how many it lasts."""
    first, last = (time.fromisoformat(word) for word in hours.split("-"))
    begins = first.hour * 60 + first.minute
    ends = last.hour * 60 + last.minute
    return begins, (ends - begins) % DAY_MINUTES or DAY_MINUTES


def within(hours: str, local: datetime) -> bool:
    """Whether the local time lies in the hours, the last minute left out."""
    begins, lasts = minutes(hours)
    return (local.hour * 60 + local.minute - begins) % DAY_MINUTES < lasts


def on_duty(roster: Roster, local: datetime) -> str:
    """Whose turn it is at a local time, as a rule would name the unit."""
    day = local.date() if local.time() >= roster.at else local.date() - timedelta(days=1)
    turn = (day - roster.start).days // roster.each % len(roster.turns)
    return roster.instead.get(day) or roster.turns[turn]
