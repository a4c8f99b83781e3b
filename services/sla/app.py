"""SLA on Kafka: `case.events` in and out. It has no doors: only the log and time move it."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from schemas.lifecycle import ACTIVE, HELD
from schemas.reference import DeadlineKind
from services.shell import metrics
from services.shell.runtime import Beside, Pages, Runtime, Service
from services.sla.coverage import covered_until
from services.sla.domain import DECIDER
from services.sla.state import State

logger = logging.getLogger(__name__)


def parts(runtime: Runtime[Any]) -> tuple[Pages, Beside]:
    """The gauges of overdue and supervised cases, how late the earliest timer is, and which
    deadlines wait for holidays to be announced."""
    warned: set[str] = set()

    async def gauges() -> None:
        now = runtime.step.ticked or datetime.now(UTC)
        late: Counter[tuple[str, str]] = Counter()
        unsure: Counter[str] = Counter()
        supervised = 0
        for state in runtime.states():
            supervised += state.supervised and state.standing.status in ACTIVE
            if state.standing.status in ACTIVE:
                unsure.update(provisional_years(state))
            clock = state.clock(DeadlineKind.RESOLVE)
            if (
                state.standing.status in HELD
                and state.holder
                and clock
                and clock.deadline.due < now
            ):
                late[state.holder.department, str(state.holder.level)] += 1
        metrics.SUPERVISED.set(supervised)
        metrics.set_all(metrics.OVERDUE_CASES, late)
        metrics.PROVISIONAL.clear()
        for year, number in unsure.items():
            metrics.PROVISIONAL.labels(year).set(number)
            if year not in warned:
                logger.warning(
                    "%d deadlines lie in %s, whose public holidays are not known: they are "
                    "provisional; renew chinesecalendar, or list the days in calendar.yaml",
                    number,
                    year,
                )
        warned.update(unsure)
        timers = [desk.next_due() for desk in runtime.step.desks.values()]
        lags = [(now - at).total_seconds() for at in timers if at is not None]
        calendars = runtime.tools.rulebooks.at(now).reference.calendars
        metrics.CALENDAR_UNTIL.set(covered_until(calendars, now).timestamp())
        metrics.TIMER_LAG.labels("sla").set(max([0.0, *lags]))

    metrics.expect_escalations()
    return (), [runtime.every(5, gauges)]


def provisional_years(state: State) -> list[str]:
    """The years of the deadlines that the calendar could only guess."""
    return [str(c.deadline.due.year) for c in state.clocks if c.deadline.provisional]


SERVICE: Service[State] = Service(DECIDER, parts=parts)
