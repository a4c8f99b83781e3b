"""What a unit answers for in one period: the whole case, or one holder's part in it.

    facts of a case, the period ─► View ─► `verdicts`

The rule to remember: **an area answers for the whole case, a holder for its own holdings**. Towns,
villages, services and categories see the case from the report on; departments and levels see only
what was assigned to them.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.rating.facts import Ending, Holding, Stars, State
from services.rating.judging import Verdict, Window, fate


class View(NamedTuple):
    """What a unit answers for: the ``whole`` case, or the holdings that were its own."""

    case: State
    holdings: tuple[Holding, ...]
    whole: bool
    arrived_at: datetime | None
    """When it first came in the period; None if it did not."""
    arrivals: tuple[Holding, ...]
    """The holdings to judge of what came in the period."""
    result: Holding | None
    """The last result of the period."""
    rating: Stars | None
    """What was thought of it."""
    fates: tuple[Verdict | None, ...]
    """The verdict on the limit of each of its holdings, where it fell in the period."""
    flooded: bool = False
    """The resident's rating is part of a flood, and was left out."""


def whole_view(case: State, window: Window, *, flooded: bool = False) -> View:
    arrived = case.opened_at if window.has(case.opened_at) else None
    arrivals = case.holdings if arrived else ()
    return _view(case, case.holdings, True, arrived, arrivals, window, flooded)


def held_view(
    case: State, holdings: tuple[Holding, ...], window: Window, *, flooded: bool = False
) -> View:
    arrivals = tuple([holding for holding in holdings if window.has(holding.since)])
    arrived = arrivals[0].since if arrivals else None
    return _view(case, holdings, False, arrived, arrivals, window, flooded)


def _view(
    case: State,
    holdings: tuple[Holding, ...],
    whole: bool,
    arrived: datetime | None,
    arrivals: tuple[Holding, ...],
    window: Window,
    flooded: bool,
) -> View:
    result = _result(holdings, window)
    rating = result.word(without_resident=flooded) if result is not None else None
    fates = tuple([fate(holding, window) for holding in holdings])
    return View(case, holdings, whole, arrived, arrivals, result, rating, fates, flooded)


def _result(holdings: tuple[Holding, ...], window: Window) -> Holding | None:
    for holding in reversed(holdings):
        if holding.ended is Ending.RESOLVED and window.has(holding.until):
            return holding
    return None
