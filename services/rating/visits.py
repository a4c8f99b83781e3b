"""Return visits 回访: which closed cases of a month somebody asks about again.

    facts of all cases, a month ─► strata by department ─► the sample ─► visits.requested

In each stratum the cases are put in the order of a digest of seed, month and case, and the first tenth
(rounded up) is drawn. The rule to remember: **anybody can draw the sample again**: nothing but the
seed of the county's settings, the month and the cases' ids decides.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from math import ceil

from schemas.lifecycle import Status
from schemas.outputs import VisitRequested
from schemas.rulebook import Rulebook
from services.rating.board import Facts
from services.rating.facts import Ending
from services.rating.periods import window_of


def draw(facts: Facts, rules: Rulebook, period: str) -> list[VisitRequested]:
    """The sample of one month, by department and then in the order drawn. ValueError for a malformed
    period."""
    window = window_of(rules, period, rules.effective_from)
    strata: dict[str, list[tuple[str, VisitRequested]]] = defaultdict(list)
    for case, state in facts:
        last = state.holdings[-1] if state.holdings else None
        closed = state.standing.status is Status.CLOSED and window.has(state.ended_at)
        if not closed or last is None or last.ended is not Ending.RESOLVED or last.until is None:
            continue
        visit = VisitRequested(
            case_id=case,
            period=period,
            department=last.department,
            resolved_at=last.until,
            stratum=0,
            drawn=0,
        )
        strata[last.department].append((_lot(rules.settings.visit_seed, period, case), visit))
    return [
        visit.model_copy(update={"stratum": len(cases), "drawn": number})
        for _, cases in sorted(strata.items())
        for number, (_, visit) in enumerate(_first(sorted(cases, key=_by_lot), rules), start=1)
    ]


def _lot(seed: str, period: str, case: str) -> str:
    return sha256(f"{seed}/{period}/{case}".encode()).hexdigest()


def _by_lot(drawn: tuple[str, VisitRequested]) -> str:
    return drawn[0]


def _first(
    cases: list[tuple[str, VisitRequested]], rules: Rulebook
) -> list[tuple[str, VisitRequested]]:
    return cases[: ceil(len(cases) * rules.settings.visit_share)]
