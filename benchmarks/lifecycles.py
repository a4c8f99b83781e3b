"""(b) Whole lifecycles a second through all four services, in stream time, many cases at once.

    report ─► opened ─► assigned ─► sign ─► signed ─► resolve ─► resolved ─► rate ─► rated ─► tick ─► closed

Departments and residents are played here: they read the log and answer at once, each case at its
own pace; when all are rated, eight days pass and silence closes them. On a case's way lie `HOPS`
records, each of which is written because the one before was read:

    reports.submitted ─► intake.commands ─► opened ─► assigned
      ─► updates ─► router.commands ─► signed ─► updates ─► router.commands ─► resolved
      ─► ratings.submitted ─► rating.commands ─► rated ─► closed

Not on its way, but in the time: deadlines, notices, four services that each read every event, and
their snapshots. The raw competitor carries the reports over as many topics, in four processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

import orjson

from benchmarks.cases import START, reaction, report
from benchmarks.processes import Process, cpu, passing, serving, until
from benchmarks.results import Sample
from benchmarks.site import Site, chain, county
from benchmarks.traffic import Traffic, traffic
from lab.driver import clock_message
from schemas import envelope
from schemas.topics import CASE_EVENTS, CLOCK, REPORTS_SUBMITTED, SERVICES
from services.shell.settings import Settings

HOPS = 14
WARM_UP = 100
SILENCE = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Lifecycles:
    site: Site
    cases: int
    title: str = "b · all four services"

    async def ours(self) -> Sample:
        async with (
            county(self.site, "stream") as settings,
            serving(self.site, settings, *SERVICES) as services,
            traffic(settings) as topics,
        ):
            await topics.follow(settings.topic(CASE_EVENTS.name))
            await live(settings, topics, 0, WARM_UP, START)
            before, started = cpu(self.site, services), perf_counter()
            await live(settings, topics, WARM_UP, self.cases, START + timedelta(weeks=4))
            return self._sample(perf_counter() - started, before, services)

    async def raw(self) -> Sample:
        async with (
            chain(self.site, HOPS - 1) as (settings, names),
            passing(self.site, settings, names, len(SERVICES)) as processes,
            traffic(settings) as topics,
        ):

            async def through(cases: int) -> None:
                await until(lambda: topics.has(names[-1], cases), processes)

            await topics.fill(names[0], [report(n, START) for n in range(WARM_UP)])
            await through(WARM_UP)
            before, started = cpu(self.site, processes), perf_counter()
            await topics.fill(names[0], [report(n, START) for n in range(self.cases)])
            await through(WARM_UP + self.cases)
            return self._sample(perf_counter() - started, before, processes)

    def _sample(self, seconds: float, before: dict[str, float], used: Sequence[Process]) -> Sample:
        spent = {name: after - before[name] for name, after in cpu(self.site, used).items()}
        each = {f"CPU ms each, {name}": 1e3 * s / self.cases for name, s in spent.items()}
        return {"lifecycles/s": self.cases / seconds} | each


async def live(
    settings: Settings, topics: Traffic, first: int, cases: int, start: datetime
) -> None:
    """So many cases from report to close."""
    reports = [report(number, start) for number in range(first, first + cases)]
    await topics.fill(settings.topic(REPORTS_SUBMITTED.name), reports)
    await _react_until(settings, topics, "case.rated.v1", cases)
    tick = envelope.write(clock_message(start + SILENCE))
    await topics.fill(settings.topic(CLOCK.name), [("clock", tick)])
    await _react_until(settings, topics, "case.closed.v1", cases)


async def _react_until(settings: Settings, topics: Traffic, last: str, cases: int) -> None:
    """Play the departments and the residents until so many events of that type have been read."""
    while cases > 0:
        batch = await topics.consumer.getmany(timeout_ms=100)
        events = [orjson.loads(r.value) for records in batch.values() for r in records]
        cases -= sum(event["type"] == last for event in events)
        answers = [answer for event in events if (answer := reaction(event))]
        futures = [
            await topics.producer.send(settings.topic(topic), value, key=key.encode())
            for topic, (key, value) in answers
        ]
        await asyncio.gather(*futures)
