"""Scorecards: how well each unit did in one period, from the facts of all cases.

    (case id, facts) … ─► who answers for it ─► what the judges say ─► Tally of each ─► Scorecard

`behind` asks the same board for the cases behind one cell, so that a list is always as long as its
number says.

The rule to remember: **a card follows from the facts, the rules and `now`**, and from nothing else;
the order of the cases does not matter. A period that is over stays as published; the same period
asked for later may differ where a result was rated or reopened since, and is a new version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from services.rating.board import Board, Cell, Facts
from services.rating.facts import State
from services.rating.judging import Verdict

PARTS = ("numerator", "denominator", "missed", "excluded")


def board_of(
    facts: Facts | Mapping[str, State], rules: Rulebook, period: str, now: datetime
) -> Board:
    """A new board with all these cases. Where they are kept by their ids, the board asks there for
    them again, and keeps none. ValueError for a malformed period."""
    kept = facts if isinstance(facts, Mapping) else None
    board = Board(rules, period, now, kept)
    for case, state in facts.items() if isinstance(facts, Mapping) else facts:
        board.put(case, state)
    return board


def scorecards(
    facts: Facts | Mapping[str, State], rules: Rulebook, period: str, now: datetime
) -> list[Scorecard]:
    """One card for every unit that the rules know, and for those that only the cases know, by
    scope and id, with the league's ranks. ``period`` is a month, a quarter or a year (see
    `periods`); ``now`` is when the figures are taken. ValueError for a malformed period."""
    return board_of(facts, rules, period, now).cards()


def behind(
    board: Board,
    *,
    scope: str,
    id: str,
    measure: str,
    part: str = "numerator",
    start: int = 0,
    most: int | None = None,
) -> Cell:
    """The cases behind one cell in the order of their ids, from ``start`` on, at the ``most``.

    ``part`` is ``numerator`` (of a count: the number itself), ``denominator``, ``missed`` (in the
    denominator only) or ``excluded``. KeyError for an unknown measure; ValueError for an unknown
    part."""
    return board.cell((scope, id), measure, _part(part), start, most)


def _part(name: str) -> Callable[[Verdict], bool]:
    match name:
        case "numerator":
            return lambda verdict: verdict == "counted"
        case "denominator":
            return lambda verdict: verdict in ("counted", "missed")
        case "missed":
            return lambda verdict: verdict == "missed"
        case "excluded":
            return lambda verdict: verdict not in ("counted", "missed")
        case _:
            raise ValueError(f"{name!r} is none of {', '.join(PARTS)}")
