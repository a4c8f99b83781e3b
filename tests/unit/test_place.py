"""One place out of what a sender knows.

y 石县 123456 ─┬─ 100 河口镇 ─┬─ 001 集镇社区居委会   grids 001, 002
               │              ├─ 201 东风村委会       grids 001, 002
               │              └─ 202 李家湾村委会
               └─ 101 山前镇 ─┬─ 001 集镇社区居委会
                              └─ 201 红旗村委会
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.inputs import Location
from schemas.reference import Area
from schemas.rulebook import Rulebook
from services.intake.place import Place, Unplaced, resolve
from tests.county import small_county

COUNTY = "123456"
TOWNS = {"100": "河口镇", "101": "山前镇"}
VILLAGES = {
    "100001": ("集镇社区居委会", 33.00, 108.00),
    "100201": ("东风村委会", 33.10, 108.00),
    "100202": ("李家湾村委会", 33.20, 108.00),
    "101001": ("集镇社区居委会", 33.00, 108.30),
    "101201": ("红旗村委会", 33.10, 108.30),
}


def _areas() -> tuple[Area, ...]:
    towns = [
        Area(code=COUNTY + code, name=name, kind="town", parent=COUNTY)
        for code, name in TOWNS.items()
    ]
    villages = [
        Area(code=COUNTY + code, name=name, kind="village", parent=COUNTY + code[:3], lat=y, lon=x)
        for code, (name, y, x) in VILLAGES.items()
    ]
    grids = [
        Area(code=f"{village.code}00{n}", name=f"第{n}网格", kind="grid", parent=village.code)
        for village in villages[:2]
        for n in (1, 2)
    ]
    return (Area(code=COUNTY, name="石县", kind="county"), *towns, *villages, *grids)


def _book() -> Rulebook:
    reference = small_county(areas=_areas())
    manifest = reference.manifest.model_copy(update={"county": COUNTY})
    return Rulebook(reference.model_copy(update={"manifest": manifest}))


BOOK = _book()


def where(**given: Any) -> str:
    """The code found without the county's digits, and a question mark where it is unsure."""
    place = resolve(BOOK, Location(**given))
    assert isinstance(place, Place)
    area = BOOK.area(place.area)
    assert area is not None
    assert place.level == area.kind
    return place.area.removeprefix(COUNTY) + ("" if place.certain else "?")


def reason(**given: Any) -> str:
    refusal = resolve(BOOK, Location(**given))
    assert isinstance(refusal, Unplaced)
    return refusal.reason


def test_a_grid_code_is_the_grid() -> None:
    assert where(grid=f"{COUNTY}100201002") == "100201002"


def test_a_code_of_any_level_may_stand_in_any_field() -> None:
    assert where(grid=f"{COUNTY}100201") == "100201"
    assert where(village=f"{COUNTY}100201002") == "100201002"


def test_the_finest_code_wins_over_names() -> None:
    assert where(grid=f"{COUNTY}100201001", village="红旗村", address="山前镇") == "100201001"


@pytest.mark.parametrize("field", ["grid", "village", "town"])
def test_an_unknown_code_is_refused(field: str) -> None:
    assert "not in the reference data" in reason(**{field: f"{COUNTY}999"})


def test_a_code_of_another_county_is_refused_as_such() -> None:
    assert "another county" in reason(grid="654321100201001")
    assert "another county" in reason(village="654321100201", town="河口镇")


@pytest.mark.parametrize("name", ["东风村委会", "东风村民委员会", "东风村", "东风", " 东风村 "])
def test_a_village_is_known_by_every_form_of_its_name(name: str) -> None:
    assert where(village=name) == "100201"


@pytest.mark.parametrize("name", ["集镇社区居委会", "集镇社区居民委员会", "集镇社区", "集镇"])
@pytest.mark.parametrize("town", ["山前镇", "山前", f"{COUNTY}101"])
def test_the_town_tells_namesakes_apart(name: str, town: str) -> None:
    assert where(village=name, town=town) == "101001"


def test_namesakes_without_a_town_are_somewhere_in_the_county() -> None:
    assert where(village="集镇社区居委会") == "?"
    place = resolve(BOOK, Location(village="集镇社区"))
    assert isinstance(place, Place)
    assert place.how == "2 areas fit: 集镇社区居委会"


def test_the_address_may_tell_namesakes_apart_as_well() -> None:
    assert where(village="集镇社区", address="山前镇街上") == "101001"
    assert where(address="山前集镇社区门口") == "101001"


def test_a_grids_name_counts_within_its_village() -> None:
    assert where(grid="第2网格", village="东风村") == "100201002"
    assert where(address="河口镇集镇社区第1网格") == "100001001"
    assert where(grid="第2网格") == "100?"


def test_a_town_alone_is_the_town() -> None:
    assert where(town="河口镇") == where(town="河口") == where(town=f"{COUNTY}100") == "100"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("某省石县河口镇东风村三组", "100201"),
        ("东风村民委员会门口", "100201"),
        ("红旗村", "101201"),
        ("河口镇街上", "100"),
        ("河口街上", "100?"),
        ("河口镇东风桥头", "100"),
        ("河口镇东风小学旁", "100201?"),
        ("李家湾加油站", "100202?"),
        ("东风汽车站", "?"),
        ("河口镇东风村与李家湾村交界", "100?"),
        ("河口镇往山前镇方向", "?"),
        ("火星", "?"),
        ("", "?"),
    ],
)
def test_an_address_is_read_for_names(address: str, found: str) -> None:
    assert where(address=address) == found


def test_a_village_that_is_not_in_the_town_given_leaves_the_town() -> None:
    assert where(village="红旗村", town="河口镇") == "100?"


def test_a_village_that_nobody_knows_leaves_the_town_unsure() -> None:
    assert where(village="没有村", town="河口镇") == "100?"
    assert where(village="没有村") == "?"


def test_coordinates_lead_to_the_nearest_centre_and_are_never_certain() -> None:
    assert where(lat=33.09, lon=108.01) == "100201?"
    assert where(lat=33.09, lon=108.01, town="山前镇") == "101201?"


def test_a_village_by_name_goes_before_coordinates() -> None:
    assert where(lat=33.09, lon=108.01, village="红旗村") == "101201"


@pytest.mark.parametrize("point", [{"lat": 0.0, "lon": 0.0}, {"lat": 33.1}, {"lon": 108.0}])
def test_coordinates_that_are_far_or_half_are_not_believed(point: dict[str, float]) -> None:
    assert where(**point) == "?"


def test_coordinates_mean_nothing_where_villages_have_none() -> None:
    place = resolve(Rulebook(small_county()), Location(lat=33.1, lon=108.0))
    assert place == Place("c", "county", "no area of the county is named", False)


WORDS = st.sampled_from(
    [
        *TOWNS.values(),
        *(name for name, _, _ in VILLAGES.values()),
        "东风",
        "集镇",
        "秘密",
        "123",
        "路",
    ]
)
FIELDS = st.none() | st.lists(WORDS, max_size=4).map("".join)


@given(st.fixed_dictionaries(dict.fromkeys(("grid", "village", "town", "address"), FIELDS)))
def test_every_location_has_an_answer_that_never_quotes_the_sender(given: dict[str, Any]) -> None:
    answer = resolve(BOOK, Location(**given))
    assert isinstance(answer, Unplaced) or BOOK.area(answer.area) is not None
    assert isinstance(answer, Unplaced) or "秘密" not in answer.how
