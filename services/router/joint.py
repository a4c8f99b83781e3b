"""Joint handling: parts of assisting departments, and the whistle that calls them.

    assist's sign, part-done ─► part-signed, part-done        officer's excuse_part ─► part-excused
    lead's whistle ─► whistled ─► the teams one level up sign in time ─┬─► part-signed
                                                                       └─► whistle-missed (time)

The rule to remember: **the lead answers for the case, each helper for its part**. The case resolves
when the lead says so and every part is done or excused; a whistle gives those it calls a part, and
the limit for signing at their level to report.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from schemas.envelope import Message
from schemas.events import DepartmentEvent, PartDone, PartSigned, Whistled, WhistleMissed
from schemas.ids import derive
from schemas.inputs import Action
from schemas.lifecycle import HELD
from schemas.reference import DeadlineKind, Department, Level, Urgency
from schemas.rulebook import Rulebook
from services.decider import Tick, Timer
from services.router.state import PartStatus, State
from services.sla.deadlines import work_calendar

OF_A_HELPER = {Action.SIGN: PartSigned, Action.PART_DONE: PartDone}
"""What an assisting department may say, and the event that it becomes."""


def answer_helper(
    state: State, department: str, action: Action, said: dict[str, Any]
) -> DepartmentEvent | str:
    """The event for an assisting department's word about its part, or why it cannot be."""
    event, part = OF_A_HELPER.get(action), state.parts.get(department)
    if event is None:
        return "this department assists; the lead answers for the case"
    if part is None:
        return "this department assists and has no part of its own"
    if not part.is_open:
        return f"this department's part is {part.status} already"
    if action is Action.SIGN and part.status is PartStatus.SIGNED:
        return "this department has signed its part already"
    return event(**said)


def open_parts(state: State) -> str | None:
    """Why the lead cannot resolve yet, if helpers have not done their parts."""
    if not state.open_parts:
        return None
    return (
        f"parts are open: {', '.join(state.open_parts)}; each says `part-done`, or an officer "
        "excuses it (`excuse_part`)"
    )


# ── the whistle ──────────────────────────────────────────────────────────────────────────────


class Call(NamedTuple):
    """Whom a whistle calls, at which level, and by when."""

    called: tuple[str, ...]
    to_level: Level
    due: datetime | None
    limit: str | None


def whistle(
    state: State, said: dict[str, Any], names: tuple[str, ...], now: datetime, rules: Rulebook
) -> Whistled | str:
    """A village calls the town's teams, a town the county's; or why it cannot."""
    level = state.now.level
    if level is None:
        return "nobody has the case, so nobody can whistle"
    call = _call(state, names, level, now, rules)
    if isinstance(call, str):
        return call
    return Whistled(**said, **call._asdict(), from_level=level)


def _call(
    state: State, names: tuple[str, ...], level: Level, now: datetime, rules: Rulebook
) -> Call | str:
    above = level.above
    if above is None:
        return "the county is the last to be called: ask triage for whom else it needs"
    units = [_team(name, state, now, rules) for name in names or (_usual(state, above, rules),)]
    unknown = [name for name, unit in zip(names, units, strict=False) if unit is None]
    teams = [unit for unit in units if unit is not None]
    if unknown or not teams:
        return f"`whistle` calls units that are there: {', '.join(unknown) or 'none is known here'}"
    wrong = [unit.code for unit in teams if unit.level is not above]
    if wrong:
        return f"a {level} calls units of its {above}, and {', '.join(wrong)} is none"
    codes = tuple(dict.fromkeys(unit.code for unit in teams))
    busy = [code for code in codes if code in state.open_parts]
    if busy:
        return f"{', '.join(busy)} was called already"
    due, limit = _limit(state, above, now, rules)
    return Call(codes, above, due, limit)


def _usual(state: State, above: Level, rules: Rulebook) -> str:
    """Whom the rule's ladder names one level up."""
    routes = rules.routes(
        state.area, state.category, state.service, state.urgency or Urgency.NORMAL
    )
    own = [rule for rule in routes if rule.id == state.now.rule] or routes
    return next((rule.ladder[above] for rule in own if above in rule.ladder), "")


def _team(name: str, state: State, now: datetime, rules: Rulebook) -> Department | None:
    if not name:
        return None
    return rules.department(name) or rules.unit(name, state.area, now)


def _limit(
    state: State, level: Level, now: datetime, rules: Rulebook
) -> tuple[datetime | None, str | None]:
    """What the rules allow for signing there."""
    limits = rules.deadlines(state.service, state.category, state.urgency, level)
    limit = limits.get(DeadlineKind.SIGN)
    if limit is None:
        return None, None
    return work_calendar(rules).add(now, limit.duration), limit.duration


# ── time ─────────────────────────────────────────────────────────────────────────────────────


def due(state: State) -> Timer | None:
    """When the next team that was called should have reported."""
    if state.standing.status not in HELD:
        return None
    found = _next(state)
    if found is None:
        return None
    code, whistle, at = found
    return Timer(derive("whistle", whistle, code), at, whistle)


def _next(state: State) -> tuple[str, str, datetime] | None:
    waiting = [
        (part.due, code, part.whistle or "")
        for code, part in state.parts.items()
        if part.due is not None and part.status is PartStatus.OPEN
    ]
    if not waiting:
        return None
    at, code, whistle = min(waiting)
    return code, whistle, at


def after_tick(state: State, cause: Message[Tick], _rules: Rulebook) -> WhistleMissed | None:
    found = _next(state)
    if found is None or state.standing.status not in HELD:
        return None
    code, whistle, at = found
    if cause.id != derive("whistle", whistle, code):
        return None
    return WhistleMissed(
        holding=state.standing.holding or "", department=code, whistle=whistle, due=at
    )
