"""What goes on in the county, at a glance: a live view of `case.events` for the terminal.

    accepted events ─► on_event ─┬─ __rich__()  a page of 100 × 30, wider where there is room
    ticks (stream time) ─► on_tick └─ progress()  one plain line, where there is no terminal

The rule to remember: the view decides nothing. Whoever feeds it leaves out copies and voids (see
`lab.accepted`); drawing only looks numbers up, so another thread may draw.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any

import orjson
from rich.console import RenderableType

from lab.story.naming import Names
from lab.story.storytelling import headline
from lab.watch.tally import PHASES, Tally
from lab.watch.view_page import COUNTED, PHASE_WORDS, page
from schemas import events
from schemas.envelope import Message, Payload
from schemas.rulebook import Rulebook

RECENT_SECONDS = 5
MINOR: tuple[type[Payload], ...] = (events.DeadlineSet, events.Progressed, events.FeedbackGiven)
"""Too frequent to be news."""
PRESSING: tuple[type[Payload], ...] = (events.Overdue, events.Escalated, events.Supervised)
Told = tuple[datetime, int, str]
"""When it happened, its place among all, and the sentence."""


class MonthView:
    """`total_reports`: how many are to come in all, if known. `clock` gives seconds, for the
    throughput alone."""

    LATEST, ALARMS = 6, 3
    """So many sentences of each kind are kept."""

    def __init__(
        self,
        rulebook: Rulebook | None,
        total_reports: int | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.names = Names(rulebook)
        self.total_reports = total_reports
        self.tally = Tally(self.names)
        self.now: datetime | None = None
        self.simulated = False
        self.latest: list[Told] = []
        self.alarms: list[Told] = []
        self._clock = clock
        self._rates: deque[tuple[int, int]] = deque(maxlen=RECENT_SECONDS + 1)
        """Events in each of the last seconds."""

    # ── what comes in ────────────────────────────────────────────────────────────────────────

    def on_event(self, event: Message[Any]) -> None:
        """An event that the log accepted."""
        seen = self.tally.on_event(event)
        self.now = max(event.time, self.now or event.time)
        self._count_second()
        kind = type(event.data)
        if kind not in MINOR:
            kept, size = self._kept(kind)
            if len(kept) < size or event.time >= kept[0][0]:
                words = headline(event, self.names, seen.matter)
                insort(kept, (event.time, self.tally.events, words))
                del kept[:-size]

    def on_tick(self, now: datetime) -> None:
        """Stream time has come to `now`."""
        self.simulated = True
        self.now = max(now, self.now or now)

    def _count_second(self) -> None:
        second = int(self._clock())
        if self._rates and self._rates[-1][0] == second:
            self._rates[-1] = (second, self._rates[-1][1] + 1)
        else:
            self._rates.append((second, 1))

    def _kept(self, kind: type[Payload]) -> tuple[list[Told], int]:
        return (self.alarms, self.ALARMS) if kind in PRESSING else (self.latest, self.LATEST)

    # ── what one may ask ─────────────────────────────────────────────────────────────────────

    @property
    def reports(self) -> int:
        return self.tally.happened[events.Opened]

    def rate(self) -> float:
        """Events a second, over the last whole seconds."""
        now = int(self._clock())
        recent = [n for second, n in list(self._rates) if now - RECENT_SECONDS <= second < now]
        return sum(recent) / RECENT_SECONDS

    def __rich__(self) -> RenderableType:
        return page(self)


def progress(view: MonthView) -> str:
    """``2022-07-18 14:48  203/342 reports · settled 177 · open 24 · late 2 · overdue 69 · …``."""
    moment = f"{view.names.local(view.now):%Y-%m-%d %H:%M}" if view.now else "-"
    parts = [f"{_reports(view)} reports"]
    parts += [f"{PHASE_WORDS[phase].en} {view.tally.phases[phase]}" for phase in PHASES]
    parts += [f"{COUNTED[kind].en} {view.tally.happened[kind]}" for kind in PRESSING]
    parts += [f"{view.tally.events:,} events, {view.rate():,.0f}/s"]
    return f"{moment}  {' · '.join(parts)}"


def line(view: MonthView) -> str:
    """The same as one line of JSON, for a program that follows."""
    told = {
        "at": view.now,
        "reports": view.reports,
        "cases": {phase: view.tally.phases[phase] for phase in PHASES},
        "happened": {kind.TYPE: number for kind, number in view.tally.happened.items()},
        "events": view.tally.events,
        "events_per_second": view.rate(),
    }
    return orjson.dumps(told).decode()


def _reports(view: MonthView) -> str:
    return f"{view.reports}/{view.total_reports}" if view.total_reports else f"{view.reports}"
