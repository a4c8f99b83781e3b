"""One place out of what a sender knows: a location comes in, an area of the rulebook goes out.

    grid code ─► village code ─► names in the town, village and address fields ─► coordinates
    ─► the county, marked as unsure

The one rule to remember: a code must be right, a name may be vague. A code that this county does
not know is a mistake of the sender's and refused; a name that fits nowhere, or several places,
gives the smallest area that holds them all, with `certain` false and the reason in `how`, for a
petition officer to confirm. `how` goes on the log, so it quotes the reference data and never the
sender: an address is personal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import cos, hypot, radians
from typing import Literal, Protocol

from schemas.reference import Area, Datum
from schemas.rulebook import Rulebook
from services.intake.datum import to_wgs84
from services.intake.gazetteer import gazetteer, is_telling
from services.intake.outlines import outlines

Kind = Literal["grid", "village", "town", "county"]
FINE: tuple[Kind, ...] = ("village", "grid")

FAR_KM = 30.0
"""A point further than this from every village's centre is an error or a default, not a place."""
KM_PER_DEGREE = 111.2

_CODE = re.compile(r"[a-z-]*\d[a-z0-9-]*")


class Location(Protocol):
    """What a sender may know, as `schemas.inputs.Location` and the door's command have it."""

    @property
    def grid(self) -> str | None: ...
    @property
    def village(self) -> str | None: ...
    @property
    def town(self) -> str | None: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...
    @property
    def datum(self) -> Datum: ...
    @property
    def address(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """The area, how it was found, and whether the sender's words leave no other reading."""

    area: str
    level: Kind
    how: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A code that cannot be; the reason is for the sender."""

    reason: str


def resolve(book: Rulebook, location: Location) -> Place | Unplaced:
    """The finest area that `location` leads to; the county where it leads nowhere."""
    coded = _coded(book, location)
    if isinstance(coded, Unplaced):
        return coded
    if coded is not None and coded.kind in FINE:
        return Place(coded.code, coded.kind, f"by the code of {coded.name}", True)
    heard = _hear(book, location, coded)
    named = _by_name(book, heard)
    if named is not None and heard.unknown:
        how = f"{named.how}; another name given is not known here"
        named = replace(named, certain=False, how=how)
    if named is not None and named.level in FINE:
        return _doubted_by_point(book, location, named)
    town = named.area if named is not None and named.level == "town" else None
    return _by_point(book, location, town) or named or _nowhere(book)


def _nowhere(book: Rulebook) -> Place:
    return Place(_county(book), "county", "no area of the county is named", False)


# ── codes ────────────────────────────────────────────────────────────────────────────────────


def _coded(book: Rulebook, location: Location) -> Area | Unplaced | None:
    """What the finest code says; a code may stand in any of the three fields."""
    answers = (_area_of_code(book, field, value) for field, value in _fields(location))
    return next((answer for answer in answers if answer is not None), None)


def _area_of_code(book: Rulebook, field: Kind, value: str) -> Area | Unplaced | None:
    area = book.area(value)
    if area is not None or gazetteer(book).called(value, field):
        return area
    if field != "grid" and not _CODE.fullmatch(value):
        return None  # a name, if one that nobody knows
    county = _county(book)
    if value.isdigit() and county.isdigit() and not value.startswith(county):
        return Unplaced(f"{field} {value} lies in another county: codes here begin with {county}")
    return Unplaced(f"{field} {value} is not in the reference data, version {book.version}")


def _fields(location: Location) -> list[tuple[Kind, str]]:
    """The fields that hold one area's code or name, finest first."""
    fields: tuple[tuple[Kind, str | None], ...] = (
        ("grid", location.grid),
        ("village", location.village),
        ("town", location.town),
    )
    return [(field, value.strip()) for field, value in fields if value and value.strip()]


def _county(book: Rulebook) -> str:
    return book.reference.manifest.county


# ── names ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Heard:
    """Areas named in full, areas named by their stem, and whether a field named nothing known."""

    full: list[Area]
    stems: list[Area]
    unknown: bool


def _hear(book: Rulebook, location: Location, coded: Area | None) -> _Heard:
    """A field that is one area's name speaks for its level alone; what else is said is read."""
    names, said = gazetteer(book), [coded] if coded else []
    phrases = [(kind, value) for kind, value in _fields(location) if book.area(value) is None]
    said += [area for kind, value in phrases for area in names.called(value, kind)]
    loose = [value for kind, value in phrases if not names.called(value, kind)]
    full, stems = names.read(" ".join([*loose, location.address or ""]))
    settled = {area.kind for area in said}
    unknown = any(names.read(value) == ([], []) for value in loose)
    return _Heard([*said, *(area for area in full if area.kind not in settled)], stems, unknown)


def _by_name(book: Rulebook, heard: _Heard) -> Place | None:
    chosen: list[Area] = []
    for kind in ("town", "village", "grid"):
        here = _of_kind(heard.full, kind)
        inside = _inside(book, here, chosen)
        if here and not inside:
            return _common(book, chosen, False, "another area is named, which is not in ")
        chosen = inside or chosen
    if len(chosen) > 1:  # 涧池集镇社区: the stem of a town tells namesakes apart
        chosen = _inside(book, chosen, _of_kind(heard.stems, "town")) or chosen
    if chosen and chosen[0].kind in FINE:
        return _common(book, chosen, True)
    return _by_stem(book, heard, chosen)


def _by_stem(book: Rulebook, heard: _Heard, named: list[Area]) -> Place | None:
    towns = named or _of_kind(heard.stems, "town")
    villages = _inside(book, _of_kind(heard.stems, "village"), towns)
    if len(villages) == 1 and (towns or is_telling(villages[0])):
        return _common(book, villages, False, "by a part of the name of ")
    return _common(book, towns, bool(named)) if towns else None


def _of_kind(areas: list[Area], kind: str) -> list[Area]:
    return list({area.code: area for area in areas if area.kind == kind}.values())


def _inside(book: Rulebook, areas: list[Area], holders: list[Area]) -> list[Area]:
    """Those of `areas` that lie in one of `holders`; all of them where there are no holders."""
    codes = {holder.code for holder in holders}
    return [a for a in areas if not codes or any(up.code in codes for up in book.path(a.code))]


def _common(book: Rulebook, areas: list[Area], certain: bool, how: str = "") -> Place:
    """The area itself or, of several, the smallest that holds them all, which is never certain."""
    names = "、".join(dict.fromkeys(area.name for area in areas))
    holder = next(
        up for up in book.path(areas[0].code) if len(_inside(book, areas, [up])) == len(areas)
    )
    how = how or ("by the name of " if len(areas) == 1 else f"{len(areas)} areas fit: ")
    return Place(holder.code, holder.kind, how + names, certain and len(areas) == 1)


# ── coordinates ──────────────────────────────────────────────────────────────────────────────


def _point(location: Location) -> tuple[float, float] | None:
    """The point in WGS-84."""
    if location.lat is None or location.lon is None:
        return None
    return to_wgs84(location.lat, location.lon, location.datum)


def _by_point(book: Rulebook, location: Location, town: str | None) -> Place | None:
    """The area whose outline holds the point; where there are no outlines, the village whose
    centre is nearest, which is a guess: villages are no circles."""
    point = _point(location)
    if point is None:
        return None
    found = outlines(book).at(*point)
    if found:
        place = _common(book, found, True, "" if len(found) > 1 else "inside ")
        fits = town is None or any(area.code == town for area in book.path(place.area))
        return place if fits else replace(place, certain=False, how=f"{place.how}; not in the town")
    if outlines(book).tell_the_county:
        return None
    return _nearest(book, point, town)


def _doubted_by_point(book: Rulebook, location: Location, named: Place) -> Place:
    """A name goes before a point, since phones are elsewhere when one writes; but it is a doubt."""
    point = _point(location)
    found = outlines(book).at(*point) if point else []
    if len(found) != 1 or found[0].kind not in FINE:
        return named
    paths = [{area.code for area in book.path(code)} for code in (found[0].code, named.area)]
    if found[0].code in paths[1] or named.area in paths[0]:
        return named
    how = f"{named.how}; the point lies in {found[0].name}"
    return replace(named, certain=False, how=how)


def _nearest(book: Rulebook, point: tuple[float, float], town: str | None) -> Place | None:
    holders = [area for area in [book.area(town)] if area] if town else []
    centres = _inside(book, gazetteer(book).centres, holders)
    away = {area.code: _kilometres(*point, area) for area in centres}
    nearest = min(away, key=lambda code: (away[code], code), default=None)
    if nearest is None or away[nearest] > FAR_KM:
        return None
    return Place(nearest, "village", f"nearest centre, {away[nearest]:.1f} km away", False)


def _kilometres(lat: float, lon: float, area: Area) -> float:
    """Flat-earth distance, right to a thousandth within a county."""
    assert area.lat is not None
    assert area.lon is not None
    east = (lon - area.lon) * cos(radians((lat + area.lat) / 2))
    return hypot(lat - area.lat, east) * KM_PER_DEGREE
