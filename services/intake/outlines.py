"""Areas by their outlines: a point comes in, the finest area that holds it goes out.

An area's `outline` is WKT in WGS-84, longitude first. One that touches itself is mended. A point on
a border, or in two areas whose outlines overlap, is nobody's for certain.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import shapely

from schemas.reference import Area
from schemas.rulebook import Rulebook

ORDER = ("grid", "village", "town", "county")
"""Finest first."""


class Outlines:
    """One version's outlines, in a tree. Some 20 microseconds a point."""

    def __init__(self, areas: Iterable[Area]) -> None:
        drawn = [(area, _shape(area)) for area in areas if area.outline]
        self.areas = [area for area, shape in drawn if shape is not None]
        shapes = [shape for _, shape in drawn if shape is not None]
        shapely.prepare(shapes)
        self._tree = shapely.STRtree(shapes)
        self._kinds = {area.kind for area in self.areas}

    def at(self, lat: float, lon: float) -> list[Area]:
        """All areas of the finest kind that hold the point: one, or several that overlap there."""
        numbers = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        found = [self.areas[number] for number in sorted(numbers.tolist())]
        finest = next((kind for kind in ORDER if any(a.kind == kind for a in found)), None)
        return [area for area in found if area.kind == finest]

    @property
    def tell_the_county(self) -> bool:
        """Whether a point in no outline lies outside the county."""
        return "county" in self._kinds


def _shape(area: Area) -> shapely.Geometry | None:
    """None for what is no outline, which `gridcase reference check` tells."""
    shape = shapely.from_wkt(area.outline, on_invalid="ignore")
    return None if shape is None else shapely.make_valid(shape)


def is_outline(text: str) -> bool:
    shape = shapely.from_wkt(text, on_invalid="ignore")
    return shape is not None and shape.geom_type in ("Polygon", "MultiPolygon")


@lru_cache(maxsize=16)
def outlines(book: Rulebook) -> Outlines:
    """The outlines of a rulebook's areas, indexed once a version."""
    return Outlines(book.reference.areas)
