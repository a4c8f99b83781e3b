"""``python -m benchmarks.scaling [SERVICE] [CASES]``: one, two and four instances of a service.

    log filled with cases ─► the instances, each with its partitions, held meanwhile and then released
                          ─► all answered and read back

On one machine, beside broker and database: what instances gain ends where its processors do. So the
processor time of a record is told as well: if that stays, more machines carry more.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from time import perf_counter

import uvloop

from benchmarks.cases import OWN_ANSWERS, histories
from benchmarks.processes import Served, cpu, until
from benchmarks.site import Site, county, site
from benchmarks.throughput import WARM_UP
from benchmarks.traffic import traffic
from schemas.topics import CASE_EVENTS, KEYED_PARTITIONS

INSTANCES = (1, 2, 4)
ROUNDS = 3


class Group:
    """The instances of a service."""

    def __init__(self, members: list[Served], log: str) -> None:
        self.members = members
        self.log = log

    async def shares(self) -> list[int]:
        """How many partitions each owns."""
        return [len((await each.reads(self.log))[1]) for each in self.members]

    async def is_even(self) -> bool:
        """All are ready, and the partitions dealt out evenly."""
        ready = [await each.is_ready() for each in self.members]
        each = KEYED_PARTITIONS // len(self.members)
        return all(ready) and await self.shares() == [each] * len(self.members)

    async def has_read(self, end: int) -> bool:
        found = [await each.reads(self.log) for each in self.members]
        read = sum(sum(positions.values()) for _, positions in found)
        return not any(unanswered for unanswered, _ in found) and read >= end


async def measure(here: Site, service: str, instances: int, cases: int) -> dict[str, float]:
    """Records read a second, and processor seconds for 100,000."""
    given = len(histories(service, 0, 1, datetime.now(UTC)))
    each = given + OWN_ANSWERS[service]
    async with AsyncExitStack() as stack:
        settings = await stack.enter_async_context(county(here, "wall"))
        topics = await stack.enter_async_context(traffic(settings))
        log = settings.topic(CASE_EVENTS.name)
        members = []
        for number in range(instances):
            members.append(Served(here, settings, service, instance=f"number-{number}"))
            stack.push_async_callback(asyncio.to_thread, members[-1].stop)
        group = Group(members, log)
        await until(group.is_even, members)

        async def done(cases: int) -> bool:
            return await topics.has(log, cases * each) and await group.has_read(cases * each)

        now = datetime.now(UTC)
        await topics.fill(log, histories(service, 0, WARM_UP, now))
        await until(lambda: done(WARM_UP), members)
        for member in members:
            member.hold()
        await topics.fill(log, histories(service, WARM_UP, cases, now))
        before, began = cpu(here, members), perf_counter()
        for member in members:
            member.release()
        await until(lambda: done(WARM_UP + cases), members)
        seconds, after = perf_counter() - began, cpu(here, members)
    read = cases * each
    used = {name: 1e5 * (after[name] - before[name]) / read for name in after}
    return {"read/s": read / seconds} | used


async def main(service: str, cases: int) -> None:
    print(f"{service}: processor seconds of 100,000 records read, medians of {ROUNDS} rounds")
    print(f"{'instances':>10} {'read/s':>8} {'own':>6} {'broker':>7} {'database':>9}")
    with site() as here:
        rounds: dict[int, list[dict[str, float]]] = {}
        for _ in range(ROUNDS):
            for instances in INSTANCES:
                found = await measure(here, service, instances, cases)
                rounds.setdefault(instances, []).append(found)
    for instances, samples in rounds.items():
        middle = {name: sorted(s[name] for s in samples)[len(samples) // 2] for name in samples[0]}
        print(
            f"{instances:10} {middle['read/s']:8,.0f} {middle['own']:6.2f} "
            f"{middle['broker']:7.2f} {middle['database']:9.2f}"
        )


if __name__ == "__main__":
    service, cases, *_ = [*sys.argv[1:], *("sla", "5000")[len(sys.argv[1:]) :]]
    uvloop.run(main(service, int(cases)))
