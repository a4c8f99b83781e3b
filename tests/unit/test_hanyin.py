"""Hanyin's reference data: counted, clean, and with a home for what its residents sent in."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from schemas.reference import DeadlineKind, Level, Reference, Service, Urgency
from schemas.rulebook import Rulebook
from services.shell.reference import Collector, read_folder, to_records
from services.shell.reference_check import check
from services.sla.calendar import WorkCalendar
from tests.story import START

FOLDER = Path(__file__).parents[2] / "deploy" / "hanyin"
GRID = "610921104206001"
"""Jianghe village in Shuangru town, where the three lines began in 2014."""


@cache
def hanyin() -> Reference:
    return read_folder(FOLDER)


@cache
def book() -> Rulebook:
    return Rulebook(hanyin())


def lead(category: str, service: Service | None = None, urgency: Urgency = Urgency.NORMAL) -> str:
    route = book().routes(GRID, category, service, urgency)[0]
    unit = book().unit(route.ladder[route.level], GRID)
    assert unit is not None
    return unit.code


def test_it_has_its_ten_towns_its_villages_and_all_its_grids() -> None:
    kinds = Counter(area.kind for area in hanyin().areas)
    assert kinds == {"county": 1, "town": 10, "village": 160, "grid": 5973}


def test_every_village_has_a_fair_share_of_the_grids() -> None:
    shares = Counter(area.parent for area in hanyin().areas if area.kind == "grid")
    assert len(shares) == 160
    assert set(shares.values()) == {37, 38}


def test_nothing_in_it_is_broken_or_left_open() -> None:
    assert [str(finding) for finding in check(hanyin())] == []


def test_it_survives_the_topic_with_its_rows_in_order() -> None:
    collector = Collector()
    *_, found = (collector.add(key, value) for key, value in reversed(to_records(hanyin())))
    assert found is not None
    assert (found.areas, found.keywords) == (hanyin().areas, hanyin().keywords)


def test_every_category_has_words() -> None:
    families = {row.parent for row in hanyin().categories}
    leaves = {row.code for row in hanyin().categories} - families
    assert leaves == {rule.category for rule in hanyin().keywords}


@pytest.mark.parametrize(
    ("category", "department"),
    [
        ("power-cut", "county-power"),
        ("crop-damage", "vc-610921104206"),
        ("marriage-registration", "town-civil-affairs-610921104"),
        ("garbage", "vc-610921104206"),
        ("street-lights", "vc-610921104206"),
        ("illegal-building", "town-enforcement-610921104"),
        ("water-dispute", "vc-610921104206"),
        ("fallen-pole", "county-power"),
        ("deputy-suggestion", "town-congress-610921104"),
    ],
)
def test_matters_go_where_people_there_would_look(category: str, department: str) -> None:
    assert lead(category) == department


def test_an_emergency_starts_higher() -> None:
    assert lead("water-dispute", urgency=Urgency.EMERGENCY) == "town-mediation-610921104"
    assert lead("landslide", urgency=Urgency.EMERGENCY) == "county-natural-resources"


def test_a_reported_violation_starts_at_the_county_whatever_it_is_about() -> None:
    for category in hanyin().categories:
        first = book().routes(GRID, category.code, Service.VIOLATION, Urgency.NORMAL)[0]
        assert (first.level, list(first.ladder)) == (Level.COUNTY, [Level.COUNTY]), first.id


def climb(level: Level | None) -> list[Level]:
    return [] if level is None else [level, *climb(level.above)]


def test_the_case_clock_outlasts_all_levels_that_a_case_can_climb() -> None:
    calendar = WorkCalendar.of(book().calendar())
    short = set()
    for category, service, urgency in product(hanyin().categories, (None, *Service), Urgency):
        first = book().routes(GRID, category.code, service, urgency)[0]
        due, limits = START, {}
        for level in climb(first.level):
            limits = book().deadlines(service, category.code, urgency, level)
            due = calendar.add(due, limits[DeadlineKind.RESOLVE].duration)
        if calendar.add(START, limits[DeadlineKind.CASE].duration) <= due:
            short.add((category.code, service, urgency))
    assert short == set()
