"""``python -m benchmarks --gate [--write]``: has a service's step become dearer beside the raw competitor?

    rounds of ours and raw, in turn ─► processor time a record, of the cheapest round of each
                                   ─► their ratio against `gate.json`; it may fall by 15 %

The rule to remember: **no clock is asked**. A busy machine makes everything slower, and hardly
anything dearer: what is compared is the processor time of our process to that of the raw process,
over records of the same bytes, in the same minute. So that its snapshots do not depend on the clock
either, the events of a case lie close together, and each case is written about once; a round ends
when all is saved and committed. What else disturbs only adds, so the cheapest round counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console

from benchmarks.cases import OWN_ANSWERS, histories
from benchmarks.processes import Process, passing, serving, until
from benchmarks.site import Site, chain, county, site
from benchmarks.throughput import WARM_UP
from benchmarks.traffic import Record, Traffic, traffic
from schemas.topics import CASE_EVENTS
from services.shell.settings import Settings

FILE = Path(__file__).with_name("gate.json")
MAY_FALL = 0.15
SERVICES = ("sla", "router")
CASES = 1_500
"""Of a round."""
ROUNDS = 7
TIMES = 4
"""A verdict against us is measured so often."""
BLOCK = 50
"""The events of so many cases lie between each other."""


@dataclass(slots=True)
class Side:
    """A process, and how to give it a round of records."""

    process: Process
    topics: Traffic
    source: str
    answered: str
    """The topic on which its answers appear."""
    each: int
    """Records there for each case, when it is done."""
    read: int
    """Records that it reads for each case."""
    settings: Settings
    group: str | None = None
    """Whose commits end a round."""
    cases: int = 0

    async def round(self, records: Sequence[Record], cases: int) -> float:
        """Processor microseconds for each record that it reads."""
        self.process.check()
        self.process.hold()
        await self.topics.fill(self.source, records)
        before = on_processor(self.process.pid)
        self.process.release()
        self.cases += cases
        await until(self._is_done, [self.process])
        return (on_processor(self.process.pid) - before) / (cases * self.read) / 1000

    async def _is_done(self) -> bool:
        """What is committed is answered and stored. Nobody asks the service itself: to answer would
        cost it something."""
        end = self.cases * self.each
        if not await self.topics.has(self.answered, end):
            return False
        return self.group is None or await self._committed() >= end

    async def _committed(self) -> int:
        admin = AIOKafkaAdminClient(**self.settings.kafka_client())
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(self.group)
        finally:
            await admin.close()
        return sum(at.offset for tp, at in found.items() if tp.topic == self.source)


def on_processor(pid: int) -> int:
    """Nanoseconds that a process's threads have run; `stat` tells hundredths of a second."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def blocks(service: str, first: int, cases: int) -> list[Record]:
    now = datetime.now(UTC)
    return [
        record
        for start in range(first, first + cases, BLOCK)
        for record in histories(service, start, BLOCK, now)
    ]


async def costs(here: Site, service: str) -> list[tuple[float, float]]:
    """Microseconds of a record, ours and raw, round by round."""
    given = len(histories(service, 0, 1, datetime.now(UTC)))
    each = given + OWN_ANSWERS[service]
    async with AsyncExitStack() as stack:
        settings = await stack.enter_async_context(county(here, "wall"))
        bare, (source, target) = await stack.enter_async_context(chain(here, 1))
        (served,) = await stack.enter_async_context(serving(here, settings, service))
        (passed,) = await stack.enter_async_context(passing(here, bare, [source, target], 1))
        topics = await stack.enter_async_context(traffic(settings))
        log, group = settings.topic(CASE_EVENTS.name), settings.group(service)
        ours = Side(served, topics, log, log, each, each, settings, group)
        raw = Side(passed, topics, source, target, given, given, bare)
        found = []
        for number in range(ROUNDS + 1):
            cases = CASES if number else WARM_UP
            records = blocks(service, ours.cases, cases)
            pair = await ours.round(records, cases), await raw.round(records, cases)
            if number:
                found.append(pair)
        return found


def verdict(service: str, found: float, committed: float) -> str | None:
    """Why the gate is shut; None if it is open."""
    fallen = 1 - committed / found
    if fallen <= MAY_FALL:
        return None
    return (
        f"{service}: a record costs {found:.2f} times what it costs the raw competitor; "
        f"committed is {committed:.2f}, so it has fallen by {fallen:.0%} (at most {MAY_FALL:.0%}). "
        f"Profile the step; if it is meant to be so, `python -m benchmarks --gate --write`"
    )


async def measure(here: Site, console: Console, services: Iterable[str]) -> dict[str, float]:
    found = {}
    for service in services:
        rounds = await costs(here, service)
        cheapest = [min(side) for side in zip(*rounds, strict=True)]
        found[service] = round(cheapest[0] / cheapest[1], 3)
        told = " ".join(f"{ours:.1f}/{raw:.1f}" for ours, raw in rounds)
        console.print(f"gate: {service} costs {found[service]:.2f} times raw (µs a record: {told})")
    return found


def gate(console: Console, *, write: bool) -> bool:
    """Whether it is open. What has shut it is measured again, up to so many `TIMES` in all: noise only
    makes dearer, so the cheapest measurement counts. With `write`, commit to what is found now."""
    with site() as here:
        found = asyncio.run(measure(here, console, SERVICES))
        if write:
            FILE.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
            console.print(f"written to {FILE}")
            return True
        committed = orjson.loads(FILE.read_bytes())
        for _ in range(TIMES - 1):
            if shut := refused(found, committed):
                again = asyncio.run(measure(here, console, shut))
                found |= {each: min(found[each], again[each]) for each in shut}
    for why in refused(found, committed).values():
        console.print(why)
    return not refused(found, committed)


def refused(found: Mapping[str, float], committed: Mapping[str, float]) -> dict[str, str]:
    """Why it is shut, by service."""
    told = {each: verdict(each, ratio, committed[each]) for each, ratio in found.items()}
    return {each: why for each, why in told.items() if why}
