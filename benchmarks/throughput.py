"""(a) Messages a second through one service's step.

    log filled with cases ─► the service, held meanwhile and then released ─► all answered and read back

Counted as *read*: every record that the service reads from the log, the echoes of its own events
included, each once. Counted as *answered*: causes that led to one event, durable on the log and
read back. Snapshots go to MongoDB and offsets are committed all the while.

The raw competitor reads as many records, byte for byte the same, and writes each one on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from benchmarks.cases import OWN_ANSWERS, histories
from benchmarks.processes import Process, cpu, passing, serving, until
from benchmarks.results import Sample
from benchmarks.site import Site, chain, county
from benchmarks.traffic import Traffic, traffic
from schemas.topics import CASE_EVENTS

WARM_UP = 300
"""Cases before those that are timed."""


@dataclass(frozen=True, slots=True)
class Throughput:
    site: Site
    service: str
    cases: int

    @property
    def title(self) -> str:
        return f"a · {self.service}'s step"

    @property
    def given(self) -> int:
        """Events of a case that others wrote."""
        return len(histories(self.service, 0, 1, datetime.now(UTC)))

    async def ours(self) -> Sample:
        answers = OWN_ANSWERS[self.service]
        each = self.given + answers
        async with (
            county(self.site, "wall") as settings,
            serving(self.site, settings, self.service) as (service,),
            traffic(settings) as topics,
        ):
            log = settings.topic(CASE_EVENTS.name)

            async def done(cases: int) -> bool:
                end = cases * each
                return await topics.has(log, end) and await service.has_read(log, end)

            seconds, used = await self._timed(service, topics, log, done)
        figures = {
            "read/s": self.cases * each / seconds,
            "answered/s": self.cases * answers / seconds,
        }
        return figures | _per_read(used, self.cases * each)

    async def raw(self) -> Sample:
        async with (
            chain(self.site, 1) as (settings, (source, target)),
            passing(self.site, settings, [source, target], 1) as (process,),
            traffic(settings) as topics,
        ):

            async def done(cases: int) -> bool:
                return await topics.has(target, cases * self.given)

            seconds, used = await self._timed(process, topics, source, done)
        read = self.cases * self.given
        return {"read/s": read / seconds, "answered/s": read / seconds} | _per_read(used, read)

    async def _timed(
        self,
        process: Process,
        topics: Traffic,
        source: str,
        done: Callable[[int], Awaitable[bool]],
    ) -> tuple[float, dict[str, float]]:
        """Seconds, and processor seconds, from its release until all is done."""
        now = datetime.now(UTC)
        await topics.fill(source, histories(self.service, 0, WARM_UP, now))
        await until(lambda: done(WARM_UP), [process])
        process.hold()
        await topics.fill(source, histories(self.service, WARM_UP, self.cases, now))
        before, started = cpu(self.site, [process]), perf_counter()
        process.release()
        await until(lambda: done(WARM_UP + self.cases), [process])
        seconds, after = perf_counter() - started, cpu(self.site, [process])
        return seconds, {name: after[name] - before[name] for name in after}


def _per_read(used: dict[str, float], read: int) -> Sample:
    return {f"CPU s per 100,000 read, {name}": 1e5 * s / read for name, s in used.items()}
