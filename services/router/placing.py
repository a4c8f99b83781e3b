"""What follows from an event of the log: which department has the case next.

    opened, returned, reopened, unmerged ─┐
    confirmed, corrected ─────────────────┼─► assigned, or triage-requested where no rule can
    escalated, mediation-failed ──────────┤
    hand-over (its department is gone) ───┘

The rule to remember: **a case is never dropped**: what no rule places, a person does. Each answer
names the holding that stands, and there is none when the moment has passed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from schemas.commands import HandOver
from schemas.envelope import Message
from schemas.events import (
    Assigned,
    AssignedBecause,
    Confirmed,
    Corrected,
    Escalated,
    MediationFailed,
    Opened,
    Reopened,
    Returned,
    TriageRequested,
    Unmerged,
)
from schemas.lifecycle import ACTIVE, HELD, Standing, Status
from schemas.reference import Level, RoutingRule
from schemas.rulebook import Rulebook
from services.router.routing import Choice, Unrouted, choose, unit_from
from services.router.state import State

GUESS = " The category or the place is a best guess, yet to be confirmed."

Placed = Assigned | TriageRequested | None


def after_opened(state: State, cause: Message[Opened], rules: Rulebook) -> Placed:
    if not _waits_since(state, cause.id):
        return None
    return _place(state, _route(state, rules, cause.time), AssignedBecause.ROUTED, rules)


def after_returned(state: State, cause: Message[Returned], rules: Rulebook) -> Placed:
    """The next candidate, until there were too many; what triage chose goes back to triage."""
    if not _waits_since(state, cause.id):
        return None
    if state.triage_final:
        return _triage(state, f"{cause.data.department} returned it, and triage has the last word.")
    if state.returns >= rules.settings.returns_to_triage:
        return _triage(state, f"This was return number {state.returns}.")
    return _place(state, _route(state, rules, cause.time), AssignedBecause.RETURNED, rules)


def after_reopened(state: State, cause: Message[Reopened], rules: Rulebook) -> Placed:
    """The same department again, or one level up; routed anew if the rules no longer know it."""
    if not _waits_since(state, cause.id):
        return None
    higher = _one_up(state, rules, cause.time) if cause.data.climbs else None
    choice = higher or _same_again(state, rules) or _route(state, rules, cause.time)
    return _place(state, choice, AssignedBecause.REOPENED, rules)


def after_escalated(state: State, cause: Message[Escalated], rules: Rulebook) -> Placed:
    if state.standing.status not in HELD or cause.data.holding != state.standing.holding:
        return None
    why = f"The {cause.data.kind} deadline passed at {cause.data.from_level} level"
    choice = _climb(state, rules, cause.data.to_level, why, cause.time)
    nobody = f"{why}, and no unit from {cause.data.to_level} level up can take it."
    return _place(state, choice or Unrouted(nobody), AssignedBecause.ESCALATED, rules)


def after_unmerged(state: State, cause: Message[Unmerged], rules: Rulebook) -> Placed:
    if not _waits_since(state, cause.id):
        return None
    return _place(state, _route(state, rules, cause.time), AssignedBecause.ROUTED, rules)


def after_mediation_failed(
    state: State, cause: Message[MediationFailed], rules: Rulebook
) -> Placed:
    """The next level up mediates; what was tried stays on the record."""
    data = cause.data
    if state.standing.status not in HELD or data.holding != state.standing.holding:
        return None
    why = f"Mediation failed at {data.from_level} level"
    above = data.from_level.above
    choice = _climb(state, rules, above, why, cause.time) if above else None
    nobody = Unrouted(f"{why}, and no unit above it can take it.")
    return _place(state, choice or nobody, AssignedBecause.PASSED_UP, rules)


def hand_over(state: State, cause: Message[HandOver], rules: Rulebook) -> Placed:
    """A department was abolished: its heir leads in its place, at the same level; where it has
    none, a person decides."""
    gone, standing = cause.data.department, state.standing
    if cause.data.holding != standing.holding or standing.status not in HELD:
        return None
    heir = rules.heir(gone)
    if state.lead != gone or (heir is None and rules.department(gone) is not None):
        return None
    if heir is None:
        return _triage(state, f"{gone} is abolished and has no heir (rules {rules.version}).")
    assist = tuple(code for code in state.now.helpers if code not in (gone, heir.code))
    why = f"{gone} is abolished, and {heir.code} is its heir (rules {rules.version})."
    choice = Choice(heir.code, assist, state.now.level or heir.level, state.now.rule, why)
    return _place(state, choice, AssignedBecause.HEIR, rules)


def after_correction(
    state: State, cause: Message[Confirmed | Corrected], rules: Rulebook
) -> Placed:
    """Route again, unless a later correction stands, or the same department would have it."""
    data = cause.data
    if isinstance(data, Confirmed) and not data.changed:
        return None
    is_latest = (data.category, data.area) == (state.category, state.area)
    if not is_latest or state.standing.status not in ACTIVE:
        return None
    choice = _route(state, rules, cause.time)
    if _is_as_now(state, choice):
        return None
    return _place(state, choice, AssignedBecause.CORRECTED, rules)


def _waits_since(state: State, event_id: str) -> bool:
    return state.standing == Standing(Status.OPEN, event_id)


def _route(state: State, rules: Rulebook, at: datetime) -> Choice | Unrouted:
    choice = choose(
        rules,
        state.area,
        state.category,
        state.service,
        state.urgency,
        at=at,
        excluding=state.returned_by,
    )
    if isinstance(choice, Choice) and state.unsure:
        return replace(choice, why=choice.why + GUESS)
    return choice


def _is_as_now(state: State, choice: Choice | Unrouted) -> bool:
    if isinstance(choice, Unrouted):
        return False
    now = state.now
    return (choice.lead, choice.level, choice.assist) == (now.lead, now.level, now.assist)


def _same_again(state: State, rules: Rulebook) -> Choice | None:
    now = state.now
    if now.lead is None or now.level is None or rules.department(now.lead) is None:
        return None
    why = f"The reporter was not satisfied: {now.lead} has it again."
    return Choice(now.lead, now.helpers, now.level, now.rule, why)


def _one_up(state: State, rules: Rulebook, at: datetime) -> Choice | None:
    above = state.now.level.above if state.now.level else None
    why = "The reporter was not satisfied again"
    return _climb(state, rules, above, why, at) if above else None


def _climb(
    state: State, rules: Rulebook, level: Level, because: str, at: datetime
) -> Choice | None:
    """The unit of the ladder from `level` up that has not returned the case; the old lead helps."""
    rule = _rule_of(state, rules)
    gone = state.returned_by
    found = rule and unit_from(rules, rule.ladder, level, state.area, at=at, excluding=gone)
    if not rule or not found:
        return None
    reached, unit = found
    assist = tuple(code for code in dict.fromkeys(state.now.everybody) if code != unit.code)
    why = f"{because}: rule {rule.id} names {unit.code} at {reached} level."
    return Choice(unit.code, assist, reached, rule.id, why)


def _rule_of(state: State, rules: Rulebook) -> RoutingRule | None:
    """The rule that the case was routed by, if it still applies; else the most specific one."""
    routes = rules.routes(state.area, state.category, state.service, state.urgency)
    own = (rule for rule in routes if rule.id == state.now.rule)
    return next(own, routes[0] if routes else None)


def _place(
    state: State, choice: Choice | Unrouted, because: AssignedBecause, rules: Rulebook
) -> Placed:
    if isinstance(choice, Unrouted):
        return _triage(state, choice.reason)
    parts = tuple(code for code in _parts(state, choice, because) if code != choice.lead)
    return Assigned(
        holding=_holding(state),
        lead=choice.lead,
        assist=tuple(dict.fromkeys((*choice.assist, *parts))),
        level=choice.level,
        area=state.area,
        category=state.category,
        because=because,
        rule=choice.rule,
        why=choice.why,
        parts=parts,
        legal_review=choice.legal_review,
        first_step=first_step(state, rules),
    )


ROUTED_ANEW = frozenset(
    {AssignedBecause.ROUTED, AssignedBecause.RETURNED, AssignedBecause.CORRECTED}
)


def _parts(state: State, choice: Choice, because: AssignedBecause) -> tuple[str, ...]:
    """The rule's own parts; where the case only changes hands, those that there are go along."""
    if because in ROUTED_ANEW:
        return choice.parts
    return tuple(dict.fromkeys((*choice.parts, *state.parts)))


def first_step(state: State, rules: Rulebook) -> str | None:
    """How a matter of this household's tier is begun: 连心户 gets a visit first."""
    return rules.settings.household_styles.get(state.household_tier or "")


def _triage(state: State, reason: str) -> TriageRequested | None:
    """A case that is in triage already stays there."""
    if state.standing.status is Status.TRIAGE:
        return None
    return TriageRequested(holding=_holding(state), reason=reason)


def _holding(state: State) -> str:
    assert state.standing.holding is not None, "a case that is open has a place"
    return state.standing.holding
