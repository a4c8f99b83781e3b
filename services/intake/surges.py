"""Hot spots: many reports of one kind in one town in a short time.

    case.events ─► see(event, rules) ─► hotspot.detected, at most one a town, category and span

The rule to remember: **event times count, not arrival**. A surge is a span of the window's length
that ends with a report and holds enough of them, and several times the usual; spans are numbered
from the epoch, and the message's id follows from town, category and number: whoever sees the surge,
however often, says it under one id.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import ids
from schemas.envelope import Message
from schemas.events import Opened, ReportAdded
from schemas.outputs import HotspotDetected
from schemas.reference import Hotspots, elapsed
from schemas.rulebook import Rulebook
from services.intake.nearby import Spot, spot_of

USUAL = timedelta(days=28)
"""What came in the time before is the usual."""
MOST_CASES = 200
"""Cases named in one message."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Surges:
    _reports: defaultdict[Spot, list[tuple[datetime, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """When and of which case, in the order of time."""
    _spots: dict[str, Spot] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def see(self, event: Message[Any], rules: Rulebook) -> tuple[str, HotspotDetected] | None:
        """The surge that this report completes, with its id; None for all other events."""
        limits, at = rules.settings.hotspots, event.time
        match event.data:
            case Opened() as opened if opened.category is not None:
                self._spots[event.subject] = spot_of(opened.area, opened.category, rules)
                at = opened.submitted_at
            case ReportAdded() as added:
                at = added.submitted_at or event.time
            case _:
                return None
        spot = self._spots.get(event.subject)
        if limits is None or spot is None or event.id in self._seen:
            return None
        self._seen.add(event.id)
        insort(self._reports[spot], (at, event.subject))
        return self._surge(spot, at, limits)

    def _surge(
        self, spot: Spot, at: datetime, limits: Hotspots
    ) -> tuple[str, HotspotDetected] | None:
        """The fullest span that holds this report: later ones may have come before it."""
        window, reports = elapsed(limits.window), self._reports[spot]
        later = bisect_right(reports, (at + window, ""))
        ends = {end for end, _ in reports[bisect_left(reports, (at, "")) : later]}
        spans = {end: self._span(reports, end, window) for end in ends}
        end = max(ends, key=lambda end: (len(spans[end]), end))
        within = spans[end]
        began = bisect_left(reports, (end - window - USUAL, ""))
        usual = (bisect_left(reports, within[0]) - began) * (window / USUAL)
        identity = ids.derive("hotspot", *spot, (end - EPOCH) // window)
        count = len(within)
        if identity in self._told or count < limits.least or count < limits.times * usual:
            return None
        self._told.add(identity)
        return identity, HotspotDetected(
            area=spot[0],
            category=spot[1],
            since=within[0][0],
            until=end,
            reports=count,
            usual=round(usual, 2),
            cases=tuple(dict.fromkeys(case for _, case in within))[:MOST_CASES],
        )

    @staticmethod
    def _span(
        reports: list[tuple[datetime, str]], end: datetime, window: timedelta
    ) -> list[tuple[datetime, str]]:
        first = bisect_right(reports, (end - window, "~"))
        return reports[first : bisect_right(reports, (end, "~"))]
