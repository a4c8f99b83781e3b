"""A county lived through on a platform: through its topics, at a chosen speed.

    habits + seed ─► reports ─► driver ─► doors ─► four services ─► log ─► parties ─► driver …

The same people with the same luck as in process. The rule to remember: **a case's own story is in
order, and so is every day**: within a day the driver takes all cases a step at a time, so where a
department's queue binds, who stands before whom may differ from a run in process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from lab.driver import Driver
from lab.simulate.county import Plan, reports
from lab.simulate.habits import Habits
from lab.simulate.parties import CountyParties
from schemas.envelope import Message
from schemas.rulebook import Rulebook
from services.shell.settings import Settings

A_DAY = timedelta(days=1)
SOONEST = timedelta(minutes=1)
"""No party reacts sooner than this to what time brings about."""


async def publish(
    plan: Plan,
    habits: Habits,
    rules: Rulebook,
    platform: tuple[Settings, dict[str, str]],
    see: Callable[[Message[Any]], None],
    speed: float | None = None,
) -> None:
    """Live through the plan on the platform, at most so many simulated seconds in a second; None: as
    fast as it goes. `see` is told of every event that the log accepted. Raises `NotQuiet`."""
    parties = CountyParties(habits, rules, plan.seed, plan.extra)
    coming, until = list(reports(plan, habits, rules)), plan.end(rules.zone)
    first = min((item.at for item in coming), default=until)
    pace = Pace(first, speed)
    async with Driver(
        *platform, parties, on_event=see, react_after=SOONEST, stride=A_DAY, zone=rules.zone
    ) as driver:
        driver.add(coming)
        now = first
        while now < until:
            now = min(now + pace.step, until)
            await driver.run(now)
            await pace.wait(now)


class Pace:
    """Simulated time against true time."""

    def __init__(self, first: datetime, speed: float | None) -> None:
        self.first = first
        self.speed = speed
        self.step = A_DAY if speed is None else min(A_DAY, timedelta(seconds=max(speed, 60.0)))
        self._began = monotonic()

    def left(self, now: datetime) -> float:
        """Seconds until it should be `now`."""
        if self.speed is None:
            return 0.0
        due = (now - self.first).total_seconds() / self.speed
        return max(due - (monotonic() - self._began), 0.0)

    async def wait(self, now: datetime) -> None:
        await asyncio.sleep(self.left(now))
