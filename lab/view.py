"""What goes on in the county, at a glance: a live view of `case.events` for the terminal.

    accepted events ─► on_event ─► counts ─┬─ __rich__()  a page of 100 × 30
    ticks (stream time) ─► on_tick         └─ progress()  one plain line

The rule to remember: everything is counted as it happens, so that a page costs the same after a
hundred events and after a million. Whoever feeds it decides what counts (see `lab.accepted`).
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from lab.naming import Names
from lab.storytelling import headline, matter_of
from schemas import events
from schemas.envelope import Message, Payload
from schemas.lifecycle import ENDED, LIFECYCLE, Status
from schemas.reference import Level
from schemas.rulebook import Rulebook

LATEST = 10
"""So many sentences are kept."""
RECENT_SECONDS = 5
SETTLED = ENDED | {Status.RESOLVED}
QUIET: tuple[type[Payload], ...] = (events.DeadlineSet, events.Progressed, events.FeedbackGiven)
"""Too frequent to be news."""
ALARMS: tuple[type[Payload], ...] = (events.Overdue, events.Escalated, events.Supervised)


class Seen(NamedTuple):
    """What the view remembers of a case."""

    status: Status = Status.NEW
    town: str | None = None
    level: Level | None = None
    late: bool = False
    """A deadline passed, and it is not settled yet."""
    matter: str = ""
...
