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
from itertools import product
from typing import NamedTuple, TypeVar

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
        self._units = {(unit.kind, unit.area): unit for unit in reversed(reference.departments)}
        self._calendars = {calendar.id: calendar for calendar in reference.calendars}
        self._rules = _index_rules(reference.rules)
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

    def unit(self, name: str, area: str | None) -> Department | None:
        """The department that a rule means by ``name`` in this area: by its kind, the nearest one
        whose area holds this one; or ``=code``, that department wherever it is."""
        if name.startswith("="):
            return self._departments.get(name[1:])
        candidates = (self._units.get((name, holder.code)) for holder in self.path(area))
        return next((unit for unit in candidates if unit is not None), None)

    def routes(
        self, area: str | None, category: str | None, service: Service | None, urgency: Urgency
    ) -> list[RoutingRule]:
        """All rules that apply, most specific first: area (grid → village → town → county → any),
        then category (exact → family → any), then service, then urgency. Microseconds."""
        places = [place.code for place in self.path(area) if place.code in self._rules]
        kinds = (*self.category_path(category), None)
        conditions = tuple(product(_or_any(service), _or_any(urgency)))
        found: list[RoutingRule] = []
        for by_category in (self._rules[place] for place in (*places, None)):
            for rules in (by_category[kind] for kind in kinds if kind in by_category):
                found.extend(rules[key] for key in conditions if key in rules)
        return found

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
        begun = bisect_right(self._in_order, moment, key=lambda book: book.effective_from)
        return self._in_order[max(begun - 1, 0)]

    def get(self, version: str) -> Rulebook | None:
        return self._by_version.get(version)

    def versions(self) -> tuple[str, ...]:
        """All versions, in the order in which they began."""
        return tuple(book.version for book in self._in_order)


Conditions = tuple[Service | None, Urgency | None]
RuleIndex = dict[str | None, dict[str | None, dict[Conditions, RoutingRule]]]
"""Area → category → (service, urgency) → rule; None is any."""

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


def _index_rules(rules: Iterable[RoutingRule]) -> RuleIndex:
    index: RuleIndex = {None: {}}
    for rule in rules:
        by_category = index.setdefault(rule.area, {})
        by_condition = by_category.setdefault(rule.category, {})
        by_condition.setdefault((rule.service, rule.urgency), rule)
    return index


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
