"""Charts as SVG in the page itself: trends over months, and the schematic map of the towns.

The rule to remember: **a chart says nothing that is not in words beside it**: a trend has its table,
a tile of the map its number, and colour alone tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.outputs import Rate, Scorecard
from schemas.rulebook import Rulebook
from services.rating.measures import Measure
from services.rating.web.parts import View, esc, percent

WIDTH, HEIGHT, EDGE = 320, 120, 24
TILE, GAP = 86, 6
SHADES = ("#f9c9a0", "#fbdfb8", "#ece7b0", "#cfe3b1", "#a9d6b0")
"""From the lowest fifth of the towns' range to the highest; all bear black text."""


class Point(NamedTuple):
    label: str
    value: float | None
    shown: str


def trend(view: View, title: str, points: Sequence[Point], *, share: bool) -> str:
    """One line over months, with its table. ``share``: values are shares, the axis ends at 100 %."""
    known = [point.value for point in points if point.value is not None]
    if not known:
        return ""
    low, high = _range(known, share)
    table = "".join(
        f'<tr><th scope="row">{esc(p.label)}</th><td>{esc(p.shown)}</td></tr>' for p in points
    )
    return (
        f"<figure><figcaption>{title}</figcaption>{_line(view, title, points, low, high)}"
        f"<details><summary>{view.say(('数据表', 'As a table'))}</summary>"
        f"<table><tbody>{table}</tbody></table></details></figure>"
    )


def _range(known: Sequence[float], share: bool) -> tuple[float, float]:
    if not share:
        return 0.0, max(known) or 1.0
    low = min(known)
    return (0.0 if low < 0.5 else 0.5 if low < 0.9 else 0.9), 1.0


def _line(view: View, title: str, points: Sequence[Point], low: float, high: float) -> str:
    step = (WIDTH - 2 * EDGE) / max(len(points) - 1, 1)
    placed = [
        (EDGE + n * step, HEIGHT - EDGE - (p.value - low) / (high - low) * (HEIGHT - 2 * EDGE), p)
        for n, p in enumerate(points)
        if p.value is not None
    ]
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y, _ in placed)
    dots = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="var(--link)"><title>{esc(p.label)} '
        f"{esc(p.shown)}</title></circle>"
        for x, y, p in placed
    )
    first, last = placed[0][2], placed[-1]
    said = (
        f"{title}: {esc(first.label)} {esc(first.shown)}, {esc(last[2].label)} {esc(last[2].shown)}"
    )
    base = HEIGHT - EDGE
    anchor = "end" if last[0] > WIDTH / 2 else "start"
    ends = (
        ""
        if len(points) < 2
        else (
            f'<text x="{WIDTH - EDGE}" y="{HEIGHT - 6}" text-anchor="end">{esc(points[-1].label)}</text>'
        )
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{said}"><line x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{base}" y2="{base}" '
        f'stroke="var(--line)"/><polyline points="{path}" fill="none" stroke="var(--link)" '
        f'stroke-width="2"/>{dots}<text x="{EDGE}" y="{HEIGHT - 6}">{esc(points[0].label)}</text>'
        f'{ends}<text x="{last[0]:.0f}" y="{max(last[1] - 8, 12):.0f}" '
        f'text-anchor="{anchor}">{esc(last[2].shown)}</text></svg>'
    )


def of_history(
    history: Mapping[str, Scorecard], months: Sequence[str], measure: Measure
) -> list[Point]:
    """A unit's points of a rate or a count, one a month; months without a card have none."""
    return [_point(month, history.get(month), measure) for month in months]


def _point(month: str, card: Scorecard | None, measure: Measure) -> Point:
    if card is None:
        return Point(month, None, "–")
    if not measure.is_rate:
        count = card.counts.get(measure.name, 0)
        return Point(month, float(count), str(count))
    rate = card.rates.get(measure.name, Rate(numerator=0, denominator=0))
    return Point(month, rate.value, f"{percent(rate)} ({rate.numerator}/{rate.denominator})")


def town_map(view: View, cards: Sequence[Scorecard], rules: Rulebook, measure: Measure) -> str:
    """The towns as tiles, roughly where they lie, coloured by a measure; each opens its page."""
    if not cards:
        return ""
    places = _places(cards, rules)
    values = {card.id: _value(card, measure) for card in cards}
    known = [value for value in values.values() if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    columns = max(x for x, _ in places.values()) + 1
    rows = max(y for _, y in places.values()) + 1
    tiles = "".join(
        _tile(view, card, measure, places[card.id], _shade(values[card.id], low, high))
        for card in cards
    )
    width, height = columns * (TILE + GAP), rows * (TILE + GAP)
    said = view.say(("各镇示意图,非按比例", "The towns, schematic, not to scale"))
    label = view.say(measure.label)
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" width="{width}" role="group" '
        f'aria-label="{said}: {label}">{tiles}</svg><figcaption>{said} · {label}</figcaption></figure>'
    )


def _places(cards: Sequence[Scorecard], rules: Rulebook) -> dict[str, tuple[int, int]]:
    """Where each town lies on the map, by the county's settings; the others in rows of five."""
    known = rules.settings.map
    below = max((y for _, y in known.values()), default=-1) + 1
    others = [card.id for card in cards if card.id not in known]
    extra = {id: (n % 5, below + n // 5) for n, id in enumerate(others)}
    return {card.id: known.get(card.id) or extra[card.id] for card in cards}


def _value(card: Scorecard, measure: Measure) -> float | None:
    return card.rates[measure.name].value if measure.is_rate else card.counts[measure.name]


def _shade(value: float | None, low: float, high: float) -> str:
    if value is None:
        return "#e3e7ea"
    if high == low:
        return SHADES[-1]
    return SHADES[min(int((value - low) / (high - low) * len(SHADES)), len(SHADES) - 1)]


def _tile(view: View, card: Scorecard, measure: Measure, place: tuple[int, int], shade: str) -> str:
    x, y = place[0] * (TILE + GAP), place[1] * (TILE + GAP)
    shown = percent(card.rates[measure.name]) if measure.is_rate else card.counts[measure.name]
    middle = x + TILE // 2
    return (
        f'<a href="{view.link("/unit", scope=card.scope, id=card.id)}" '
        f'aria-label="{view.name(card)} {shown}"><rect x="{x}" y="{y}" width="{TILE}" '
        f'height="{TILE}" rx="10" fill="{shade}"/><text x="{middle}" y="{y + 38}" '
        f'text-anchor="middle" style="fill:#111;font-size:17px">{view.name(card)}</text><text x="{middle}" '
        f'y="{y + 64}" text-anchor="middle" style="fill:#111;font-weight:600;font-size:18px">{shown}</text></a>'
    )
