"""Open cases that a fresh report may be one more word on: the log comes in, a likely case goes out.

    case.events ─► see(event) ─┐
                               ├─► find(report) ─► the most alike open case, near in place and time
    reports at the door ───────┘

The rule to remember: **this only suggests**. It follows the log of all partitions beside the step,
so it may lag, and two doors may know different cases; a suggestion rides on the report's command,
and what becomes of it is decided on the log (`services.intake.joining`). A case that it misses is a
second case, which triage can merge; it never loses a report. Pure but for what it remembers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.commands import NearCase
from schemas.envelope import Message
from schemas.events import (
    Closed,
    Confirmed,
    Corrected,
    Merged,
    Opened,
    Reopened,
    ReportAdded,
    ReportDeclined,
    Resolved,
    Unmerged,
    Withdrawn,
)
from schemas.reference import Duplicates, Level, Service, Urgency, elapsed
from schemas.rulebook import Rulebook
from services.intake.likeness import Vector, likeness, vector

MOST_TEXTS = 50
"""Texts of one case that are compared; of more, the first and the latest."""
NEAR: tuple[str, ...] = ("grid", "village")
URGENCIES = tuple(Urgency)
Spot = tuple[str, str]
"""A town, or the area itself where it lies in none, and a category."""


SEEN_BY_INDEX = (
    ReportAdded, ReportDeclined, Confirmed, Corrected, Resolved, Closed, Withdrawn, Reopened,
    Merged, Unmerged,
)  # fmt: skip
"""The events that change what the index knows, besides `Opened`."""


def spot_of(area: str, category: str, rules: Rulebook) -> Spot:
    town = rules.area_at(area, Level.TOWN)
    return (town.code if town else area, category)


@dataclass(slots=True)
class Known:
    """One case as it was seen: `since` orders cases, `last` is its latest report."""

    case: str
    area: str
    spot: Spot
    service: Service
    urgency: Urgency
    since: datetime
    last: datetime
    texts: list[Vector]
    ended: bool = False
    awaited: bool = False
    """Let in at this door, and not yet on the log."""

    def hear(self, text: str, at: datetime) -> None:
        self.last = max(self.last, at)
        self.texts.append(vector(text))
        if len(self.texts) > MOST_TEXTS:
            del self.texts[1]

    @property
    def is_open(self) -> bool:
        return not self.ended


@dataclass(slots=True)
class Nearby:
    """The open cases of the whole county, by category and town (or what stands in for one)."""

    cases: dict[str, Known] = field(default_factory=dict)
    _by_spot: dict[Spot, dict[str, Known]] = field(default_factory=dict)

    # ── the log ──────────────────────────────────────────────────────────────────────────────

    def see(self, event: Message[Any], rules: Rulebook) -> None:
        """Take in an event of the log. A void one may close a case here that is open: then a
        report opens a case of its own, or is declined, which is what a wrong suggestion costs."""
        match event.data:
            case Opened() as opened:
                self._open(event, opened, rules)
            case ReportDeclined():
                self._forget_awaited(event.subject)
            case _ if (known := self.cases.get(event.subject)) and not known.awaited:
                self._follow(known, event, rules)

    def _open(self, event: Message[Any], opened: Opened, rules: Rulebook) -> None:
        known = self.cases.get(event.subject)
        if known is not None and not known.awaited:
            return
        self._drop(event.subject)
        if opened.category is None:
            return
        spot = spot_of(opened.area, opened.category, rules)
        self._keep(_known(event.subject, spot, opened))

    def _follow(self, known: Known, event: Message[Any], rules: Rulebook) -> None:
        match event.data:
            case ReportAdded() as added:
                known.hear(added.text, added.submitted_at or event.time)
            case Confirmed() | Corrected() as told:
                self._drop(known.case)
                if told.category is not None:
                    known.area, known.spot = told.area, spot_of(told.area, told.category, rules)
                    self._keep(known)
            case Resolved() | Closed() | Withdrawn() | Merged():
                known.ended = True
            case Reopened() | Unmerged():
                known.ended = False

    # ── the door ─────────────────────────────────────────────────────────────────────────────

    def find(self, case: str, opened: Opened, rules: Rulebook) -> NearCase | None:
        """The open case that the report `opened` (under its own case id) is most like, if it is
        enough; only one that began earlier, so that no two can wait for each other."""
        limits = rules.settings.duplicates
        if limits is None or not _may_join(opened, limits):
            return None
        text = vector(opened.text)
        best: tuple[float, str] | None = None
        spot = spot_of(opened.area, opened.category or "", rules)
        for known in self._by_spot.get(spot, {}).values():
            needed = self._needed(case, known, opened, rules, limits)
            if needed is None:
                continue
            alike = max((likeness(text, other) for other in known.texts), default=0.0)
            if alike >= needed and (best is None or (alike, known.case) > best):
                best = alike, known.case
        return NearCase(case=best[1], likeness=round(best[0], 3)) if best else None

    def expect(self, case: str, opened: Opened, rules: Rulebook) -> None:
        """Remember a report that is on its way to the log as a case, for those right behind it."""
        if case not in self.cases and opened.category is not None:
            spot = spot_of(opened.area, opened.category, rules)
            self._keep(_known(case, spot, opened, awaited=True))

    def forget_before(self, moment: datetime) -> None:
        """Drop cases whose last report is older."""
        for case in [case for case, known in self.cases.items() if known.last < moment]:
            self._drop(case)

    def _needed(
        self, case: str, known: Known, opened: Opened, rules: Rulebook, limits: Duplicates
    ) -> float | None:
        """How alike the texts must be for this case; None where it is out of the question."""
        if not known.is_open or (known.since, known.case) >= (opened.submitted_at, case):
            return None
        if opened.submitted_at - known.last > elapsed(limits.window):
            return None
        if known.service is Service.VIOLATION:
            return None
        if URGENCIES.index(opened.urgency) > URGENCIES.index(known.urgency):
            return None
        return _needed_between(known.area, opened.area, rules, limits)

    def _keep(self, known: Known) -> None:
        self.cases[known.case] = known
        self._by_spot.setdefault(known.spot, {})[known.case] = known

    def _drop(self, case: str) -> None:
        known = self.cases.pop(case, None)
        if known is not None:
            self._by_spot[known.spot].pop(case, None)

    def _forget_awaited(self, case: str) -> None:
        if (known := self.cases.get(case)) is not None and known.awaited:
            self._drop(case)


def _known(case: str, spot: Spot, opened: Opened, *, awaited: bool = False) -> Known:
    return Known(
        case,
        opened.area,
        spot,
        opened.service,
        opened.urgency,
        opened.submitted_at,
        opened.submitted_at,
        [vector(opened.text)],
        awaited=awaited,
    )


def _may_join(opened: Opened, limits: Duplicates) -> bool:
    """A doubtful category joins nothing: a person looks at it first."""
    return (
        opened.category_by != "unsure"
        and opened.service is not Service.VIOLATION
        and len(opened.text.strip()) >= limits.least_characters
    )


def _needed_between(one: str, other: str, rules: Rulebook, limits: Duplicates) -> float | None:
    """By how near two areas are: one grid or village; one within the other; else never."""
    if one == other:
        area = rules.area(one)
        fine = area is not None and area.kind in NEAR
        return limits.likeness if fine else limits.likeness_elsewhere
    villages = [_codes(rules, area, ("village",)) for area in (one, other)]
    if villages[0] and villages[0] == villages[1]:
        return limits.likeness
    paths = [{area.code for area in rules.path(code)} for code in (one, other)]
    within = one in paths[1] or other in paths[0]
    return limits.likeness_elsewhere if within else None


def _codes(rules: Rulebook, code: str, kinds: Iterable[str]) -> list[str]:
    return [area.code for area in rules.path(code) if area.kind in kinds]
