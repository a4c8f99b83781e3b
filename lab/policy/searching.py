"""A search for rules that meet a goal.

    early half ─► longer limits, until what-if says that enough is on time
               ─► one other starting level at a time, kept where what-if says that it is better
    late half  ─► before and after, by what-if: does it hold there?

The rule to remember: **what-if is the judge**, and of the held-back half it is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from lab.policy.editing import Change, changed
from lab.policy.halves import halves
from lab.policy.limits import longer_limits
from lab.policy.spans import Seen, seen
from lab.replay.reading import span_of
from lab.whatif.asking import Question, ask
from lab.whatif.outcomes import Tally
from schemas.reference import Level, Reference
from schemas.rulebook import Rulebook
from services.rating.measures import Words
from services.sla.deadlines import work_calendar

Least = Literal["escalations", "load"]
ROUNDS = 4
"""How often limits are made longer still, where what-if finds less on time than was estimated."""
UP = {Level.VILLAGE: Level.TOWN, Level.TOWN: Level.COUNTY}


@dataclass(frozen=True, slots=True)
class Goal:
    """`on_time` of the cases with a verdict first; then the least of something. `at_most` is how many
    times as long as today a limit may become; `tries` how many starting levels are tried."""

    on_time: float = 0.98
    least: Least = "escalations"
    at_most: float = 2.0
    tries: int = 4
    repeats: int = 5
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one half under one set of rules; means over the repeats where something was drawn."""

    cases: int
    on_time: float
    late: float
    escalated: float
    unequal: float
    """How unequally departments of one level are loaded: Gini's coefficient, 0 (all alike) to 1,
    the mean over the levels by their load."""

    @property
    def share(self) -> float | None:
        judged = self.on_time + self.late
        return self.on_time / judged if judged else None

    def score(self, goal: Goal) -> tuple[float, float]:
        """Less is better."""
        missing = max(goal.on_time - (1.0 if self.share is None else self.share), 0.0)
        return round(missing, 4), self.escalated if goal.least == "escalations" else self.unequal


@dataclass(frozen=True, slots=True)
class Tried:
    """A starting level that was tried on the early half."""

    rule: str
    level: Level
    left: int
    """How many of those that it `placed` climbed or came back."""
    placed: int
    figures: Figures
    kept: bool

    @property
    def why(self) -> Words:
        return Words(
            f"{self.placed:,} 件中 {self.left:,} 件升级或退回",
            f"{self.left:,} of {self.placed:,} climbed or came back",
        )


@dataclass(frozen=True, slots=True)
class Found:
    at: datetime
    """From then on is held back."""
    change: Change
    today: Change
    """What the change replaces."""
    tried: tuple[Tried, ...]
    early: tuple[Figures, Figures]
    """Before and after."""
    late: tuple[Figures, Figures]

    def holds(self, goal: Goal) -> bool:
        """On what was held back: the goal is met, or nothing is worse and something is better."""
        before, after = (figures.score(goal) for figures in self.late)
        return after[0] == 0.0 or after <= before


def search(
    log: Path,
    reference: Reference,
    goal: Goal,
    at: datetime | None = None,
    jobs: int = 1,
    say: Callable[[str], None] = lambda _text: None,
) -> Found:
    """Raises `NoLog` for a file that is no log, and for a half without events."""
    first, last = span_of(log)
    at = at or first + (last - first) * 2 / 3
    with halves(log, at) as (early, late):
        one, other = (Trial(half, reference, goal, jobs, say) for half in (early, late))
        known, before = seen(early, jobs), one.figures(Change())
        change, after = _longer(one, before, known)
        change, after, tried = _elsewhere(one, change, after, known)
        told = other.figures(Change()), other.figures(change)
    return Found(at, change, _today(reference, change), tried, (before, after), told)


class Trial:
    """What-if on one half."""

    def __init__(
        self, log: Path, reference: Reference, goal: Goal, jobs: int, say: Callable[[str], None]
    ) -> None:
        self.log, self.reference, self.goal, self.jobs, self.say = log, reference, goal, jobs, say
        self.rules = Rulebook(reference)

    def figures(self, change: Change) -> Figures:
        version = self.reference.manifest.version
        rules = changed(self.reference, change, version)
        question = Question(rules, self.goal.seed, self.goal.repeats)
        answer = ask(self.log, question, self.jobs)
        days = (answer.last - answer.first) / timedelta(days=1)
        found = _mean([self._of(tally, answer.cases) for tally in answer.after()])
        self.say(
            f"{answer.cases:,} cases of {days:.0f} days, {len(change.limits)} limits and "
            f"{len(change.levels)} levels changed: {found.share or 0:.1%} on time, "
            f"{found.escalated:,.0f} escalated"
        )
        return found

    def _of(self, tally: Tally, cases: int) -> Figures:
        county = tally.county
        return Figures(
            cases, county["on_time"], county["late"], county["escalated"], self._unequal(tally)
        )

    def _unequal(self, tally: Tally) -> float:
        levels: dict[Level, list[float]] = {}
        for code, days in tally.load.items():
            if unit := self.rules.department(code):
                levels.setdefault(unit.level, []).append(days)
        whole = sum(map(sum, levels.values()))
        return sum(gini(loads) * sum(loads) for loads in levels.values()) / whole if whole else 0.0


def gini(loads: list[float]) -> float:
    """Gini's coefficient: half the mean difference between two, over the mean."""
    ordered, whole = sorted(loads), sum(loads)
    if not whole:
        return 0.0
    ranked = sum(place * load for place, load in enumerate(ordered, 1))
    return 2 * ranked / (len(ordered) * whole) - (len(ordered) + 1) / len(ordered)


def _mean(each: list[Figures]) -> Figures:
    def mean(of: Callable[[Figures], float]) -> float:
        return sum(map(of, each)) / len(each)

    return Figures(
        each[0].cases,
        mean(lambda figures: figures.on_time),
        mean(lambda figures: figures.late),
        mean(lambda figures: figures.escalated),
        mean(lambda figures: figures.unequal),
    )


# ── limits ───────────────────────────────────────────────────────────────────────────────────


def _longer(trial: Trial, now: Figures, known: Seen) -> tuple[Change, Figures]:
    """Longer limits, by what holdings took; longer still while what-if finds too little on time."""
    goal, calendar = trial.goal, work_calendar(trial.rules)
    change, share = Change(), goal.on_time
    for _ in range(ROUNDS):
        missing = now.score(goal)[0]
        if not missing:
            break
        share = min(share + (missing if change else 0.0), 1.0)
        limits = longer_limits(known.spans, calendar, share, goal.at_most)
        if limits == change.limits:
            break
        change = Change(limits)
        now = trial.figures(change)
    return change, now


# ── starting levels ──────────────────────────────────────────────────────────────────────────


def _elsewhere(
    trial: Trial, change: Change, best: Figures, known: Seen
) -> tuple[Change, Figures, tuple[Tried, ...]]:
    """Start where the case ends anyway: a level at a time, the rules first whose cases move most."""
    tried: list[Tried] = []
    for rule, level in _candidates(trial, known):
        proposed = change.starting(rule, level)
        figures = trial.figures(proposed)
        kept = figures.score(trial.goal) < best.score(trial.goal)
        tried.append(Tried(rule, level, known.left[rule], known.placed[rule], figures, kept))
        if kept:
            change, best = proposed, figures
    return change, best, tuple(tried)


def _candidates(trial: Trial, known: Seen) -> Iterator[tuple[str, Level]]:
    ups = {
        rule.id: UP[rule.level]
        for rule in trial.reference.rules
        if known.left[rule.id] and rule.level in UP and UP[rule.level] in rule.ladder
    }
    often = sorted(ups, key=lambda rule: (-known.left[rule], rule))
    for rule in often[: trial.goal.tries]:
        yield rule, ups[rule]


def _today(reference: Reference, change: Change) -> Change:
    return Change(
        {
            row.id: row.resolve
            for row in reference.deadlines
            if row.id in change.limits and row.resolve
        },
        {rule.id: rule.level for rule in reference.rules if rule.id in change.levels},
    )
