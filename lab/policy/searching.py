"""A search for rules that meet a goal.

    early half ─► longer limits, until what-if says that enough is on time
               ─► one step at a time, kept where what-if says so: a shorter limit under which nobody
                  would have been late, another lead, another starting level
    late half  ─► before and after each step that was kept, by what-if: does it hold there?

The rule to remember: **what-if is the judge**, and nothing is chosen by what the held-back half says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Literal

from lab.policy.editing import Change
from lab.policy.halves import halves
from lab.policy.judging import Figures, Goal, Trial
from lab.policy.leads import other_leads
from lab.policy.limits import longer_limits, shorter_limits
from lab.policy.spans import Seen, seen
from lab.replay.reading import span_of
from schemas.reference import Level, Reference
from services.rating.measures import Words
from services.sla.deadlines import work_calendar

ROUNDS = 4
"""How often limits are made longer still, where what-if finds less on time than was estimated."""
UP = {Level.VILLAGE: Level.TOWN, Level.TOWN: Level.COUNTY}
What = Literal["limit", "lead", "level"]


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the files, from what it says to what it would say."""

    what: What
    row: str
    was: str
    becomes: str
    why: Words

    def on(self, change: Change) -> Change:
        match self.what:
            case "limit":
                return replace(change, limits={**change.limits, self.row: self.becomes})
            case "lead":
                return replace(change, leads={**change.leads, self.row: self.becomes})
            case "level":
                return replace(change, levels={**change.levels, self.row: Level(self.becomes)})


@dataclass(frozen=True, slots=True)
class Tried:
    """A step, after all that were kept before it. `late`: what the held-back half says of it; None
    where it was not kept."""

    step: Step
    early: Figures
    kept: bool
    late: Figures | None = None


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
    longer: Figures
    """What the held-back half says of the longer limits alone, from which the steps start."""

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
        tried, longer = list[Tried](), change
        for step in _steps(one, change, known):
            figures = one.figures(step.on(change))
            kept = _is_kept(step, figures, after, goal)
            tried.append(Tried(step, figures, kept))
            if kept:
                change, after = step.on(change), figures
        held = other.figures(Change())
        started = other.figures(longer) if longer else held
        checked = _held_back(other, longer, tried)
    final = next((each.late for each in reversed(checked) if each.late), started)
    today = _today(reference, change)
    return Found(at, change, today, checked, (before, after), (held, final), started)


def _steps(trial: Trial, change: Change, known: Seen) -> Iterator[Step]:
    most = trial.goal.tries
    kinds = (_shorter(trial, change, known), _elsewhere(trial, known), _higher(trial, known))
    return chain.from_iterable(steps[:most] for steps in kinds)


def _is_kept(step: Step, figures: Figures, best: Figures, goal: Goal) -> bool:
    """A shorter limit is a gain in itself, where nothing else is worse; others must be better."""
    if step.what == "limit":
        return figures.late <= best.late and figures.score(goal) <= best.score(goal)
    return figures.score(goal) < best.score(goal)


def _held_back(trial: Trial, change: Change, tried: list[Tried]) -> tuple[Tried, ...]:
    """What the late half says of each step that was kept."""
    checked: list[Tried] = []
    for each in tried:
        if each.kept:
            change = each.step.on(change)
            each = replace(each, late=trial.figures(change))
        checked.append(each)
    return tuple(checked)


def _today(reference: Reference, change: Change) -> Change:
    rules = reference.rules
    return Change(
        {r.id: r.resolve for r in reference.deadlines if r.id in change.limits and r.resolve},
        {rule.id: rule.level for rule in rules if rule.id in change.levels},
        {rule.id: rule.ladder[rule.level] for rule in rules if rule.id in change.leads},
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


def _shorter(trial: Trial, change: Change, known: Seen) -> list[Step]:
    """Of the limits that need not be longer; those first under which most wait the least longer."""
    calendar = work_calendar(trial.rules)
    return [
        Step("limit", each.row, each.today, each.limit, _all_in_time(each.held))
        for each in shorter_limits(known, calendar, trial.goal.at_least)
        if each.row not in change.limits
    ]


def _all_in_time(held: int) -> Words:
    return Words(
        f"{held:,} 件中无一因此超期", f"of {held:,} that it was set for, none more would be late"
    )


# ── who has it, and where it starts ──────────────────────────────────────────────────────────


def _elsewhere(trial: Trial, known: Seen) -> list[Step]:
    """With who did such work before and was more often in time."""
    return [
        Step("lead", each.rule, each.now, each.other, each.why)
        for each in other_leads(trial.rules, known)
    ]


def _higher(trial: Trial, known: Seen) -> list[Step]:
    """Start where the case ends anyway: the rules first whose cases move most."""
    rules = {
        rule.id: rule
        for rule in trial.reference.rules
        if known.left[rule.id] and rule.level in UP and UP[rule.level] in rule.ladder
    }
    often = sorted(rules, key=lambda rule: (-known.left[rule], rule))
    return [
        Step("level", name, rules[name].level, UP[rules[name].level], _moved(known, name))
        for name in often
    ]


def _moved(known: Seen, rule: str) -> Words:
    left, placed = known.left[rule], known.placed[rule]
    return Words(
        f"{placed:,} 件中 {left:,} 件升级或退回",
        f"{left:,} of {placed:,} climbed or came back",
    )
