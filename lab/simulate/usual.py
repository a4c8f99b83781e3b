"""Habits for a county that has no log yet: plain ones, made up, so that there is something to watch.

    reference data + people ─► every kind of matter alike, mostly in time, mostly content

The rule to remember: **nothing here was measured**. It is for trying out rules, pages and machines;
for figures that mean something, fit a log (`gridcase fit`).
"""

from __future__ import annotations

from lab.simulate.habits import (
    Arrivals,
    Capacity,
    Habits,
    Handling,
    Kind,
    Origin,
    Ratings,
    Returns,
    Shock,
    Times,
    Triage,
)
from schemas.inputs import Channel, ReporterKind
from schemas.reference import Level, Service, Urgency
from schemas.rulebook import Rulebook

A_YEAR = 0.3
"""Reports a year for each inhabitant."""
WEEK = (1.25, 1.2, 1.15, 1.1, 1.1, 0.6, 0.6)
HOURS = (
    0.004, 0.003, 0.002, 0.002, 0.003, 0.008, 0.025, 0.05, 0.085, 0.1, 0.095, 0.08,
    0.045, 0.05, 0.08, 0.09, 0.08, 0.06, 0.045, 0.035, 0.025, 0.015, 0.011, 0.007,
)  # fmt: skip
RESOLVE = tuple(round(0.2 * 1.045**n, 2) for n in range(100))
"""Working hours: half are done after 2, nineteen in twenty after 13."""
PER_DAY = {Level.VILLAGE: 10.0, Level.TOWN: 40.0, Level.COUNTY: 120.0}


def usual(rules: Rulebook, people: int) -> Habits:
    """Habits for a county of so many people. ValueError where it has no categories."""
    parents = {row.parent for row in rules.reference.categories}
    leaves = [row.code for row in rules.reference.categories if row.code not in parents]
    if not leaves:
        raise ValueError("the reference data has no categories: there is nothing to report")
    each = round(A_YEAR * people / 365 / len(leaves), 4)
    return Habits(
        origin=Origin(log="nothing: plain habits, made up"),
        zone=rules.zone.key,
        arrivals=Arrivals(
            kinds=tuple(Kind(category=code, per_day=each) for code in leaves),
            week=WEEK,
            hours=HOURS,
            holiday=0.5,
            shocks=_storms(leaves),
            reporters={ReporterKind.RESIDENT: 0.6, ReporterKind.GRID_WORKER: 0.4},
            channels={Channel.TEXT: 0.6, Channel.VOICE: 0.2, Channel.PHOTO: 0.2},
            services={Service.SENTIMENT: 1.0},
            urgencies={Urgency.NORMAL: 0.93, Urgency.URGENT: 0.06, Urgency.EMERGENCY: 0.01},
        ),
        handling=(_handling(rules),),
        capacity=tuple(Capacity(level=level, per_day=n) for level, n in PER_DAY.items()),
        ratings=(Ratings(rated=0.3, stars=(0.01, 0.01, 0.03, 0.15, 0.8), hours=_even(1.0, 48.0)),),
        triage=Triage(hours=_even(0.2, 4.0)),
    )


def _handling(rules: Rulebook) -> Handling:
    reasons = rules.reference.return_reasons
    returns = Returns()
    if reasons:
        share = round(1 / len(reasons), 4)
        why = {row.code: share for row in reasons}
        returns = Returns(share=0.03, hours=_even(0.2, 4.0), reasons=why)
    return Handling(
        resolve=Times(working=True, hours=RESOLVE),
        returns=returns,
        signs=0.9,
        signing=_even(0.05, 1.5),
        answers=0.8,
    )


def _even(first: float, last: float) -> Times:
    """Any time between the two as likely as any other, in working hours."""
    return Times(working=True, hours=(first, last), steps=2)


def _storms(leaves: list[str]) -> tuple[Shock, ...]:
    """A summer's rain and a winter's frost: two or three days, one kind in twelve."""
    rain = dict.fromkeys(leaves[::12], 6.0)
    frost = dict.fromkeys(leaves[5::12], 4.0)
    half = {kind: factor / 2 for kind, factor in rain.items()}
    return (Shock(month=7, days=(rain, rain, half)), Shock(month=1, days=(frost, frost)))
