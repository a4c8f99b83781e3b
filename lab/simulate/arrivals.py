"""What comes in, day by day: reports with kind, place, hour and who sent them.

    rates × month × weekday × holiday × shock ─► how many of each kind ─► reports in the order of time

Counts are Poisson, unless their sum is told beforehand: then it is spread as the rates say.

The rule to remember: a day follows from the seed and its date alone, so a longer simulation begins
like a shorter one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from lab import inputs
from lab.inputs import TimedInput
from lab.simulate.chance import chances
from lab.simulate.habits import Arrivals, Habits, Kind, Shock
from lab.simulate.observing import Observed
from schemas.inputs import Channel, Location, Report, Reporter, ReporterKind
from schemas.rulebook import Rulebook
from services.sla.calendar import WorkCalendar
from services.sla.deadlines import work_calendar

SOURCE = "simulated"
SEASON = 91
"""Days of the three months in which a shock is in season."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """From which local day, how many days; `cases` in all, or as many as the rates give, times
    `scale`."""

    first: date
    days: int
    cases: int | None = None
    scale: float = 1.0


class Coming:
    """The arrivals of one county. `people` is how many residents may report."""

    def __init__(
        self, habits: Habits, rules: Rulebook, seed: int, people: int, name: str = ""
    ) -> None:
        self.arrivals: Arrivals = habits.arrivals
        self.zone = ZoneInfo(habits.zone)
        self.calendar: WorkCalendar = work_calendar(rules)
        self.rules = rules
        self.seed = seed
        self.people = people
        self.name = name
        self._shocks = _Shocks(self.arrivals, seed)
        self._areas = _Choice(_area_weights(self.arrivals, rules))
        self._reporters = _Choice(self.arrivals.reporters)
        self._channels = _Choice(self.arrivals.channels)
        self._services = _Choice(self.arrivals.services)
        self._urgencies = _Choice(self.arrivals.urgencies)
        self._names = {row.code: row.name for row in rules.reference.categories}

    def reports(self, span: Span) -> Iterator[Report]:
        """All reports of the span, in the order of time."""
        days = [span.first + timedelta(days=n) for n in range(span.days)]
        fixed = self._spread(days, span.cases) if span.cases is not None else None
        for n, day in enumerate(days):
            yield from self._day(day, None if fixed is None else int(fixed[n]), span.scale)

    def expected(self, day: date) -> np.ndarray:
        """How many of each kind are to be expected on a day."""
        shock = self._shocks.on(day)
        return np.array([self._rate(kind, day, shock) for kind in self.arrivals.kinds])

    def _spread(self, days: list[date], cases: int) -> np.ndarray:
        rates = np.array([self.expected(day).sum() for day in days])
        weights = rates / rates.sum() if rates.sum() > 0 else np.full(len(days), 1 / len(days))
        return self._generator("spread", days[0]).multinomial(cases, weights)

    def _rate(self, kind: Kind, day: date, shock: dict[str, float]) -> float:
        rate = (
            kind.per_day
            * _month(kind, day.month)
            * (kind.week or self.arrivals.week)[day.weekday()]
        )
        if day.weekday() < 5 and not self.calendar.is_working_day(day):
            rate *= self.arrivals.holiday
        return rate * shock.get(kind.category or "", 1.0)

    def _day(self, day: date, cases: int | None, scale: float) -> Iterator[Report]:
        draw = self._generator("day", day)
        rates = self.expected(day) * scale
        if cases is None:
            counts = draw.poisson(rates)
        else:
            whole = rates.sum()
            even = np.full(len(rates), 1 / len(rates))
            counts = draw.multinomial(cases, rates / whole if whole > 0 else even)
        moments: list[tuple[float, int]] = []
        for place, count in enumerate(counts):
            if count:
                hours = self.arrivals.kinds[place].hours or self.arrivals.hours
                weights = np.array(hours) / sum(hours)
                at = (
                    draw.choice(24, size=int(count), p=weights) * 3600
                    + draw.random(int(count)) * 3600
                )
                moments += [(float(second), place) for second in at]
        moments.sort()
        luck = draw.random((len(moments), 6))
        for n, (second, place) in enumerate(moments):
            yield self._report(day, n, second, self.arrivals.kinds[place], luck[n])

    def _report(self, day: date, n: int, second: float, kind: Kind, luck: np.ndarray) -> Report:
        midnight = datetime.combine(day, time(), self.zone).astimezone(UTC)
        area = self._areas.of(luck[0])
        who = self._reporters.of(luck[1])
        category = kind.category
        return Report(
            report_id=f"{self.name}{self.seed}-{day:%Y%m%d}-{n:05}",
            source=SOURCE,
            submitted_at=midnight + timedelta(seconds=round(second)),
            text=f"{self._names.get(category or '', category or 'a matter')} (simulated)",
            category=category,
            channel=Channel.PATROL
            if who is ReporterKind.GRID_WORKER
            else self._channels.of(luck[2]),
            service=self._services.of(luck[3]),
            urgency=self._urgencies.of(luck[4]),
            location=location_of(area, self.rules),
            reporter=Reporter(kind=who, id=self._reporter(who, area, luck[5])),
        )

    def _reporter(self, who: ReporterKind, area: str, chance: float) -> str:
        """A grid's worker is one person; a resident is one of the county's people."""
        if who is ReporterKind.GRID_WORKER:
            return f"worker of {area}"
        return f"{who.value} {int(chance * self.people)}"

    def _generator(self, what: str, day: date) -> np.random.Generator:
        words = f"{self.name} {what}".encode()
        return np.random.default_rng([self.seed, day.toordinal(), *words])


class _Choice(Generic[T]):
    """One of several, by weight."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.values = list(weights)
        self.bounds = list(accumulate(weights.values()))

    def of(self, chance: float) -> T:
        return self.values[bisect_right(self.bounds, float(chance) * self.bounds[-1])]


class _Shocks:
    """Which days are shocked, and how: spells as the log had them, as often as it had them."""

    def __init__(self, arrivals: Arrivals, seed: int) -> None:
        self.shocks = arrivals.shocks
        self.seed = seed
        self.days = arrivals.days
        self.longest = max((len(shock.days) for shock in arrivals.shocks), default=0)

    def on(self, day: date) -> dict[str, float]:
        """The factors of a day: of the spell that began last and lasts until then."""
        for ago in range(self.longest):
            spell = self._begins(day - timedelta(days=ago))
            if spell is not None and ago < len(spell.days):
                return spell.days[ago]
        return {}

    def _begins(self, day: date) -> Shock | None:
        """Shocks keep to their season: one of this month or a neighbouring one may begin."""
        near = [s for s in self.shocks if abs(s.month - day.month) in (0, 1, 11)]
        first, second, *_ = chances(self.seed, "shock", day)
        if not near or first >= len(near) / max(min(SEASON, self.days), len(near)):
            return None
        return near[int(second * len(near))]


def _month(kind: Kind, month: int) -> float:
    """The month's factor; a month that the log lacks goes like the nearest that it has."""
    if not kind.months:
        return 1.0

    def distance(known: int) -> tuple[int, int]:
        apart = abs(known - month)
        return min(apart, 12 - apart), -known

    return kind.months[min(kind.months, key=distance)]


def _area_weights(arrivals: Arrivals, rules: Rulebook) -> dict[str, float]:
    """Of the areas that these rules know; without any weights, every lowest area alike."""
    known = {code: weight for code, weight in arrivals.areas.items() if rules.area(code)}
    if known:
        return known
    areas = rules.reference.areas
    parents = {area.parent for area in areas}
    return {area.code: 1.0 for area in areas if area.code not in parents}


def location_of(area: str, rules: Rulebook) -> Location:
    """How a report names an area; the county itself need not be named."""
    found = rules.area(area)
    match found.kind if found else "":
        case "grid":
            return Location(grid=area)
        case "village":
            return Location(village=area)
        case "town":
            return Location(town=area)
        case _:
            return Location()


def as_it_came(observed: Observed, rules: Rulebook) -> list[TimedInput]:
    """The reports of a log again, in the order of time, without their words."""
    states = [state for state in observed.cases.items() if state[1].opened_at is not None]
    found = (
        Report(
            report_id=case,
            source=SOURCE,
            submitted_at=state.opened_at,
            text="as it came",
            category=state.category,
            service=state.service,
            urgency=state.urgency,
            location=location_of(state.area, rules),
            reporter=Reporter(kind=state.reporter_kind or ReporterKind.RESIDENT, id=case),
        )
        for case, state in states
    )
    return sorted(map(inputs.report, found), key=lambda item: item.at)
