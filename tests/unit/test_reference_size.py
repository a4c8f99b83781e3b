"""A county of the largest size: the check takes seconds, a case microseconds."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from time import process_time

from schemas.reference import (
    Category,
    DeadlinePolicy,
    Level,
    Reference,
    RoutingRule,
    Service,
    Urgency,
)
from schemas.rulebook import Rulebook
from services.router.routing import Choice, choose
from services.shell.reference import read_folder
from services.shell.reference_check import check

LADDER = {
    Level.VILLAGE: "village-committee",
    Level.TOWN: "town-governance-office",
    Level.COUNTY: "county-housing",
}
LIMITS = DeadlinePolicy(id="usual", sign="2h", respond="1wd", resolve="3wd", case="15cd")


@lru_cache
def large(rules: int) -> Reference:
    """Hanyin's 5,973 grids with 400 categories and so many rules, at random places."""
    hanyin, chance = read_folder(Path("deploy/hanyin")), random.Random(1)
    families = [Category(code=f"f{n}", name="f") for n in range(20)]
    leaves = [Category(code=f"k{n}", name="k", parent=f"f{n % 20}") for n in range(400)]
    kinds = [row.code for row in (*families, *leaves)]
    found = {(None, family.code, None, None): Level.TOWN for family in families}
    while len(found) < rules:
        area, kind = chance.choice(hanyin.areas).code, chance.choice(kinds)
        when = chance.choice((None, *Service)), chance.choice((None, *Urgency))
        found.setdefault((area, kind, *when), chance.choice(list(Level)))  # type: ignore[arg-type]
    rows = [
        RoutingRule(
            id=f"r{n}", area=area, category=kind, service=service, urgency=urgency,
            level=level, ladder=LADDER,
        )
        for n, ((area, kind, service, urgency), level) in enumerate(found.items())
    ]  # fmt: skip
    changes = {"categories": (*families, *leaves), "rules": tuple(rows), "deadlines": (LIMITS,)}
    return hanyin.model_copy(update={**changes, "keywords": ()})


def test_6000_grids_and_400_categories_are_checked_in_seconds() -> None:
    reference = large(5_000)
    began = process_time()
    assert check(reference) == []
    assert process_time() - began < 5


def test_one_hole_among_them_is_found_and_named() -> None:
    reference = large(5_000)
    rules = tuple(rule for rule in reference.rules if rule.id != "r7")  # family f7, anywhere
    holes = [found.message for found in check(reference.model_copy(update={"rules": rules}))]
    leaves = {f"k{n}" for n in range(7, 400, 20)}
    assert leaves <= {message.removeprefix("no rule for ").split()[0] for message in holes}


def test_with_50_000_rules_a_case_is_routed_in_less_than_20_microseconds() -> None:
    reference, chance = large(50_000), random.Random(2)
    book = Rulebook(reference)
    grids = [area.code for area in reference.areas if area.kind == "grid"]
    kinds, services = [row.code for row in reference.categories], list(Service)[:3]
    matters = [
        (
            chance.choice(grids),
            chance.choice(kinds),
            chance.choice(services),
            chance.choice(list(Urgency)),
        )
        for _ in range(10_000)
    ]
    best = min(_microseconds(book, matters) for _ in range(3))
    assert best < 20


def _microseconds(book: Rulebook, matters: list[tuple[str, str, Service, Urgency]]) -> float:
    began = process_time()
    found = [choose(book, *matter) for matter in matters]
    took = process_time() - began
    assert all(isinstance(choice, Choice) for choice in found)
    return took / len(matters) * 1e6
