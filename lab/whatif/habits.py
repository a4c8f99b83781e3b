"""How each department has handled what it was given: what is drawn from, where nobody knows.

    holdings of a log ─► Spell (signed after, ended after, how, how it was rated) ─► draw(department)

A spell that something else cut short (the case climbed, triage took it away, the log ended) says only
that it would have taken longer: a draw that falls on one goes on among those that did take longer, which is
Kaplan and Meier's estimate (1958) by redistribution to the right (Efron, 1967). The rule to remember:
**a department's own history first**: of the same category, else of any, else of its level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from schemas.envelope import Message
from schemas.events import Rated, Resolved, Returned, Signed
from schemas.reference import Level

MOST = 500
"""Spells that are kept of each kind, a fair sample of more: those whose ids come first, as ids are
hashes."""
FEWEST = 5
"""Spells that make a history; with fewer, the next wider group is asked."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One holding, as somebody lived through it. Times count from the assignment."""

    id: str
    """Of its assignment."""
    lasted: timedelta
    signed: timedelta | None = None
    ended: Message[Resolved] | Message[Returned] | None = None
    """What it ended in; None: something else cut it short."""
    sign: Message[Signed] | None = None
    rated: tuple[Message[Rated], ...] = ()
    """The words on its result."""


Spells = Sequence[Spell]
Key = tuple[str, str]


@dataclass(slots=True)
class Habits:
    """Spells by (department, category), ("", department) and ("level", level)."""

    spells: dict[Key, list[Spell]] = field(default_factory=lambda: defaultdict(list))

    def add(self, department: str, level: Level, category: str | None, spell: Spell) -> None:
        for key in _keys(department, level, category):
            self.spells[key].append(spell)
            if len(self.spells[key]) > 2 * MOST:
                self.spells[key] = _sample(self.spells[key])

    def join(self, other: Habits) -> None:
        for key, spells in other.spells.items():
            self.spells[key] = _sample([*self.spells[key], *spells])

    def draw(
        self, department: str, level: Level, category: str | None, chance: Random
    ) -> Spell | None:
        """A spell that came to its own end; None if nothing is known, or if the last word is that
        it took longer than anybody saw."""
        known = self._known(_keys(department, level, category))
        while known:
            spell = chance.choice(known)
            if spell.ended is not None:
                return spell
            known = [each for each in known if each.lasted > spell.lasted]
        return None

    def _known(self, keys: Iterable[Key]) -> Spells:
        widest: Spells = ()
        for key in keys:
            found = self.spells.get(key, ())
            if len(found) >= FEWEST:
                return found
            widest = found or widest
        return widest


def _sample(spells: list[Spell]) -> list[Spell]:
    return sorted(spells, key=lambda spell: spell.id)[:MOST]


def _keys(department: str, level: Level, category: str | None) -> tuple[Key, ...]:
    return (department, category or ""), ("", department), ("level", level.value)
