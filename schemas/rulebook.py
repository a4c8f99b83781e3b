"""The rulebook: one version of the reference data, indexed for quick questions.

    Reference ──► Rulebook ──► which rules apply here, which unit is meant, how long may it take
    Rulebook … ──► Rulebooks ──► the version that applied at a moment

The rule to remember: **the most specific row wins**, and conditions are compared in the order in
which the reference data names them, so that two different rows never tie. Everything is looked up
in dictionaries built once; no question scans the rules, the areas or the departments. Codes that a
version does not know give an empty answer and no exception: cases outlive versions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from itertools import product
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from schemas.duty import on_duty
from schemas.reference import (
    Area,
    Calendar,
    Category,
    DeadlineKind,
    DeadlinePolicy,
    Department,
    HandlingTimes,
    Level,
    Reference,
    RoutingRule,
    Service,
    Settings,
    Urgency,
)
from schemas.rule_index import RuleIndex, Table, matching

T = TypeVar("T")

_EVER = datetime.min.replace(tzinfo=UTC)

REMEMBERED = 10_000
"""Questions about deadlines whose rows are remembered; a tier may be any text."""
TREE_DEPTH = 4
"""County, town, village, grid. Also what ends the walk up a tree whose parents form a ring."""


class Limit(NamedTuple):
    """How long a deadline is, which policy row says so, and whether being overdue climbs."""

    duration: str
    policy: str
    climbs: bool
    climbs_to: Level | None = None


class Rulebook:
    """Answers about one version. Immutable once built; 6,000 grids take some 20 ms to index."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.version = reference.manifest.version
        self.effective_from = reference.manifest.effective_from
        self.settings: Settings = reference.settings
        self._areas = {area.code: area for area in reference.areas}
        self._paths = {code: tuple(_climb(code, self._areas)) for code in self._areas}
        self._categories = {category.code: category for category in reference.categories}
        self._departments = {unit.code: unit for unit in reference.departments}
        self._units = {
            (unit.kind, unit.area): unit
            for unit in reversed(reference.departments)
            if unit.heir is None
        }
        self._holders = {code: tuple(a.code for a in path) for code, path in self._paths.items()}
        self._rosters = {roster.id: roster for roster in reference.rosters}
        self._calendars = {calendar.id: calendar for calendar in reference.calendars}
        self._rules = RuleIndex(reference.rules)
        self._tables: dict[str | None, tuple[Table, ...]] = {None: self._rules.tables(())}
        self._kinds: dict[str | None, tuple[str | None, ...]] = {None: (None,)}
        self._deadlines = _index_deadlines(reference.deadlines)
        self._handling = {(row.category, row.department): row for row in reference.handling}
        self._matching: dict[DeadlineKey, list[LimitsByKind]] = {}

    def calendar(self, id: str | None = None) -> Calendar:
        """The calendar with this id, or the county's first one. Raises KeyError."""
        return self._calendars[id] if id is not None else self.reference.calendars[0]

    def area(self, code: str) -> Area | None:
        return self._areas.get(code)

    def path(self, area: str | None) -> tuple[Area, ...]:
        """From the area itself up to the county; empty if this version does not know it."""
        return self._paths.get(area, ()) if area is not None else ()

    def area_at(self, area: str | None, level: Level) -> Area | None:
        """The village, town or county that the area lies in, itself included."""
        return next((found for found in self.path(area) if found.kind == level.value), None)

    def category(self, code: str) -> Category | None:
        return self._categories.get(code)

    def is_known_category(self, code: str) -> bool:
        return code in self._categories

    def category_path(self, code: str | None) -> tuple[str, ...]:
        """The category, then its family; empty if this version does not know it."""
        category = self._categories.get(code) if code is not None else None
        if category is None:
            return ()
        return (category.code,) if category.parent is None else (category.code, category.parent)

    def department(self, code: str) -> Department | None:
        return self._departments.get(code)

    def heir(self, code: str) -> Department | None:
        """Who has what an abolished department had, through all its heirs; None if it stands, or
        nobody has."""
        unit = self._departments.get(code)
        seen = {code}
        while unit is not None and unit.heir is not None and unit.heir not in seen:
            seen.add(unit.heir)
            unit = self._departments.get(unit.heir)
        return unit if unit is not None and unit.heir is None and unit.code != code else None

    def is_dispute(self, category: str | None) -> bool:
        """Whether a matter is settled by mediation."""
        kinds = (self._categories.get(code) for code in self.category_path(category))
        return any(kind is not None and kind.mediation for kind in kinds)

    def unit(self, name: str, area: str | None, at: datetime | None = None) -> Department | None:
        """The department that a rule means by ``name`` in this area: by its kind, the nearest one
        whose area holds this one; ``=code``, that department wherever it is, or its heir; ``@id``,
        whoever is on duty ``at`` that time (the first in turn where no time is given)."""
        if name[0] == "=":
            unit = self._departments.get(name[1:])
            return unit if unit is None or unit.heir is None else self.heir(unit.code)
        if name[0] == "@":
            on_duty = self._on_duty(name[1:], at)
            return self.unit(on_duty, area) if on_duty else None
        for holder in self._holders.get(area or "", ()):
            unit = self._units.get((name, holder))
            if unit is not None:
                return unit
        return None

    def _on_duty(self, roster: str, at: datetime | None) -> str | None:
        found = self._rosters.get(roster)
        if found is None:
            return None
        if at is None:
            return found.turns[0]
        return on_duty(found, at.astimezone(self.zone))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The local time of the first calendar, by which hours and rosters go. Raises KeyError for
        a zone that there is not."""
        calendars = self.reference.calendars
        return ZoneInfo(calendars[0].timezone if calendars else "UTC")

    def routes(
        self, area: str | None, category: str | None, service: Service | None, urgency: Urgency
    ) -> list[RoutingRule]:
        """All rules for a matter at any time, most specific first: area (grid → village → town →
        county → any), then category (exact → family → any), then service, urgency, hours, days. Microseconds."""
        tables = self._tables.get(area)
        if tables is None:
            # Remembered for the areas that there are, so that strangers' words fill no memory.
            tables = self._rules.tables(self._holders.get(area or "", ()))
            if area in self._areas:
                self._tables[area] = tables
        kinds = self._kinds.get(category)
        if kinds is None:
            kinds = (*self.category_path(category), None)
            if category in self._categories:
                self._kinds[category] = kinds
        return matching(tables, kinds, service, urgency)

    def deadlines(
        self,
        service: Service | None,
        category: str | None,
        urgency: Urgency,
        level: Level | None,
        *,
        tier: str | None = None,
        at: datetime | None = None,
    ) -> dict[DeadlineKind, Limit]:
        """Each kind's limit, from the most specific row that names it: category (exact → family →
        any), then service, urgency, level, tier. Without a level (in triage) rows for one are left
        out, and so are rows that have not begun ``at`` the moment when the clock starts (None: when
        all have). A kind that no row names is missing."""
        found: dict[DeadlineKind, Limit] = {}
        for row in self._rows_for(category, service, urgency, level, tier):
            for kind, limits in row.items():
                if kind not in found and (limit := _in_force(limits, at)) is not None:
                    found[kind] = limit
        return found

    def handling(self, category: str | None, department: str) -> HandlingTimes | None:
        """How long such cases took with this department so far, or else with any."""
        if category is None or not self._handling:
            return None
        own = self._handling.get((category, department))
        return own or self._handling.get((category, None))

    def _rows_for(
        self,
        category: str | None,
        service: Service | None,
        urgency: Urgency,
        level: Level | None,
        tier: str | None,
    ) -> list[LimitsByKind]:
        """The rows that match, most specific first; remembered, as the same few are asked for."""
        asked = (category, service, urgency, level, tier)
        rows = self._matching.get(asked)
        if rows is None:
            kinds = (*self.category_path(category), None)
            options = (_or_any(each) for each in (service, urgency, level, tier))
            keys = (key for key in product(kinds, *options) if key in self._deadlines)
            rows = [self._deadlines[key] for key in keys]
            if len(self._matching) < REMEMBERED:
                self._matching[asked] = rows
        return rows


class Rulebooks:
    """All versions that a service has read; the time of the cause chooses between them."""

    def __init__(self, references: Iterable[Reference] = ()) -> None:
        self._by_version: dict[str, Rulebook] = {}
        self._in_order: list[Rulebook] = []
        for reference in references:
            self.add(reference)

    def add(self, reference: Reference) -> Rulebook:
        """Take in a version; one that is already there is replaced."""
        book = self._by_version[reference.manifest.version] = Rulebook(reference)
        self._in_order = sorted(
            self._by_version.values(), key=lambda b: (b.effective_from, b.version)
        )
        return book

    def at(self, moment: datetime) -> Rulebook:
        """The version in force: the last that began by this moment, or the first of all if none
        had. Raises LookupError while there is none at all."""
        if not self._in_order:
            raise LookupError("no reference data has been read yet")
        if len(self._in_order) == 1:
            return self._in_order[0]
        begun = bisect_right(self._in_order, moment, key=lambda book: book.effective_from)
        return self._in_order[max(begun - 1, 0)]

    def get(self, version: str) -> Rulebook | None:
        return self._by_version.get(version)

    def versions(self) -> tuple[str, ...]:
        """All versions, in the order in which they began."""
        return tuple(book.version for book in self._in_order)


DeadlineKey = tuple[str | None, Service | None, Urgency | None, Level | None, str | None]
LimitsByKind = dict[DeadlineKind, list[tuple[datetime, Limit]]]
"""Limits with the moment from which each counts, in that order."""
DeadlineIndex = dict[DeadlineKey, LimitsByKind]


def _or_any(value: T | None) -> tuple[T | None, ...]:
    return (None,) if value is None else (value, None)


def _climb(code: str, areas: Mapping[str, Area]) -> Iterator[Area]:
    area = areas.get(code)
    for _ in range(TREE_DEPTH):
        if area is None:
            return
        yield area
        area = areas.get(area.parent) if area.parent is not None else None


def _index_deadlines(policies: Iterable[DeadlinePolicy]) -> DeadlineIndex:
    index: DeadlineIndex = {}
    for row in sorted(policies, key=lambda row: row.since or _EVER):
        key = (row.category, row.service, row.urgency, row.level, row.tier)
        limits = index.setdefault(key, {})
        for kind, limit in _limits(row).items():
            limits.setdefault(kind, []).append((row.since or _EVER, limit))
    return index


def _in_force(limits: list[tuple[datetime, Limit]], at: datetime | None) -> Limit | None:
    """The limit that began last by then."""
    begun = len(limits) if at is None else bisect_right(limits, at, key=lambda each: each[0])
    return limits[begun - 1][1] if begun else None


def _limits(row: DeadlinePolicy) -> dict[DeadlineKind, Limit]:
    durations = ((kind, getattr(row, kind.value)) for kind in DeadlineKind)
    return {
        kind: Limit(duration, row.id, kind in row.climbs, row.climbs_to)
        for kind, duration in durations
        if duration is not None
    }
