"""Coordinates as Chinese maps give them, brought back to WGS-84.

Maps in China are shifted by law: by some hundred metres in GCJ-02 (Amap, Tencent, WeChat), and a
little more in BD-09 (Baidu). The shift was never published; the formulas are those of the
`eviltransform` project (MIT), which everybody uses. GCJ-02 is undone by iterating the shift, to less
than a centimetre. Outside China's bounding box nothing is shifted.
"""

from __future__ import annotations

from math import atan2, cos, hypot, pi, radians, sin, sqrt

from schemas.reference import Datum

AXIS, ECCENTRICITY = 6_378_245.0, 0.00669342162296594323
"""Of the Krasovsky ellipsoid: metres, and squared."""
BAIDU = pi * 3000 / 180
ROUNDS = 10
Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def to_wgs84(lat: float, lon: float, datum: Datum) -> Point:
    """The same place in WGS-84."""
    if datum is Datum.BD09:
        lat, lon = _from_baidu(lat, lon)
    if datum is Datum.WGS84 or not _is_shifted(lat, lon):
        return lat, lon
    there = lat, lon
    for _ in range(ROUNDS):
        shifted = to_gcj02(*there)
        there = there[0] + lat - shifted[0], there[1] + lon - shifted[1]
    return there


def to_gcj02(lat: float, lon: float) -> Point:
    """Where a Chinese map shows a place."""
    if not _is_shifted(lat, lon):
        return lat, lon
    north, east = _shift(lon - 105.0, lat - 35.0)
    angle = radians(lat)
    flat = 1 - ECCENTRICITY * sin(angle) ** 2
    north = north * 180 / (AXIS * (1 - ECCENTRICITY) / (flat * sqrt(flat)) * pi)
    east = east * 180 / (AXIS / sqrt(flat) * cos(angle) * pi)
    return lat + north, lon + east


def to_bd09(lat: float, lon: float) -> Point:
    """Where Baidu shows a place that other Chinese maps show here."""
    far = hypot(lon, lat) + 0.00002 * sin(lat * BAIDU)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * BAIDU)
    return far * sin(angle) + 0.006, far * cos(angle) + 0.0065


def _from_baidu(lat: float, lon: float) -> Point:
    y, x = lat - 0.006, lon - 0.0065
    far = hypot(x, y) - 0.00002 * sin(y * BAIDU)
    angle = atan2(y, x) - 0.000003 * cos(x * BAIDU)
    return far * sin(angle), far * cos(angle)


def _is_shifted(lat: float, lon: float) -> bool:
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347


def _shift(x: float, y: float) -> Point:
    """Metres to the north and the east, from degrees off 105° E, 35° N."""
    both = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (both + 20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (both + 20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    return north, east
