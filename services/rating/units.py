"""Who answers for a case: areas, service and category for the whole of it, holders for their part.

    facts of a case, rules, the period ─► (View, the keys of all units that see the case so) …

The rule to remember: **nobody is left out for being unknown**. A code that the rules do not know
has a card of its own under its bare code, and every case counts for the county.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Literal, TypeAlias, get_args

from schemas.reference import Level, Service
from schemas.rulebook import Rulebook
from services.rating.facts import Holding, State
from services.rating.judging import Window
from services.rating.measures import LEVELS, SERVICES, Words
from services.rating.views import View, held_view, whole_view

Scope: TypeAlias = Literal[
    "county", "town", "village", "level", "department", "service", "category", "programme",
    "grid-worker",
]  # fmt: skip
Key: TypeAlias = tuple[Scope, str]
Answerable: TypeAlias = Callable[[str, State, Window], Iterator[tuple[View, tuple[Key, ...]]]]

SCOPES: tuple[Scope, ...] = get_args(Scope)
AREAS: tuple[Scope, ...] = ("town", "village")


def answerable(rules: Rulebook) -> Answerable:
    """Asks of a case who answers for it in a period; it remembers what areas lie in, and what matters
    belong to: as many as the rules have, however many cases there are."""
    places = cache(lambda area: tuple(_places(rules, area)))
    matters = cache(lambda *matter: tuple(_matters(rules, *matter)))

    def ask(id: str, case: State, window: Window) -> Iterator[tuple[View, tuple[Key, ...]]]:
        if case.opened_at is None or case.opened_at >= window.end or _over(case, window):
            return
        worker: tuple[Key, ...] = (("grid-worker", case.grid_worker),) if case.grid_worker else ()
        keys = (*places(case.area), *matters(case.service, case.category, case.source), *worker)
        yield whole_view(case, window, flooded=id in window.floods), keys
        for holdings, keys in _shares(case):
            yield held_view(case, holdings, window, flooded=id in window.floods), keys

    return ask


def _over(case: State, window: Window) -> bool:
    return case.ended_at is not None and case.ended_at < window.start


def _places(rules: Rulebook, area: str) -> Iterator[Key]:
    yield "county", rules.reference.manifest.county
    for place in rules.path(area):
        for scope in AREAS:
            if place.kind == scope:
                yield scope, place.code


def _matters(
    rules: Rulebook, service: Service | None, category: str | None, source: str
) -> Iterator[Key]:
    if service is not None:
        yield "service", service.value
    kinds = (rules.category_path(category) or (category,)) if category is not None else ()
    for code in kinds:
        yield "category", code
    for programme in rules.settings.programmes:
        if programme.concerns(source, service, kinds):
            yield "programme", programme.code


def _shares(case: State) -> Iterator[tuple[tuple[Holding, ...], tuple[Key, ...]]]:
    """Each holder's own holdings. Most cases have one holder, whose level sees the same."""
    if len(case.holdings) == 1:
        yield case.holdings, _holders(case.holdings[0])
        return
    own: dict[Key, tuple[Holding, ...]] = {}
    for holding in case.holdings:
        for key in _holders(holding):
            own[key] = (*own.get(key, ()), holding)
    for key, holdings in own.items():
        yield holdings, (key,)


def _holders(holding: Holding) -> tuple[Key, Key]:
    return _holder_keys(holding.department, holding.level)


@cache
def _holder_keys(department: str, level: Level) -> tuple[Key, Key]:
    return ("department", department), ("level", level.value)


def known_units(rules: Rulebook) -> Iterator[Key]:
    """All that the rules know: each has a card, be it empty."""
    reference = rules.reference
    yield "county", reference.manifest.county
    for area in reference.areas:
        for scope in AREAS:
            if area.kind == scope:
                yield scope, area.code
    yield from (("level", level.value) for level in Level)
    yield from (("department", unit.code) for unit in reference.departments)
    yield from (("service", service.value) for service in Service)
    yield from (("category", category.code) for category in reference.categories)
    yield from (("programme", programme.code) for programme in reference.settings.programmes)


def name_of(rules: Rulebook, scope: Scope, id: str) -> Words:
    """What a unit is called; its code where the rules do not know it or give no English name."""
    match scope:
        case "level":
            return LEVELS[Level(id)]
        case "service":
            return SERVICES[Service(id)]
        case "department":
            unit = rules.department(id)
            return Words(unit.name, unit.name_en or unit.name) if unit else Words(id, id)
        case "category":
            kind = rules.category(id)
            return Words(kind.name, kind.name_en or kind.name) if kind else Words(id, id)
        case "county" if id == rules.reference.manifest.county:
            manifest = rules.reference.manifest
            return Words(manifest.name, manifest.name_en or manifest.name)
        case "programme":
            found = next((each for each in rules.settings.programmes if each.code == id), None)
            return Words(found.name, found.name_en or found.name) if found else Words(id, id)
        case "grid-worker":
            return Words(f"网格员 {id}", f"grid worker {id}")
        case _:
            area = rules.area(id)
            return Words(area.name, area.name) if area else Words(id, id)
