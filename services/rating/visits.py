"""Return visits 回访: which closed cases of a month somebody asks about again.

    facts of all cases, a month ─► strata by department ─► the sample ─► visits.requested

In each stratum the cases are put in the order of a digest of seed, month and case, and the first tenth
(rounded up) is drawn. The rule to remember: **anybody can draw the sample again**: nothing but the
seed of the county's settings, the month and the cases' ids decides.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from hashlib import sha256
from math import ceil
from typing import TypeAlias

from schemas.lifecycle import Status
from schemas.outputs import VisitRequested
from schemas.rulebook import Rulebook
from services.rating.board import Facts
from services.rating.facts import Ending, Holding, State
from services.rating.judging import Window
from services.rating.periods import window_of

Lot: TypeAlias = tuple[bytes, str, datetime]
"""What is drawn: its digest, the case, when it was resolved. Small, for there are many."""


def draw(facts: Facts, rules: Rulebook, period: str) -> list[VisitRequested]:
    """The sample of one month, by department and then in the order drawn. ValueError for a malformed
    period."""
    window = window_of(rules, period, rules.effective_from)
    strata: dict[str, list[Lot]] = defaultdict(list)
    for case, state in facts:
        if (result := _result_of_closed(state, window)) is not None and result.until is not None:
            lot = _lot(rules.settings.visit_seed, period, case)
            strata[result.department].append((lot, case, result.until))
    return [
        VisitRequested(
            case_id=case,
            period=period,
            department=department,
            resolved_at=resolved_at,
            stratum=len(cases),
            drawn=number,
        )
        for department, cases in sorted(strata.items())
        for number, (_, case, resolved_at) in enumerate(_first(sorted(cases), rules), start=1)
    ]


def _result_of_closed(state: State, window: Window) -> Holding | None:
    """The holding whose result stood when the case was closed, if that was in the period."""
    last = state.holdings[-1] if state.holdings else None
    closed = state.standing.status is Status.CLOSED and window.has(state.ended_at)
    if not closed or last is None or last.ended is not Ending.RESOLVED:
        return None
    return last


def _lot(seed: str, period: str, case: str) -> bytes:
    return sha256(f"{seed}/{period}/{case}".encode()).digest()


def _first(cases: list[Lot], rules: Rulebook) -> list[Lot]:
    return cases[: ceil(len(cases) * rules.settings.visit_share)]
