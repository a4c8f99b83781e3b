"""What a petition officer has yet to decide about a case.

    state ─► asks: assign | confirm | grant_extension, with what one must know to decide

The rule to remember: **whatever waits for a person is on this list**, and nothing else is.
"""

from __future__ import annotations

from typing import Any

from schemas.inputs import Verdict
from schemas.lifecycle import ACTIVE, HELD, Status
from services.router.state import State


def triage_entry(state: State) -> dict[str, Any] | None:
    """The line of the triage queue for a case, ready for JSON; None if nobody is asked anything.
    ``asks`` names the decisions that are wanted; ``assign`` means that the case is unrouted."""
    asks = _asks(state)
    if not asks:
        return None
    return {
        "asks": [ask.value for ask in asks],
        "reason": state.triage_reason,
        "since": state.triage_since and state.triage_since.isoformat(),
        "area": state.area,
        "category": state.category,
        "service": state.service and state.service.value,
        "urgency": state.urgency.value,
        "text": state.text,
        "lead": state.lead,
        "returned_by": list(state.returned_by),
        "returns": state.returns,
        "reopened": state.reopened,
        "until": state.extension and state.extension.until.isoformat(),
        "reports": len(state.reports),
    }


def is_asked(state: State) -> bool:
    """Whether a petition officer is asked anything about the case."""
    return bool(_asks(state))


def _asks(state: State) -> list[Verdict]:
    status = state.standing.status
    asked = state.extension is not None and not state.extension.granted
    wanted = {
        Verdict.ASSIGN: status is Status.TRIAGE,
        Verdict.CONFIRM: state.unsure and status in ACTIVE,
        Verdict.GRANT_EXTENSION: asked and status in HELD,
    }
    return [verdict for verdict, is_wanted in wanted.items() if is_wanted]
