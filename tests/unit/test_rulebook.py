"""The rulebook as stories on the small county, and its order against a plain sort of all rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reference import (
    Area,
    DeadlineKind,
    DeadlinePolicy,
    Department,
    Level,
    RoutingRule,
    Service,
    Urgency,
)
from schemas.rulebook import Limit, Rulebook, Rulebooks
from tests.county import CLIMB, small_county

BOOK = Rulebook(small_county())
NORMAL = Urgency.NORMAL


def rule(id: str, **conditions: Any) -> RoutingRule:
    return RoutingRule(id=id, level=Level.VILLAGE, ladder=CLIMB, **conditions)


def routed(book: Rulebook, *matter: Any) -> list[str]:
    return [found.id for found in book.routes(*matter)]


def test_the_path_of_a_grid_leads_up_to_the_county() -> None:
    assert [area.code for area in BOOK.path("g121")] == ["g121", "v12", "t1", "c"]


def test_the_path_of_an_unknown_area_is_empty() -> None:
    assert BOOK.path("g999") == BOOK.path(None) == ()


def test_parents_that_form_a_ring_end_the_path_and_not_the_program() -> None:
    ring = (
        Area(code="a", name="a", kind="village", parent="b"),
        Area(code="b", name="b", kind="town", parent="a"),
    )
    assert Rulebook(small_county(areas=ring)).path("a")[0].code == "a"


def test_a_grid_lies_in_its_village_town_and_county() -> None:
    assert [BOOK.area_at("g211", level) for level in Level] == [
        BOOK.area("v21"),
        BOOK.area("t2"),
        BOOK.area("c"),
    ]
    assert BOOK.area_at("t2", Level.VILLAGE) is None


def test_a_category_comes_before_its_family() -> None:
    assert BOOK.category_path("potholes") == ("potholes", "roads")
    assert BOOK.category_path("roads") == ("roads",)
    assert BOOK.category_path("unheard-of") == BOOK.category_path(None) == ()


def test_a_kind_means_the_unit_in_charge_of_the_place() -> None:
    found = [BOOK.unit(name, "g121") for name in CLIMB.values()]
    assert [unit.code for unit in found if unit] == ["vc-v12", "governance-t1", "county-bureau"]


def test_a_unit_of_the_village_goes_before_one_of_the_town() -> None:
    station = Department(code="t1-station", name="站", kind="station", level=Level.TOWN, area="t1")
    branch = station.model_copy(update={"code": "v12-branch", "area": "v12"})
    units = (*small_county().departments, station, branch)
    book = Rulebook(small_county(departments=units))
    assert book.unit("station", "g121") == branch
    assert book.unit("station", "g111") == station


def test_a_place_without_a_unit_of_the_kind_has_none() -> None:
    assert BOOK.unit("village-committee", "t1") is None


def test_a_name_with_an_equals_sign_means_one_department_wherever_it_is() -> None:
    assert BOOK.unit("=governance-t2", "g111") == BOOK.department("governance-t2")
    assert BOOK.unit("=nobody", "g111") is None


def test_the_category_s_own_rule_goes_before_its_family_s() -> None:
    assert routed(BOOK, "g111", "street-lights", None, NORMAL) == ["lights", "roads"]


def test_an_emergency_goes_by_the_rule_for_emergencies_and_else_by_the_usual_one() -> None:
    matter = ("g111", "potholes", Service.RISK)
    assert routed(BOOK, *matter, Urgency.EMERGENCY) == ["roads-emergency", "roads"]
    assert routed(BOOK, *matter, Urgency.URGENT) == ["roads"]


def test_a_rule_for_the_whole_county_goes_before_one_for_any_area() -> None:
    assert routed(BOOK, "g111", "land", Service.VIOLATION, NORMAL) == ["violation", "disputes"]


def test_a_matter_without_a_place_or_category_goes_by_the_rules_that_ask_for_none() -> None:
    book = Rulebook(
        small_county(rules=(rule("any"), rule("here", area="c"), rule("x", category="roads")))
    )
    assert routed(book, None, None, None, NORMAL) == ["any"]
    assert routed(book, "g111", "unheard-of", None, NORMAL) == ["here", "any"]


CONDITIONS = st.tuples(
    st.sampled_from([None, "g111", "v11", "t1", "c", "t2"]),
    st.sampled_from([None, "potholes", "roads", "land"]),
    st.sampled_from([None, Service.RISK, Service.VIOLATION]),
    st.sampled_from([None, *Urgency]),
)
NAMES = ("area", "category", "service", "urgency")


@settings(deadline=None)
@given(
    st.lists(CONDITIONS, unique=True, max_size=20),
    st.sampled_from(["g111", "v11", "t2"]),
    st.sampled_from(["potholes", "roads", None]),
    st.sampled_from([None, *Service]),
    st.sampled_from(Urgency),
)
def test_routes_are_all_rules_that_match_sorted_by_how_specific_they_are(
    conditions: list[tuple[Any, ...]],
    area: str,
    category: str | None,
    service: Service | None,
    urgency: Urgency,
) -> None:
    rows = [
        rule(f"r{number}", **dict(zip(NAMES, each, strict=True)))
        for number, each in enumerate(conditions)
    ]
    book = Rulebook(small_county(rules=tuple(rows)))
    places = [place.code for place in book.path(area)] + [None]
    kinds = [*book.category_path(category), None]
    matching = [
        row
        for row in rows
        if row.area in places
        and row.category in kinds
        and row.service in (service, None)
        and row.urgency in (urgency, None)
    ]
    matching.sort(
        key=lambda row: (
            places.index(row.area),
            kinds.index(row.category),
            row.service is None,
            row.urgency is None,
        )
    )
    assert book.routes(area, category, service, urgency) == matching


def test_each_kind_of_deadline_comes_from_the_most_specific_row_that_names_it() -> None:
    limits = BOOK.deadlines(None, "potholes", Urgency.EMERGENCY, Level.COUNTY)
    assert limits == {
        DeadlineKind.SIGN: Limit("30m", "emergency", False),
        DeadlineKind.RESPOND: Limit("1wd", "usual", False),
        DeadlineKind.RESOLVE: Limit("4h", "emergency", True),
        DeadlineKind.CASE: Limit("15cd", "usual", False),
    }


def test_urgency_goes_before_level() -> None:
    usual = BOOK.deadlines(None, "potholes", NORMAL, Level.COUNTY)
    assert usual[DeadlineKind.RESOLVE].policy == "county"


def test_without_a_level_the_rows_for_one_are_left_out() -> None:
    assert BOOK.deadlines(None, None, NORMAL, None)[DeadlineKind.RESOLVE].duration == "3wd"


def test_a_category_s_own_limit_goes_before_its_family_s_for_a_service() -> None:
    rows = (
        DeadlinePolicy(id="family", category="roads", service=Service.RISK, resolve="1wd"),
        DeadlinePolicy(id="own", category="potholes", resolve="2wd", climbs=()),
    )
    found = Rulebook(small_county(deadlines=rows)).deadlines(
        Service.RISK, "potholes", NORMAL, Level.TOWN
    )
    assert found == {DeadlineKind.RESOLVE: Limit("2wd", "own", False)}


def test_the_first_calendar_is_the_county_s() -> None:
    assert BOOK.calendar() is BOOK.calendar("office")
    with pytest.raises(KeyError):
        BOOK.calendar("night-shift")


def at(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def test_the_version_in_force_is_the_last_that_began() -> None:
    books = Rulebooks([small_county("second", at(2023)), small_county("first", at(2022))])
    assert books.versions() == ("first", "second")
    assert books.at(at(2022, 12, 31)).version == "first"
    assert books.at(at(2023)).version == "second"


def test_before_the_first_version_the_first_one_counts() -> None:
    assert Rulebooks([small_county("first", at(2022))]).at(at(2010)).version == "first"


def test_there_is_no_rulebook_before_any_has_been_read() -> None:
    books = Rulebooks()
    assert books.get("first") is None
    with pytest.raises(LookupError):
        books.at(at(2022))


def test_a_version_read_again_is_replaced_and_not_doubled() -> None:
    books = Rulebooks([small_county("first", at(2022))])
    books.add(small_county("first", at(2023), rules=()))
    assert books.versions() == ("first",)
    assert books.at(at(2024)).reference.rules == ()
