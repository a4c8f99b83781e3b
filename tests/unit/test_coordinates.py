"""Coordinates: whatever map they come from, the area whose outline holds them, or none for certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.inputs import Location
from schemas.reference import Area, Datum
from schemas.rulebook import Rulebook
from services.intake.datum import to_bd09, to_gcj02, to_wgs84
from services.intake.place import Place, resolve
from services.shell.reference_check import check
from tests.county import small_county


def square(west: float, south: float, side: float) -> str:
    east, north = west + side, south + side
    return (
        f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, "
        f"{west} {south}))"
    )


OUTLINES = {
    "c": square(108.0, 32.0, 1.0),
    "t1": square(108.0, 32.0, 0.5),
    "v11": square(108.0, 32.0, 0.2),
    "v12": square(108.2, 32.0, 0.2),
    "v21": square(108.6, 32.6, 0.2),
}


def county(drawn: dict[str, str]) -> Rulebook:
    plain = small_county()
    areas = (area.model_copy(update={"outline": drawn.get(area.code)}) for area in plain.areas)
    return Rulebook(plain.model_copy(update={"areas": tuple(areas)}))


DRAWN = county(OUTLINES)


def at(lat: float, lon: float, book: Rulebook = DRAWN, **more: object) -> Place:
    place = resolve(book, Location.model_validate({"lat": lat, "lon": lon} | more))
    assert isinstance(place, Place)
    return place


def test_a_point_lies_in_the_finest_area_whose_outline_holds_it() -> None:
    assert at(32.1, 108.1) == Place("v11", "village", "inside v11村委会", True)
    assert at(32.3, 108.3) == Place("t1", "town", "inside t1镇", True)
    assert at(32.9, 108.1).area == "c"


def test_a_point_on_a_border_or_outside_the_county_is_nobodys_for_certain() -> None:
    border = at(32.1, 108.2)
    assert (border.area, border.certain) == ("t1", False)
    outside = at(35.0, 110.0)
    assert (outside.area, outside.certain) == ("c", False)


def test_a_name_goes_before_a_point_that_lies_elsewhere_but_is_doubted() -> None:
    named = at(32.65, 108.65, village="v11村")
    assert (named.area, named.certain) == ("v11", False)
    assert "v21" in named.how
    assert at(32.1, 108.1, village="v11村").certain


def test_a_point_outside_the_town_that_was_named_is_doubted() -> None:
    found = at(32.65, 108.65, town="t1镇")
    assert (found.area, found.certain) == ("v21", False)


def test_an_outline_that_touches_itself_is_mended() -> None:
    bow = "POLYGON ((108 32, 108.2 32.2, 108.2 32, 108 32.2, 108 32))"
    assert at(32.05, 108.02, county({"v11": bow})).area == "v11"


def test_points_of_chinese_maps_are_brought_back_first() -> None:
    edge = 32.1, 108.1999  # ten metres inside v11; four hundred metres outside on a Chinese map
    shifted = to_gcj02(*edge)
    assert at(*shifted).area != "v11"
    assert at(*shifted, datum="gcj02").area == "v11"
    assert at(*to_bd09(*shifted), datum="bd09").area == "v11"


CHINA = st.tuples(st.floats(20, 50), st.floats(80, 130))


@given(CHINA)
def test_what_is_shifted_is_brought_back_to_a_centimetre(point: tuple[float, float]) -> None:
    centimetre = 1e-7
    assert to_wgs84(*to_gcj02(*point), Datum.GCJ02) == pytest.approx(point, abs=centimetre)
    baidu = to_bd09(*to_gcj02(*point))
    assert to_wgs84(*baidu, Datum.BD09) == pytest.approx(point, abs=2e-5)


def test_outside_china_nothing_is_shifted() -> None:
    assert to_wgs84(42.36, -71.06, Datum.GCJ02) == (42.36, -71.06)


def test_the_shift_is_the_published_one() -> None:
    """Tiananmen, as the eviltransform project's tests have it."""
    assert to_gcj02(39.90734, 116.39089) == pytest.approx((39.90874, 116.39713), abs=5e-5)


def test_an_outline_that_is_none_is_told_by_the_check_and_harms_nobody() -> None:
    wrong = county({"v11": "POLYGON ((1 2"})
    assert [f.place for f in check(wrong.reference) if "outline" in f.message] == ["areas/v11"]
    assert at(32.1, 108.1, wrong).area == "c"


def test_an_area_may_come_without_an_outline() -> None:
    assert Area(code="x", name="x", kind="village").outline is None
