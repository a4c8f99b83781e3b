"""The bounce ledger: who held a case, from when to when, and what ended it.

    state, now ─► a line for each holding ─► hours held, by whom, why no longer

The rule to remember: the holder's clock starts afresh with each line, the case's own runs through
all of them.
"""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest
from typing import Any

from services.router.state import Holding, State


def ledger(state: State, now: datetime) -> list[dict[str, Any]]:
    """One line for each holding, in order, ready for JSON; ``lead`` is None while it waited,
    ``ended`` None for the one that stands."""
    lines = state.ledger
    return [_line(one, after, now) for one, after in zip_longest(lines, lines[1:])]


def _line(one: Holding, after: Holding | None, now: datetime) -> dict[str, Any]:
    until = after.since if after else None
    return {
        "holding": one.id,
        "lead": one.lead,
        "assist": list(one.helpers),
        "level": one.level and one.level.value,
        "rule": one.rule,
        "since": one.since and one.since.isoformat(),
        "until": until and until.isoformat(),
        "hours": _hours(one.since, until or now),
        "began": one.why or "opened",
        "ended": after.why if after else None,
    }


def _hours(since: datetime | None, until: datetime) -> float | None:
    return round((until - since).total_seconds() / 3600, 4) if since else None


def bounces(state: State, now: datetime) -> dict[str, Any]:
    """How often the case came back, from whom, and how old it is for all that."""
    return {
        "returns": state.returns,
        "returned_by": list(state.returned_by),
        "wrong_returns": list(state.wrong_returns),
        "hours_since_opened": _hours(state.opened_at, now),
    }
