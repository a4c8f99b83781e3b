"""How good rules are for a goal: what-if on one half of a log, in a few figures.

    half of a log + Change ─► what-if ─► Figures ─► score, by the Goal: less is better

The rule to remember: **the goal comes first**; what is least is asked only among those that miss it by
as much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from lab.policy.editing import Change, changed
from lab.whatif.asking import Question, ask
from lab.whatif.outcomes import Tally
from schemas.reference import Level, Reference
from schemas.rulebook import Rulebook

Least = Literal["escalations", "load"]


@dataclass(frozen=True, slots=True)
class Goal:
    """`on_time` of the cases with a verdict first; then the least of something. A limit may become
    `at_most` times and `at_least` so much of what it is today. `tries` is how many of each kind of
    change are tried: shorter limits, other leads, starting levels."""

    on_time: float = 0.98
    least: Least = "escalations"
    at_most: float = 2.0
    at_least: float = 1.0
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
            f"{answer.cases:,} cases of {days:.0f} days, {len(change.limits)} limits, "
            f"{len(change.leads)} leads and {len(change.levels)} levels changed: "
            f"{found.share or 0:.1%} on time, {found.escalated:,.0f} escalated"
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
