"""The words in which cases are judged, and what can be said of one holding alone.

    Window (the period, and now), facts of a holding ─► Verdict

The rule to remember: **a limit that ran out counts when it ran out**, whether the work is finished,
handed on or forgotten since; nobody gets better by not finishing. All is told from times: whether a
`case.overdue` stands on the log makes no difference.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from services.rating.facts import Ending, Holding

LeftOut: TypeAlias = Literal[
    "within-limit", "no-limit", "unassigned", "before", "returned", "moved", "withdrawn", "extended",
    "silent", "awaiting", "flood", "not-visited", "not-self-rated",
]  # fmt: skip
Verdict: TypeAlias = Literal["counted", "missed"] | LeftOut
"""``counted``: in numerator and denominator. ``missed``: in the denominator only."""

GONE: Mapping[Ending, LeftOut] = {
    Ending.RETURNED: "returned",
    Ending.ESCALATED: "moved",
    Ending.REASSIGNED: "moved",
    Ending.WITHDRAWN: "withdrawn",
}
"""What became of a case that left its holder without a result."""


class Window(NamedTuple):
    """A period, ``start`` ≤ moment < ``end``, as seen at ``now``."""

    start: datetime
    end: datetime
    now: datetime
    low_stars: int
    floods: Container[str] = frozenset()
    """Cases whose resident's rating is part of a flood (see `guard`)."""

    def has(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    @property
    def last(self) -> datetime:
        """The period's end, or now while it has not ended."""
        return min(self.end, self.now)


def happened(true: bool) -> Verdict | None:
    return "counted" if true else None


def share(true: bool) -> Verdict:
    return "counted" if true else "missed"


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """Of a case that a unit had more than once, or that several had."""
    found = [verdict for verdict in verdicts if verdict is not None]
    if "missed" in found:
        return "missed"
    if "counted" in found:
        return "counted"
    return found[0] if found else None


def without_result(holding: Holding) -> Verdict:
    """A case climbs away from its holder only for being late with one of the holder's steps."""
    return "missed" if holding.ended is Ending.ESCALATED else why_gone(holding)


def why_gone(holding: Holding) -> LeftOut:
    return "within-limit" if holding.ended is None else GONE[holding.ended]


def fate(holding: Holding, window: Window) -> Verdict | None:
    """The verdict on one holding's limit, if it fell in the period."""
    if holding.ran_out(window.now):
        return "missed" if window.has(holding.limits.resolve) else None
    if not window.has(holding.until):
        return None
    if holding.ended is Ending.RESOLVED:
        return "no-limit" if holding.limits.resolve is None else "counted"
    return without_result(holding)
