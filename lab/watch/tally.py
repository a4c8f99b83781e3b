"""Counts of a county's cases, kept up event by event.

    accepted event ─► Tally.on_event ─► statuses, towns, levels, what happened

The rule to remember: a case is counted once in each table. An event takes it out as it was and puts
it back as it is, so an event costs the same in a county of a hundred cases and of a million.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, NamedTuple

from lab.story.naming import Names
from lab.story.storytelling import matter_of
from schemas import events
from schemas.envelope import Message, Payload
from schemas.lifecycle import ENDED, LIFECYCLE, Status
from schemas.reference import Level

Phase = Literal["settled", "open", "late"]
PHASES: tuple[Phase, ...] = ("settled", "open", "late")
SETTLED = ENDED | {Status.RESOLVED}


class Seen(NamedTuple):
    """What is remembered of a case."""

    status: Status = Status.NEW
    town: str | None = None
    level: Level | None = None
    late: bool = False
    """A deadline has passed since it was last opened."""
    matter: str = ""

    @property
    def phase(self) -> Phase:
        if self.status in SETTLED:
            return "settled"
        return "late" if self.late else "open"


class Tally:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.cases: dict[str, Seen] = {}
        self.statuses: Counter[Status] = Counter()
        self.phases: Counter[Phase] = Counter()
        self.towns: Counter[tuple[str | None, Phase]] = Counter()
        """By the code of the town; None where the case lies in none."""
        self.levels: Counter[tuple[Level | None, Phase]] = Counter()
        """By the level of the last lead; None while there was none."""
        self.happened: Counter[type[Payload]] = Counter()
        self.events = 0

    def on_event(self, event: Message[Any]) -> Seen:
        """Count an event, and return what is known of its case by now."""
        before = self.cases.get(event.subject)
        after = self._after(before or Seen(), event)
        if before is not None:
            self._count(before, -1)
        self._count(after, 1)
        self.cases[event.subject] = after
        self.happened[type(event.data)] += 1
        self.events += 1
        return after

    def _count(self, case: Seen, by: int) -> None:
        self.statuses[case.status] += by
        self.phases[case.phase] += by
        self.towns[case.town, case.phase] += by
        self.levels[case.level, case.phase] += by

    def _after(self, case: Seen, event: Message[Any]) -> Seen:
        row = LIFECYCLE[type(event.data)]
        matter = matter_of(event, self.names) or case.matter
        case = case._replace(status=row.to or case.status, matter=matter)
        match event.data:
            case events.Opened(area=area) | events.Confirmed(area=area):
                return case._replace(town=self.names.town(area))
            case events.Corrected(area=area):
                return case._replace(town=self.names.town(area))
            case events.Assigned(level=level):
                return case._replace(level=level)
            case events.Overdue():
                return case._replace(late=True)
            case events.Reopened():
                return case._replace(late=False)
            case _:
                return case
