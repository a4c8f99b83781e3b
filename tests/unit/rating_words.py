"""Words for stories about figures: what a measure says of one life, and the cards of several."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from services.rating.facts import State
from services.rating.measures import BY_NAME
from services.rating.periods import window_of
from services.rating.scorecards import scorecards
from services.rating.views import held_view, whole_view
from tests.county import small_county
from tests.story import moment
from tests.unit.rating_life import VC, Life

MIDNIGHT = 27 * 24 + 15
"""Hours from `START` to the end of July in Shanghai."""
AUGUST = MIDNIGHT + 6


def judged(
    case: State | Life,
    measure: str,
    of: str | None = None,
    *,
    month: str = "2022-07",
    now: float = 999,
) -> str | None:
    """The verdict on the case, or on a department's part in it, in July 2022."""
    state = case.state if isinstance(case, Life) else case
    window = window_of(RULES, month, moment(now))
    own = tuple(h for h in state.holdings if h.department == of)
    view = held_view(state, own, window) if of else whole_view(state, window)
    return BY_NAME[measure].judge(view, window)


def held(**limits: Any) -> Life:
    """Opened at hour 0, with the village committee from hour 1."""
    return Life().assigned(at=1, **limits)


RULES = Rulebook(small_county())
JULY = "2022-07"
NOW = moment(999)
PEOPLE = count(1)


def cards_of(
    *cases: Life, rules: Rulebook = RULES, period: str = JULY, now: datetime = NOW
) -> dict[tuple[str, str], Scorecard]:
    facts = [(f"case-{n}", life.state) for n, life in enumerate(cases)]
    return {(card.scope, card.id): card for card in scorecards(facts, rules, period, now)}


def done(stars: int | None = 5, *, to: str = VC, area: str = "g111", late: bool = False) -> Life:
    """Opened at hour 0 by somebody else each time, assigned at 1, due at 20, done at 9 or 30, and
    rated."""
    reporter: Any = {"kind": "resident", "ref": f"p{next(PEOPLE)}"}
    life = (
        Life(area=area, reporter=reporter)
        .case_limits(respond=24, case=99)
        .assigned(to, at=1, sign=3, resolve=20)
    )
    life.signed(2).resolved(30 if late else 9)
    return life if stars is None else life.rated(stars, 31)
