"""The check of reference data: a `Reference` comes in, all that is wrong with it goes out.

    reference ─► codes, tree, ids, ties (here)   ─┐
              ─► nobody serves, no limit         ─┴─► findings
                 (`services.shell.reference_coverage`)

The rule to remember: **two rules tie only if their conditions are identical.** Proof: all rules
that match a case name places on one path of the area tree, one place for each depth; categories on
one path from leaf to family; and, where they name one, the case's own service and the case's own
urgency. So whoever knows how specific a matching rule is in each of the four knows its four
conditions. Two rules that match and are equally specific hence have the same conditions; it is
enough to look for those, and to see whether their hours and days meet. The same holds for
deadlines, with their level in place of the area.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, combinations
from typing import TypeVar

from schemas.reference import (
    DeadlineKind,
    DeadlinePolicy,
    Department,
    Level,
    Reference,
    RoutingRule,
)
from schemas.rulebook import Rulebook
from services.intake.outlines import is_outline
from services.shell.reference_coverage import coverage
from services.shell.reference_findings import Finding, error, warning
from services.shell.reference_hours import meet
from services.sla.calendar import WorkCalendar

T = TypeVar("T")

PARENT_KIND = {"grid": "village", "village": "town", "town": "county", "county": None}


def check(reference: Reference) -> list[Finding]:
    """All findings. Pure; some tenths of a second for a county of 6,000 grids. While the area tree
    is broken nobody can say who is served where, so that is not asked."""
    book = Rulebook(reference)
    broken_tree = list(area_tree(book))
    findings = chain.from_iterable(part(book) for part in CHECKS)
    return [*broken_tree, *findings, *([] if broken_tree else coverage(book))]


def ids(book: Rulebook) -> Iterator[Finding]:
    """Each code and id stands once in its file."""
    rows = book.reference
    codes: dict[str, Iterable[str]] = {
        "areas": (row.code for row in rows.areas),
        "departments": (row.code for row in rows.departments),
        "categories": (row.code for row in rows.categories),
        "rules": (row.id for row in rows.rules),
        "deadlines": (row.id for row in rows.deadlines),
        "rosters": (row.id for row in rows.rosters),
        "calendar": (row.id for row in rows.calendars),
        "handling": (row.id for row in rows.handling),
        "pause_reasons": (row.code for row in rows.pause_reasons),
        "return_reasons": (row.code for row in rows.return_reasons),
    }
    for file, found in codes.items():
        for code, times in Counter(found).items():
            if times > 1:
                yield error(f"{file}/{code}", f"stands {times} times", f"重复 {times} 次")


def outlines(book: Rulebook) -> Iterator[Finding]:
    """An outline is a polygon, written as WKT."""
    for area in book.reference.areas:
        if area.outline and not is_outline(area.outline):
            yield error(
                f"areas/{area.code}",
                "the outline is no POLYGON or MULTIPOLYGON in WKT",
                "边界不是 WKT 多边形",
            )


def area_tree(book: Rulebook) -> Iterator[Finding]:
    """One county as the root, and above each area one of the next kind."""
    county = book.reference.manifest.county
    for area in book.reference.areas:
        wanted = PARENT_KIND[area.kind]
        parent = book.area(area.parent) if area.parent else None
        if (parent.kind if parent else None) != wanted or (area.parent and not parent):
            yield error(
                f"areas/{area.code}",
                f"a {area.kind} lies in {wanted or 'nothing'}, not in {area.parent or 'nothing'}",
                f"上级区划 {area.parent or '(空)'} 不存在或层级不符",
            )
        if area.kind == "county" and area.code != county:
            yield error(f"areas/{area.code}", f"is not the county {county}", f"不是本县 {county}")
    yield from _codes(book, "manifest/county", county)


def categories(book: Rulebook) -> Iterator[Finding]:
    """Two levels: a family has no parent, and a leaf's parent is a family."""
    for row in book.reference.categories:
        yield from _codes(book, f"categories/{row.code}", category=row.parent)
        family = book.category(row.parent) if row.parent else None
        if family is not None and family.parent is not None:
            yield error(
                f"categories/{row.code}",
                f"its parent {row.parent} is no family, as it has a parent itself",
                f"上级类别 {row.parent} 不是一级类别",
            )


def departments(book: Rulebook) -> Iterator[Finding]:
    """Units in known areas; of a kind at most one to an area, or rules could mean either."""
    for unit in book.reference.departments:
        yield from _codes(book, f"departments/{unit.code}", unit.area)
    standing = [unit for unit in book.reference.departments if unit.heir is None]
    for units in _alike(standing, lambda unit: (unit.kind, unit.area)):
        yield error(
            f"departments/{units[1].code}",
            f"is of the same kind and area as {units[0].code}: a rule could mean either",
            f"与 {units[0].code} 类型、辖区相同,规则无法区分",
        )


def heirs(book: Rulebook) -> Iterator[Finding]:
    """Whoever is abolished has an heir that stands in the end."""
    for unit in book.reference.departments:
        if unit.heir is not None and book.heir(unit.code) is None:
            yield error(
                f"departments/{unit.code}",
                f"its heir {unit.heir} is unknown, or inherits from it in turn",
                f"承接单位 {unit.heir} 不存在或互为承接",
            )


def rosters(book: Rulebook) -> Iterator[Finding]:
    """Units that there are, by their kind or as ``=code``."""
    for roster in book.reference.rosters:
        for word in dict.fromkeys((*roster.turns, *roster.instead.values())):
            if word.startswith("@") or not _units_meant(word, book):
                yield _unknown_unit(f"rosters/{roster.id}", word)


def rules(book: Rulebook) -> Iterator[Finding]:
    """Known codes, ladders that climb to the county, no ties."""
    for rule in book.reference.rules:
        place = f"rules/{rule.id}"
        yield from _codes(book, place, rule.area, rule.category)
        yield from _ladder(rule, place, book)
        yield from _assistants(rule, place, book)
    for same in _alike(book.reference.rules, _conditions):
        for one, other in combinations(same, 2):
            if meet(one, other):
                yield _tie(f"rules/{other.id}", one.id)


def _assistants(rule: RoutingRule, place: str, book: Rulebook) -> Iterator[Finding]:
    for name in dict.fromkeys((*rule.assist, *rule.parts)):
        if not _units_meant(name, book):
            yield _unknown_unit(place, name)


def _ladder(rule: RoutingRule, place: str, book: Rulebook) -> Iterator[Finding]:
    step: Level | None = rule.level
    while step is not None:
        if step not in rule.ladder:
            yield error(
                place,
                f"starts at {rule.level} level and has nobody at {step} level",
                f"自{rule.level}级起办,但{step}级无承办单位",
            )
        step = step.above
    for level, name in rule.ladder.items():
        found = _units_meant(name, book)
        if not found:
            yield _unknown_unit(place, name)
        if any(unit.level != level for unit in found):
            yield error(
                place,
                f"{name} stands at {level} level and is a unit of {found[0].level} level",
                f"{name} 列在{level}级,实为{found[0].level}级单位",
            )


@lru_cache(maxsize=4096)
def _units_meant(name: str, book: Rulebook) -> list[Department]:
    """All departments that a rule's word may mean, wherever they are; none that are abolished."""
    if name.startswith("@"):
        rosters = (roster for roster in book.reference.rosters if roster.id == name[1:])
        words = [word for roster in rosters for word in (*roster.turns, *roster.instead.values())]
        return [
            unit for word in words if not word.startswith("@") for unit in _units_meant(word, book)
        ]
    standing = [unit for unit in book.reference.departments if unit.heir is None]
    if name.startswith("="):
        return [unit for unit in standing if unit.code == name[1:]]
    return [unit for unit in standing if unit.kind == name]


def deadlines(book: Rulebook) -> Iterator[Finding]:
    """Known categories, no case clock bound to a level, no ties."""
    for row in book.reference.deadlines:
        place = f"deadlines/{row.id}"
        yield from _codes(book, place, category=row.category)
        if row.case is not None and row.level is not None:
            yield error(
                place,
                "binds `case` to a level, but the case clock runs through all of them",
                "总时限贯穿各级,不得按级设定",
            )
        if not _kinds(row):
            yield warning(place, "names no limit", "未规定时限")
    for same in _alike(book.reference.deadlines, _when):
        for one, other in combinations(same, 2):
            if _kinds(one) & _kinds(other):
                yield _tie(f"deadlines/{other.id}", one.id)


def calendars(book: Rulebook) -> Iterator[Finding]:
    """At least one, each can be laid out, and its holidays are known for the year after."""
    if not book.reference.calendars:
        yield error("calendar", "there is none", "没有工作日历")
    for row in book.reference.calendars:
        place = f"calendar/{row.id}"
        try:
            last = WorkCalendar.of(row).last_covered(book.effective_from.year)
        except ValueError as problem:
            yield error(place, str(problem), "日历有误")
            continue
        if last is not None:
            yield warning(
                place,
                f"public holidays are known up to {last} only: deadlines in later years are "
                "provisional until they are announced and the library is renewed",
                f"节假日安排仅到 {last} 年,此后的时限为暂定",
            )


def keywords(book: Rulebook) -> Iterator[Finding]:
    """Known categories, and no word that would count twice."""
    for number, rule in enumerate(book.reference.keywords, start=1):
        place = f"keywords/{number} {rule.category}"
        yield from _codes(book, place, category=rule.category)
        for word in rule.words:
            if not word.strip():
                yield error(place, "has an empty word", "有空词")
            elif inside := next((w for w in rule.words if w != word and word in w), None):
                yield warning(
                    place,
                    f"{word} lies inside {inside}: where that is found, both count",
                    f"{word} 已含于 {inside},会重复计数",
                )


def handling(book: Rulebook) -> Iterator[Finding]:
    """Known categories and departments, hours that do not go back, no ties."""
    for row in book.reference.handling:
        place = f"handling/{row.id}"
        yield from _codes(book, place, category=row.category)
        if row.department is not None and book.department(row.department) is None:
            yield error(place, f"unknown department {row.department}", "单位不存在")
        if list(row.hours) != sorted(row.hours):
            yield error(place, "its hours go back, but shares only grow", "时长应递增")
    for same in _alike(book.reference.handling, lambda row: (row.category, row.department)):
        yield _tie(f"handling/{same[1].id}", same[0].id)


CHECKS: tuple[Callable[[Rulebook], Iterator[Finding]], ...] = (
    ids,
    outlines,
    categories,
    departments,
    heirs,
    rosters,
    rules,
    deadlines,
    calendars,
    keywords,
    handling,
)


def _conditions(rule: RoutingRule) -> Hashable:
    return (rule.area, rule.category, rule.service, rule.urgency)


def _when(row: DeadlinePolicy) -> Hashable:
    return (row.category, row.service, row.urgency, row.level, row.tier, row.since)


def _kinds(row: DeadlinePolicy) -> set[DeadlineKind]:
    return {kind for kind in DeadlineKind if getattr(row, kind.value) is not None}


def _alike(rows: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Groups of two or more rows with the same key."""
    groups: dict[Hashable, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [group for group in groups.values() if len(group) > 1]


def _tie(place: str, other: str) -> Finding:
    return error(place, f"ties with {other}: the same conditions", f"与 {other} 条件完全相同")


def _codes(
    book: Rulebook, place: str, area: str | None = None, category: str | None = None
) -> Iterator[Finding]:
    if area is not None and book.area(area) is None:
        yield error(place, f"unknown area {area}", f"区划 {area} 不存在")
    if category is not None and not book.is_known_category(category):
        yield error(place, f"unknown category {category}", f"类别 {category} 不存在")


def _unknown_unit(place: str, name: str) -> Finding:
    return error(place, f"no department is a {name}", f"没有单位属于 {name}")
