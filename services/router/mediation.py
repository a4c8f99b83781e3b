"""Disputes 矛盾纠纷: settled by mediation, or passed up the ladder village → town → county; and
deliberation 两说一商, a recorded meeting during which the holder's clock stands still.

    dispute ─► resolve with a settlement (settled, or failed at the county)
            └► pass-up ─► mediation-failed ─► the next level up mediates
    pause for a deliberation ─► resume or resolve with its record

The rule to remember: conflicts are not pushed upward 矛盾不上交: a level passes a dispute up only
with the record that mediation failed there.
"""

from __future__ import annotations

from typing import Any

from schemas.events import MediationFailed
from schemas.inputs import Update
from schemas.rulebook import Rulebook
from services.router.state import State


def pass_up(state: State, said: dict[str, Any], rules: Rulebook) -> MediationFailed | str:
    """Mediation failed here: the event, or why it cannot be."""
    level, settlement = state.now.level, said["settlement"]
    if not rules.is_dispute(state.category):
        return "only disputes are passed up: what is not yours is returned (`return`)"
    if level is None or level.above is None:
        return "the county is the last to mediate: `resolve` it with how the settlement ended"
    if settlement is None or settlement.outcome != "failed":
        return '`pass-up` needs a `settlement` with the outcome "failed": what was tried'
    return MediationFailed(**said, from_level=level)


def unsettled(state: State, update: Update, rules: Rulebook) -> str | None:
    """What a dispute lacks to be resolved."""
    if not rules.is_dispute(state.category):
        return None
    if update.settlement is None:
        return "a dispute is resolved with a `settlement`: its outcome, settled or failed"
    above = state.now.level.above if state.now.level else None
    if update.settlement.outcome == "failed" and above is not None:
        return "mediation failed here: `pass-up` takes it one level up"
    return None


def unrecorded(state: State, update: Update, rules: Rulebook) -> str | None:
    """A pause for a deliberation ends with the record of the meeting."""
    reasons = {row.code for row in rules.reference.pause_reasons if row.deliberation}
    if state.paused_for not in reasons or update.deliberation is not None:
        return None
    return "the pause was for a deliberation: say `deliberation`, its date, roles and outcome"
