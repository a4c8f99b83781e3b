"""A whole log under other rules, over several processes.

    pass 1, every case    no difference ─► as it was      else ─► lived again ─┬─► exact or shifted
    pass 2, if any drawn  the habits of the departments that need them         │
    pass 3, those cases   lived again with habits, once for each repeat ◄──────┘

The rule to remember: **the cheap answer first**: most rules change few cases, and a case whose every
decision stays the same needs no living again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from lab.replay.case_fold import CaseFold
from lab.replay.grouped import folded_cases
from lab.replay.reading import span_of
from lab.replay.running import over, over_partitions
from lab.whatif.deciding import (
    Lived,
    Setting,
    as_logged,
    first_difference,
    learn,
    live_again,
)
from lab.whatif.habits import Habits
from lab.whatif.outcomes import Outcome, Tally, window
from lab.whatif.script import Mark
from schemas.reference import Reference
from schemas.rulebook import Rulebooks
from schemas.topics import KEYED_PARTITIONS


@dataclass(frozen=True, slots=True)
class Question:
    """`reference` is what holds instead, for the whole log; `seed` and `repeats` are for what must
    be drawn."""

    reference: Reference
    seed: int = 1
    repeats: int = 20
    partitions: int = KEYED_PARTITIONS


@dataclass(frozen=True, slots=True)
class Changed:
    """A case in which something is decided otherwise. Where chance has a part, `after` is the first
    way that was drawn."""

    case: str
    category: str | None
    area: str
    first: str
    """What is decided otherwise first, in words."""
    before: Outcome
    after: Outcome
    marks: frozenset[Mark]

    @property
    def ends_otherwise(self) -> bool:
        """Whether more than a due time changes."""
        names = [name for name in Outcome.__slots__ if name != "dues"]
        return any(getattr(self.before, name) != getattr(self.after, name) for name in names)


@dataclass(slots=True)
class Answer:
    first: datetime
    last: datetime
    cases: int = 0
    events: int = 0
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    before: Tally = field(default_factory=Tally)
    exact: Tally = field(default_factory=Tally)
    """After, of all cases in which nothing was drawn."""
    drawn: list[Tally] = field(default_factory=list)
    """After, of the others: one for each repeat; none if nothing was drawn."""
    changed: list[Changed] = field(default_factory=list)

    def join(self, other: Answer) -> None:
        self.cases += other.cases
        self.events += other.events
        self.unreadable += other.unreadable
        self.before.join(other.before)
        self.exact.join(other.exact)
        self.changed += other.changed
        self._join_drawn(other.drawn)

    def _join_drawn(self, others: Sequence[Tally]) -> None:
        self.drawn += [Tally() for _ in range(len(others) - len(self.drawn))]
        for mine, theirs in zip(self.drawn, others, strict=False):
            mine.join(theirs)

    def after(self) -> list[Tally]:
        """The sums for each repeat; one where nothing was drawn."""
        found = []
        for drawn in self.drawn or [Tally()]:
            whole = Tally()
            whole.join(self.exact)
            whole.join(drawn)
            found.append(whole)
        return found


Waiting = list[CaseFold]
"""Cases in which something has to be drawn."""


def ask(log: Path, question: Question, jobs: int = 1) -> Answer:
    """Decide a log again. Raises `NoLog` for a file that is none."""
    first, last = span_of(log)
    answer = Answer(first, last)
    work = partial(_first_pass, question, first, last)
    waiting: Waiting = []
    for part, drawn in over_partitions(work, log, question.partitions, jobs):
        answer.join(part)
        waiting += drawn
    if waiting:
        _draw(log, question, answer, waiting, jobs)
    answer.changed.sort(key=lambda changed: changed.case)
    return answer


def _setting(question: Question, first: datetime, last: datetime, habits: Habits) -> Setting:
    low = question.reference.settings.low_stars
    rules = Rulebooks([question.reference])
    return Setting(rules, habits, window(first, last, low), question.seed)


# ── first pass ───────────────────────────────────────────────────────────────────────────────


def _first_pass(
    question: Question, first: datetime, last: datetime, log: Path, mine: Sequence[int]
) -> tuple[Answer, Waiting]:
    setting = _setting(question, first, last, Habits())
    part, waiting, same = Answer(first, last), Waiting(), Tally()
    for case in folded_cases(log, mine, question.partitions, part):
        before = as_logged(case, setting.span)
        found = first_difference(case, setting)
        if found is None:
            _add(same, before, setting)
            continue
        _add(part.before, before, setting)
        after = live_again(case, setting, 0)
        if "drawn" in after.marks:
            waiting.append(case)
        else:
            _add(part.exact, after, setting)
            part.changed.append(_changed(case, str(found), before, after))
    part.before.join(same)
    part.exact.join(same)
    return part, waiting


def _add(tally: Tally, lived: Lived, setting: Setting) -> None:
    tally.add(lived.facts, lived.events, lived.outcome, setting.span)


def _changed(case: CaseFold, first: str, before: Lived, after: Lived) -> Changed:
    facts = after.facts
    return Changed(
        case.id, facts.category, facts.area, first, before.outcome, after.outcome, after.marks
    )


# ── what is drawn ────────────────────────────────────────────────────────────────────────────


def _draw(log: Path, question: Question, answer: Answer, waiting: Waiting, jobs: int) -> None:
    habits = Habits()
    work = partial(_habits, question.partitions, answer.last)
    for part in over_partitions(work, log, question.partitions, jobs):
        habits.join(part)
    setting = _setting(question, answer.first, answer.last, habits)
    waiting.sort(key=lambda case: case.id)
    shares = [range(first, len(waiting), jobs) for first in range(min(jobs, len(waiting)))]
    for drawn in over(partial(_lived, setting, question.repeats, waiting), shares):
        answer.join(drawn)


def _habits(partitions: int, last: datetime, log: Path, mine: Sequence[int]) -> Habits:
    habits = Habits()
    for case in folded_cases(log, mine, partitions):
        learn(habits, case, last)
    return habits


def _lived(
    setting: Setting, repeats: int, waiting: Sequence[CaseFold], mine: Sequence[int]
) -> Answer:
    part = Answer(setting.span.start, setting.end, drawn=[Tally() for _ in range(repeats)])
    for place in mine:
        case = waiting[place]
        ways = [live_again(case, setting, repeat) for repeat in range(repeats)]
        for tally, way in zip(part.drawn, ways, strict=True):
            _add(tally, way, setting)
        found = first_difference(case, setting)
        before = as_logged(case, setting.span)
        part.changed.append(_changed(case, str(found), before, ways[0]))
    return part
