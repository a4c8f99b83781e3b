"""How many more hands would it take? The least extra capacity for a share in time.

    reports of a seed ─► routed once ─► each department's cases ─► with e more hands: in time?
                                                     search for the least e, for each seed

A quarter more hands (0.25) means: a case takes 1/1.25 of the time that it took, and the queue ends
1.25 times as many in a day. Only first assignments are counted: what comes back or climbs is the
business of `gridcase simulate`, which takes the same extra hands.

The rule to remember: **the same luck for every e**: a case that is in time stays so with more hands,
so the search is a bisection, and what differs between seeds is chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from lab.deciding import decide
from lab.replay.running import dealt
from lab.simulate.county import Plan, reports
from lab.simulate.habits import Habits, Handling
from lab.simulate.luck import course
from lab.simulate.queue import Desk
from schemas.inputs import Report
from schemas.reference import DeadlineKind, Level
from schemas.rulebook import Rulebook
from services.sla.deadlines import work_calendar

MOST = 4.0
"""Five times the hands: what that does not mend is not a matter of hands."""
STEP = 0.01


@dataclass(frozen=True, slots=True)
class Job:
    """A case as its department first gets it."""

    case: str
    at: datetime
    due: datetime
    habit: Handling


@dataclass(slots=True)
class Need:
    """One department over all seeds. An `extra` of None: not within `MOST`."""

    department: str
    per_day: float | None
    cases: list[int] = field(default_factory=list)
    now: list[float] = field(default_factory=list)
    """Share in time with the hands that there are."""
    extra: list[float | None] = field(default_factory=list)

    def join(self, other: Need) -> None:
        """The same department's need in further seeds."""
        self.cases += other.cases
        self.now += other.now
        self.extra += other.extra

    def extra_interval(self) -> tuple[float | None, float | None, float | None]:
        """The least, the middle and the most over the seeds; None is more than all."""
        ordered = sorted(self.extra, key=lambda each: (each is None, each or 0.0))
        return ordered[0], ordered[len(ordered) // 2], ordered[-1]


def staff(
    plans: Sequence[Plan],
    habits: Habits,
    rules: Rulebook,
    target: float,
    at_least: int,
    jobs: int = 1,
) -> list[Need]:
    """What every department with so many cases in a plan needs, over all plans; most cases first.
    Plans share nothing: over so many processes as there are `jobs`."""
    work = partial(_needs, plans, habits, rules, target, at_least)
    needs: dict[str, Need] = {}
    for found in dealt(work, len(plans), jobs):
        for need in found:
            needs.setdefault(need.department, Need(need.department, need.per_day)).join(need)
    return sorted(needs.values(), key=lambda need: (-sum(need.cases), need.department))


def _needs(
    plans: Sequence[Plan],
    habits: Habits,
    rules: Rulebook,
    target: float,
    at_least: int,
    mine: Sequence[int],
) -> list[list[Need]]:
    """Of some of the plans, what each department needs."""
    found = []
    for plan in (plans[place] for place in mine):
        needs = []
        for department, jobs in sorted(jobs_of(plan, habits, rules).items()):
            if len(jobs) >= at_least:
                bench = Bench(department, jobs, plan.seed, habits, rules)
                now, extra = bench.share(0.0), least(bench, target)
                needs.append(Need(department, bench.per_day, [len(jobs)], [now], [extra]))
        found.append(needs)
    return found


def least(bench: Bench, target: float) -> float | None:
    """The least extra, in hundredths, with which so large a share is in time; None: none is."""
    low, high = 0, round(MOST / STEP)
    if bench.share(MOST) < target:
        return None
    while low < high:
        middle = (low + high) // 2
        if bench.share(middle * STEP) >= target:
            high = middle
        else:
            low = middle + 1
    return round(low * STEP, 2)


class Bench:
    """One department's cases of one seed, to be worked through with more or fewer hands."""

    def __init__(
        self, department: str, jobs: list[Job], seed: int, habits: Habits, rules: Rulebook
    ) -> None:
        unit = rules.department(department)
        self.jobs = jobs
        self.seed = seed
        self.calendar = work_calendar(rules)
        self.per_day = habits.capacity_of(department, unit.level if unit else Level.COUNTY)
        self.final = not rules.reference.return_reasons

    def share(self, extra: float) -> float:
        """In time, of those that were due; what was returned is nobody's."""
        pace = 1.0 + extra
        desk = Desk(self.per_day * pace if self.per_day else None)
        due = kept = 0
        for job in self.jobs:
            luck = (self.seed, job.case, 1, "handle")
            does = course(job.habit, job.at, luck, self.calendar, pace=pace, final=self.final)
            through = desk.through(job.at)
            if does.returned is not None:
                continue
            due += 1
            kept += does.resolved is not None and max(does.resolved, through) <= job.due
        return kept / due if due else 1.0


def jobs_of(plan: Plan, habits: Habits, rules: Rulebook) -> dict[str, list[Job]]:
    """Each department's cases that have a limit, in the order of time."""
    found: dict[str, list[Job]] = defaultdict(list)
    for case, at, report, department in _routed(plan, habits, rules):
        unit = rules.department(department)
        limits = rules.deadlines(
            report.service,
            report.category,
            report.urgency,  # type: ignore[arg-type]
            unit.level if unit else None,
            at=at,
        )
        limit = limits.get(DeadlineKind.RESOLVE)
        if limit is not None:
            due = work_calendar(rules).add(at, limit.duration)
            habit = habits.handling_of(department, report.category)
            found[department].append(Job(case, at, due, habit))
    return found


def _routed(
    plan: Plan, habits: Habits, rules: Rulebook
) -> Iterator[tuple[str, datetime, Report, str]]:
    """Where reports go; matters that are alike and of one place go to the same department."""
    known: dict[tuple[object, ...], str | None] = {}
    for item in reports(plan, habits, rules):
        report = item.data
        assert isinstance(report, Report)
        place = report.location
        alike = (
            report.category,
            report.service,
            report.urgency,
            place.grid,
            place.village,
            place.town,
        )
        if alike not in known:
            known[alike] = decide(report, rules).department
        department = known[alike]
        if department is not None:
            yield item.case, item.at, report, department


def extras(needs: Iterable[Need]) -> dict[str, float]:
    """The middle of each department's need, for a simulation with so many more hands."""
    return {need.department: middle for need in needs if (middle := need.extra_interval()[1])}
