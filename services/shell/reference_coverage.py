"""Is everybody served, everywhere, within some time? The part of the check that tries all cases.

    smallest area × leaf category × service × urgency ─► the rules that win ─► their units there
    leaf category × service × urgency × level         ─► a limit of every kind

The rule to remember: **nothing is tried one by one**. All matters (leaf × service × urgency) are the
bits of one number, and a rule is the number of those that it takes; what a place's rules take, what
is left of it by the rules of smaller places, and what nobody takes, are `|` and `& ~` of numbers. So
50,000 rules over 6,000 grids cost seconds. Areas that differ in nothing that rules or departments
name are tried as one, and holes are told by the largest areas that they fill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from schemas.reference import DeadlineKind, Level, RoutingRule, Service, Urgency
from schemas.rule_index import timed_first
from schemas.rulebook import Rulebook
from services.shell.reference_findings import Finding, error, warning
from services.shell.reference_hours import always

SERVICES: tuple[Service | None, ...] = (None, *Service)
TOLD = 5
"""So many places are named in a finding, and the others counted."""

Groups = list[list[str]]
"""Codes of smallest areas; those of a group have the same rules and the same units."""
Needed = tuple[tuple[Level | None, str], ...]
"""The units that a rule needs in a place, each with its level; None for those that assist."""


def coverage(book: Rulebook) -> Iterator[Finding]:
    """Matters that no rule takes, units that a rule needs and a place lacks, missing limits."""
    places, matters = Places(book), Matters(book)
    served = Served(book, matters)
    lacking: dict[tuple[str, Level | None, str], list[str]] = {}
    for region in places.regions():
        path = [area.code for area in book.path(region[0][0])]
        unserved = matters.named(served.holes(path))
        for category, services in unserved.items():
            everywhere = [code for group in region for code in group]
            yield _no_rule(category, services, places.told(everywhere))
        for rule, needed in served.winners(path):
            for level, name, codes in places.without(region, needed):
                lacking.setdefault((rule, level, name), []).extend(codes)
    rules = {rule.id: rule for rule in book.reference.rules}
    found = [
        _no_unit(rules[id], level, name, places.told(codes))
        for (id, level, name), codes in lacking.items()
    ]
    yield from sorted(found, key=lambda finding: finding.severity)
    yield from _limits(book)


class Matters:
    """All leaf × service × urgency as the bits of one number."""

    def __init__(self, book: Rulebook) -> None:
        leaves = _leaves(book)
        each = list(product(leaves, SERVICES, Urgency))
        self._names = [(leaf, service) for leaf, service, _ in each]
        self.all = (1 << len(each)) - 1
        self._leaves: dict[str | None, int] = {None: self.all}
        self._services: dict[Service | None, int] = {None: self.all}
        self._urgencies: dict[Urgency | None, int] = {None: self.all}
        for number, (leaf, service, urgency) in enumerate(each):
            bit = 1 << number
            for kind in book.category_path(leaf):
                self._leaves[kind] = self._leaves.get(kind, 0) | bit
            if service is not None:
                self._services[service] = self._services.get(service, 0) | bit
            self._urgencies[urgency] = self._urgencies.get(urgency, 0) | bit

    def of(self, rule: RoutingRule) -> int:
        """Those that the rule takes, at the times at which it applies."""
        return (
            self._leaves.get(rule.category, 0)
            & self._services.get(rule.service, 0)
            & self._urgencies.get(rule.urgency, 0)
        )

    def named(self, matters: int) -> dict[str, set[str]]:
        """Leaf to its services."""
        found: dict[str, set[str]] = {}
        while matters:
            bit = matters & -matters
            leaf, service = self._names[bit.bit_length() - 1]
            found.setdefault(leaf, set()).add(service or "no service")
            matters ^= bit
        return found


class Win(NamedTuple):
    rule: str
    needed: Needed
    matters: int
    """What the rule takes in its own place, ahead of all others there."""


class Served:
    """What the rules of each place take."""

    def __init__(self, book: Rulebook, matters: Matters) -> None:
        self._matters = matters
        self._taken: dict[str | None, int] = {}
        """Matters that the rules of a place take at any time."""
        self._wins: dict[str | None, list[Win]] = {}
        by_place: dict[str | None, list[RoutingRule]] = {}
        for rule in book.reference.rules:
            by_place.setdefault(rule.area, []).append(rule)
        for place, rules in by_place.items():
            rules.sort(key=lambda rule: _specificity(rule, book))
            self._wins[place], self._taken[place] = self._in_order(rules)

    def _in_order(self, rules: Sequence[RoutingRule]) -> tuple[list[Win], int]:
        """Rules of one place, the most specific first. Rules for a part of the time leave the rest
        of it to the next, unless together they fill the week."""
        taken, wins = 0, []
        alike: dict[tuple[object, ...], list[RoutingRule]] = {}
        for rule in rules:
            matters = self._matters.of(rule)
            if matters & ~taken:
                wins.append(Win(rule.id, tuple(_needed(rule)), matters & ~taken))
            same = alike.setdefault((rule.category, rule.service, rule.urgency), [])
            same.append(rule)
            if always(same):
                taken |= matters
        return wins, taken

    def holes(self, path: Sequence[str]) -> int:
        """Matters that no rule takes, at some time at least, in a place with this path."""
        left = self._matters.all
        for place in (*path, None):
            left &= ~self._taken.get(place, 0)
        return left

    def winners(self, path: Sequence[str]) -> Iterator[tuple[str, Needed]]:
        """Rules that take some matter in a place with this path, and the units that they need."""
        taken = 0
        for place in (*path, None):
            for win in self._wins.get(place, ()):
                if not taken or win.matters & ~taken:
                    yield win.rule, win.needed
            taken |= self._taken.get(place, 0)


def _specificity(rule: RoutingRule, book: Rulebook) -> tuple[object, ...]:
    """As `schemas.rule_index` has it, for rules of one place: leaf, family, any."""
    category = book.category(rule.category) if rule.category else None
    depth = 2 if rule.category is None else 1 if category and category.parent is None else 0
    return (depth, rule.service is None, rule.urgency is None, *timed_first(rule))


class Places:
    """The smallest areas of a county, those that no other lies in, and how to tell of many."""

    def __init__(self, book: Rulebook) -> None:
        areas = book.reference.areas
        parents = {area.parent for area in areas}
        self._book = book
        self._smallest = [area.code for area in areas if area.code not in parents]
        self._in_all = self._within(self._smallest)
        covered = {unit.area for unit in book.reference.departments}
        self._covered = {
            code: tuple(area.code for area in book.path(code) if area.code in covered)
            for code in self._smallest
        }
        self._known: dict[tuple[tuple[str, ...], Needed], tuple[tuple[Level | None, str], ...]] = {}

    def regions(self) -> list[Groups]:
        """The smallest areas, by the areas above them that rules name; in each, by those that
        departments cover."""
        ruled = {rule.area for rule in self._book.reference.rules}
        regions: dict[tuple[str, ...], dict[tuple[str, ...], list[str]]] = {}
        for code in self._smallest:
            path = [area.code for area in self._book.path(code)]
            region = regions.setdefault(tuple(up for up in path if up in ruled), {})
            region.setdefault(self._covered[code], []).append(code)
        return [list(region.values()) for region in regions.values()]

    def without(
        self, region: Groups, needed: Needed
    ) -> Iterator[tuple[Level | None, str, list[str]]]:
        """Units that some of the region lacks, and where."""
        for group in region:
            for level, name in self._lacking(group[0], needed):
                yield level, name, group

    def _lacking(self, code: str, needed: Needed) -> tuple[tuple[Level | None, str], ...]:
        key = (self._covered[code], needed)
        if key not in self._known:
            self._known[key] = tuple(
                (level, name) for level, name in needed if not self._book.unit(name, code)
            )
        return self._known[key]

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


def _needed(rule: RoutingRule) -> Iterator[tuple[Level | None, str]]:
    """The unit that starts and those above it, with their levels; then those that assist."""
    level: Level | None = rule.level
    while level is not None:
        if level in rule.ladder:
            yield level, rule.ladder[level]
        level = level.above
    for name in dict.fromkeys((*rule.assist, *rule.parts)):
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
