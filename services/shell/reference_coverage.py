"""Is everybody served, everywhere, within some time? The part of the check that tries all cases.

    every smallest area × leaf category × service × urgency ─► the rule that wins ─► its units there
    leaf category × service × urgency × level               ─► a limit of every kind

The rule to remember: only places that rules or departments name make a difference. So the smallest
areas are put together by what is named above them, one of each group is tried, and 6,000 grids cost
as much as their villages. Holes are told by the largest areas that they fill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import product

from schemas.reference import DeadlineKind, Level, RoutingRule, Service, Urgency
from schemas.rulebook import Rulebook
from services.shell.reference_findings import Finding, error, warning

SERVICES: tuple[Service | None, ...] = (None, *Service)
TOLD = 5
"""So many places are named in a finding, and the others counted."""

Groups = list[list[str]]
"""Codes of smallest areas; those of a group have the same rules and the same units."""


def coverage(book: Rulebook) -> Iterator[Finding]:
    """Matters that no rule takes, units that a rule needs and a place lacks, missing limits."""
    places = Places(book)
    for region in places.regions():
        yield from _region(book, places, region)
    yield from _limits(book)


class Places:
    """The smallest areas of a county, those that no other lies in, and how to tell of many."""

    def __init__(self, book: Rulebook) -> None:
        areas = book.reference.areas
        parents = {area.parent for area in areas}
        self._book = book
        self._smallest = [area.code for area in areas if area.code not in parents]
        self._in_all = self._within(self._smallest)

    def regions(self) -> list[Groups]:
        """The smallest areas, by the areas above them that rules name; in each, by those that
        departments cover."""
        reference = self._book.reference
        ruled = {rule.area for rule in reference.rules}
        covered = {unit.area for unit in reference.departments}
        regions: dict[tuple[str, ...], dict[tuple[str, ...], list[str]]] = {}
        for code in self._smallest:
            path = [area.code for area in self._book.path(code)]
            region = regions.setdefault(tuple(up for up in path if up in ruled), {})
            region.setdefault(tuple(up for up in path if up in covered), []).append(code)
        return [list(region.values()) for region in regions.values()]

    def told(self, codes: Collection[str]) -> str:
        """The largest areas of which all is among the codes, by name."""
        here = self._within(codes)
        largest = dict.fromkeys(self._largest(code, here) for code in codes)
        more = f" and {len(largest) - TOLD} more" if len(largest) > TOLD else ""
        return ", ".join(list(largest)[:TOLD]) + more

    def _largest(self, code: str, here: Mapping[str, int]) -> str:
        up = [area for area in self._book.path(code) if here[area.code] == self._in_all[area.code]]
        return f"{up[-1].name} {up[-1].code}"

    def _within(self, codes: Collection[str]) -> Counter[str]:
        return Counter(area.code for code in codes for area in self._book.path(code))


def _region(book: Rulebook, places: Places, region: Groups) -> Iterator[Finding]:
    winners: dict[str, RoutingRule] = {}
    unserved: dict[str, set[str]] = {}
    for category, service, urgency in product(_leaves(book), SERVICES, Urgency):
        routes = book.routes(region[0][0], category, service, urgency)
        if routes:
            winners[routes[0].id] = routes[0]
        else:
            unserved.setdefault(category, set()).add(service or "no service")
    everywhere = [code for group in region for code in group]
    for category, services in unserved.items():
        yield _no_rule(category, services, places.told(everywhere))
    for rule in winners.values():
        yield from _missing_units(book, places, region, rule)


def _missing_units(
    book: Rulebook, places: Places, region: Groups, rule: RoutingRule
) -> Iterator[Finding]:
    for level, name in _needed(rule):
        lacking = [code for group in region if not book.unit(name, group[0]) for code in group]
        if lacking:
            yield _no_unit(rule, level, name, places.told(lacking))


def _needed(rule: RoutingRule) -> Iterator[tuple[Level | None, str]]:
    """The unit that starts and those above it, with their levels; then those that assist."""
    level: Level | None = rule.level
    while level is not None:
        if level in rule.ladder:
            yield level, rule.ladder[level]
        level = level.above
    for name in rule.assist:
        yield None, name


def _limits(book: Rulebook) -> Iterator[Finding]:
    lacking: dict[DeadlineKind, list[str]] = {}
    for category, service, urgency, level in product(_leaves(book), SERVICES, Urgency, Level):
        found = book.deadlines(service, category, urgency, level)
        for kind in DeadlineKind:
            if kind not in found:
                matter = f"{category}, {service or 'no service'}, {urgency}, {level} level"
                lacking.setdefault(kind, []).append(matter)
    for kind, matters in lacking.items():
        yield warning(
            "deadlines",
            f"no `{kind}` limit in {len(matters)} combinations, first for {matters[0]}",
            f"有 {len(matters)} 种情形未规定 {kind} 时限",
        )


def _leaves(book: Rulebook) -> list[str]:
    parents = {category.parent for category in book.reference.categories}
    return [row.code for row in book.reference.categories if row.code not in parents]


def _no_rule(category: str, services: Collection[str], where: str) -> Finding:
    which = ", ".join(sorted(services))
    return error(
        "rules",
        f"no rule for {category} ({which}) in {where}",
        f"{where} 的 {category} 类事项无人受理",
    )


def _no_unit(rule: RoutingRule, level: Level | None, name: str, where: str) -> Finding:
    place = f"rules/{rule.id}"
    zh = f"{where} 没有 {name}"
    if level is None:
        return warning(place, f"no {name} to assist in {where}", zh)
    if level is rule.level:
        return error(place, f"no {name} to start in {where}", zh)
    return error(place, f"no {name} to climb to, at {level} level, in {where}", zh)
