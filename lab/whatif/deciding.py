"""One case under other rules: as it was, or lived through again from its beginning.

    case as logged ─► no difference along the log? ─┬─ none: it stays as it is, exactly
                                                   └─ some: Script + OneCase ─► what happens now

Where the log cannot tell what somebody would have done, that is drawn, once for each repeat. The rule
to remember: **what is exact is told apart from what is assumed**: `Marks` of each case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from lab.one_case import OneCase
from lab.replay.case_fold import CaseFold
from lab.replay.decisions import Difference, differences
from lab.replay.promises import OUTAGE
from lab.whatif.habits import Habits, Spell
from lab.whatif.outcomes import Outcome, outcome_of
from lab.whatif.script import Mark, Script
from schemas.envelope import Message
from schemas.events import Assigned, Opened, Rated, Resolved, Returned, Signed
from schemas.rulebook import Rulebooks
from services.rating.facts import State
from services.rating.judging import Window


@dataclass(frozen=True, slots=True)
class Lived:
    """One way in which a case goes."""

    facts: State
    events: tuple[Message[Any], ...]
    outcome: Outcome
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Setting:
    """What all cases are decided under."""

    rules: Rulebooks
    habits: Habits
    span: Window
    seed: int

    @property
    def end(self) -> datetime:
        return self.span.now


def as_logged(case: CaseFold, span: Window) -> Lived:
    events = tuple(landed.message for landed in case.accepted)
    facts: State = case.states["rating"]
    return Lived(facts, events, outcome_of(facts, events, span))


def first_difference(case: CaseFold, setting: Setting) -> Difference | None:
    """What is decided otherwise first; None: the case stays as it is. One that never was opened here
    (its report joined another case) has nothing to decide."""
    if not any(isinstance(each.message.data, Opened) for each in case.accepted):
        return None
    return next(differences(case, setting.rules, setting.end - OUTAGE), None)


def live_again(case: CaseFold, setting: Setting, repeat: int) -> Lived:
    """What happens now, until the log's last moment."""
    chance = Random(f"{setting.seed} {repeat} {case.id}")
    script = Script(case, setting.rules, setting.habits, chance)
    events: list[Message[Any]] = []
    again = OneCase(case.id, setting.rules, script, events.append)
    again.add(script.opening())
    again.run(setting.end)
    facts: State = again.state("rating")
    told = outcome_of(facts, events, setting.span)
    return Lived(facts, tuple(events), told, frozenset(script.marks))


# ── habits ───────────────────────────────────────────────────────────────────────────────────


def learn(habits: Habits, case: CaseFold, end: datetime) -> None:
    """Take in every holding of a case."""
    category = _category(case)
    for assigned in _all(case, Assigned):
        spell = _spell(assigned, case, end)
        habits.add(assigned.data.lead, assigned.data.level, category, spell)


def _spell(assigned: Message[Assigned], case: CaseFold, end: datetime) -> Spell:
    under = [landed.message for landed in case.accepted if landed.before.holding == assigned.id]
    sign = next((each for each in under if isinstance(each.data, Signed)), None)
    ended = next((each for each in under if isinstance(each.data, Resolved | Returned)), None)
    over = next((each for each in under if isinstance(each.data, Assigned)), None)
    last = ended or over
    return Spell(
        id=assigned.id,
        lasted=(last.time if last else end) - assigned.time,
        signed=sign.time - assigned.time if sign else None,
        ended=ended,
        sign=sign,
        rated=tuple(each for each in under if isinstance(each.data, Rated)),
    )


def _category(case: CaseFold) -> str | None:
    category: str | None = case.states["router"].category
    return category


def _all(case: CaseFold, kind: type[Any]) -> Iterable[Message[Any]]:
    return [landed.message for landed in case.accepted if isinstance(landed.message.data, kind)]
