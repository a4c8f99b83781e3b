"""(c) From a report to the department's own topic, at a steady rate under the wall clock.

    reports.submitted ─► intake.commands ─► opened ─► assigned ─► assignments.<department>

`HOPS` records, measured here from just before the first is sent until the last is read. The raw
competitor carries the same reports over as many topics, in two processes, as intake and router are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles
from time import perf_counter

from benchmarks.cases import VILLAGE_CODES, lead, report
from benchmarks.processes import PATIENCE, Process, cpu, passing, serving
from benchmarks.results import Sample
from benchmarks.site import Site, chain, county
from benchmarks.traffic import Traffic, traffic
from schemas.topics import ASSIGNMENTS, REPORTS_SUBMITTED, SERVICES

HOPS = 5
PER_SECOND = 100
WARM_UP = 1_000
"""Reports before those that count: the broker compiles itself while it works."""


@dataclass(frozen=True, slots=True)
class Latency:
    site: Site
    seconds: int
    title: str = "c · report to department"

    async def ours(self) -> Sample:
        async with (
            county(self.site, "wall") as settings,
            serving(self.site, settings, *SERVICES) as services,
            traffic(settings) as topics,
        ):
            departments = [lead(number) for number in range(len(VILLAGE_CODES))]
            await topics.follow(*(settings.topic(ASSIGNMENTS.of(code)) for code in departments))
            return await self._steadily(services, topics, settings.topic(REPORTS_SUBMITTED.name))

    async def raw(self) -> Sample:
        async with (
            chain(self.site, HOPS - 1) as (settings, names),
            passing(self.site, settings, names, 2) as processes,
            traffic(settings) as topics,
        ):
            await topics.follow(names[-1])
            return await self._steadily(processes, topics, names[0])

    async def _steadily(self, processes: Sequence[Process], topics: Traffic, target: str) -> Sample:
        await waits(topics, target, range(WARM_UP))
        before = cpu(self.site, processes)
        count = self.seconds * PER_SECOND
        found = await waits(topics, target, range(WARM_UP, WARM_UP + count))
        after = cpu(self.site, processes)
        cuts = quantiles((1e3 * wait for wait in found), n=100)
        busy = {f"cores, {name}": (after[name] - before[name]) / self.seconds for name in after}
        return {"p50 ms": cuts[49], "p99 ms": cuts[98]} | busy


async def waits(topics: Traffic, target: str, numbers: Sequence[int]) -> list[float]:
    """For each report, the seconds until the first record with its case's key is read."""
    sent: dict[str, float] = {}
    listening = asyncio.create_task(_listen(topics, sent, len(numbers)))
    started = perf_counter()
    for position, number in enumerate(numbers):
        await asyncio.sleep(started + position / PER_SECOND - perf_counter())
        key, value = report(number, datetime.now(UTC))
        sent[key] = perf_counter()
        await topics.producer.send(target, value, key=key.encode())
    async with asyncio.timeout(PATIENCE):
        return await listening


async def _listen(topics: Traffic, sent: dict[str, float], cases: int) -> list[float]:
    """Later records of a case, and those of cases before these, are passed over."""
    waited: dict[str, float] = {}
    while len(waited) < cases:
        for records in (await topics.consumer.getmany(timeout_ms=1000)).values():
            now = perf_counter()
            for case in (record.key.decode() for record in records):
                if case in sent:
                    waited.setdefault(case, now - sent[case])
    return list(waited.values())
