"""SLA on Kafka: `case.events` in and out. It has no doors: only the log and time move it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

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
        late, unsure, supervised = counted(await runtime.finding.count())
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


def counted(labels: Mapping[str, int]) -> tuple[Counter[tuple[str, str]], Counter[str], int]:
    """How many cases are overdue, by department and level; how many deadlines are provisional, by
    year; and how many cases are supervised. See `services.sla.labels`."""
    late: Counter[tuple[str, str]] = Counter()
    unsure: Counter[str] = Counter()
    for label, number in labels.items():
        match label.split("/"):
            case ["overdue", department, level]:
                late[department, level] = number
            case ["provisional", year]:
                unsure[year] = number
    return late, unsure, labels.get("supervised", 0)


SERVICE: Service[State] = Service(DECIDER, parts=parts, gathers_ms=40, on_demand=True)
