"""``python -m benchmarks.growth [SERVICE]``: what a case costs as the stored cases grow, 10 k to 1 M.

    N documents in a real MongoDB ─► the real step, on a broker that is only imagined:
        5,000 events, each on another stored case ─► fetched, folded, stored
        5,000 new cases                           ─► asked for, folded, stored

For each N: milliseconds of a case by the clock, processor time of the service and of the database,
and what a stored case takes on disk and in the indexes. SERVICE is router by default.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition

from benchmarks.cases import START, follows, said
from benchmarks.lives import life
from benchmarks.million import DATABASE, HELD, PARTITIONS, PORTION, Broker, module
from benchmarks.processes import cpu_seconds
from schemas import envelope, events, ids
from schemas.envelope import Message
from schemas.rulebook import Rulebooks
from services.shell.desk import Desk, Entry
from services.shell.embedded import Embedded, start_mongod
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots, connect
from services.shell.step import Step
from tests.county import small_county

SIZES = (10_000, 100_000, 1_000_000)
TOUCHED = 5_000
BATCH = 500


class Log(Broker):
    """What a turn is given stands at the end of each partition."""

    def __init__(self, end: int) -> None:
        super().__init__(end)
        self.ends = dict.fromkeys(range(PARTITIONS), end)

    def echo(self, _value: bytes) -> None: ...

    async def commit(self, _offsets: Any) -> None: ...

    def batches(
        self, topic: str, records: Iterable[tuple[int, Message[Any]]]
    ) -> Iterator[dict[TopicPartition, list[Any]]]:
        """So many messages a turn, each in its partition."""
        all_of_them = list(records)
        for first in range(0, len(all_of_them), BATCH):
            batch: dict[TopicPartition, list[Any]] = {}
            for number, message in all_of_them[first : first + BATCH]:
                value, offset = envelope.write(message), self.ends[number]
                record = SimpleNamespace(topic=topic, offset=offset, value=value, key=None)
                batch.setdefault(TopicPartition(topic, number), []).append(record)
                self.ends[number] += 1
            yield batch


def held(decider: Any) -> Entry[Any]:
    desk: Desk[Any] = Desk(decider, Rulebooks(), 0)
    for offset, event in enumerate(life(0, START)[:HELD]):
        desk.fold(offset, event)
    (made,) = desk.entries.values()
    return replace(made, offset=0)


def case(number: int) -> str:
    return ids.derive("case", number)


async def fill(snapshots: Snapshots[Any], numbers: range, made: Entry[Any]) -> None:
    timer = snapshots.decider.due(made.state)
    alike = replace(made, due=timer.at if timer else None)
    for first in range(numbers.start, numbers.stop, PORTION):
        await snapshots.collection.insert_many(
            [
                snapshots.document(n % PARTITIONS, replace(alike, id=case(n)))
                for n in range(first, min(first + PORTION, numbers.stop))
            ],
            ordered=False,
        )


def words(stored: int, why: str) -> Iterator[tuple[int, Message[Any]]]:
    """Progress on stored cases, far from each other."""
    lines = life(0, START)
    for n in Random(f"{stored} {why}").sample(range(stored), TOUCHED):
        word = follows(lines[HELD - 1], events.Progressed(**said(lines[2]), result="继续施工。"))
        yield n % PARTITIONS, replace(word, id=ids.derive(why, stored, n), subject=case(n))


def new(stored: int) -> Iterator[tuple[int, Message[Any]]]:
    opened: Message[Any] = life(0, START)[0]
    for n in range(TOUCHED):
        fresh = ids.derive("new", stored, n)
        yield n % PARTITIONS, replace(opened, id=ids.derive("opened", fresh), subject=fresh)


async def measure(
    step: Step[Any], log: Log, database: Embedded, records: Iterator[tuple[int, Message[Any]]]
) -> tuple[float, float, float]:
    """Milliseconds of a case: by the clock, of the service's processor time, of the database's."""
    batches = list(log.batches(step.log, records))
    used, own, began = cpu_seconds(database.pid) or 0.0, process_time(), perf_counter()
    for batch in batches:
        await step._turn(batch)
        await step.published()
    await step.save()
    seconds, own = perf_counter() - began, process_time() - own
    used = (cpu_seconds(database.pid) or 0.0) - used
    return seconds / TOUCHED * 1e3, own / TOUCHED * 1e3, used / TOUCHED * 1e3


async def with_stored(url: str, database: Embedded, service: str, stored: int) -> None:
    decider = module(service, "domain").DECIDER
    settings = Settings(clock="stream", mongo=url, cases_in_memory=0)
    snapshots = Snapshots(connect(url, DATABASE), decider, "growth")
    log, nobody = Log(1), cast(Any, None)
    books = Rulebooks([small_county()])
    step: Step[Any] = Step(
        decider, settings, books, snapshots, cast(Any, log), nobody, on_demand=True
    )
    step.subscriber = SimpleNamespace(consumer=log)
    partitions = [TopicPartition(step.log, number) for number in range(PARTITIONS)]
    await step.on_partitions_assigned(partitions)
    await measure(step, log, database, words(stored, "warm up"))
    known = await measure(step, log, database, words(stored, "count"))
    fresh = await measure(step, log, database, new(stored))
    await snapshots.collection.database.client.admin.command("fsync")
    told: Any = await snapshots.collection.database.command("collStats", snapshots.collection.name)
    cells = " ".join(f"{each:8.3f}" for each in (*known, *fresh))
    size, index = (told[name] / told["count"] for name in ("storageSize", "totalIndexSize"))
    print(f"{stored:10,} {cells} {size:7.0f} {index:7.0f}", flush=True)


async def main(url: str, database: Embedded, service: str) -> None:
    decider = module(service, "domain").DECIDER
    snapshots = Snapshots(connect(url, DATABASE), decider, "growth")
    await snapshots.prepare()
    made, before = held(decider), 0
    print(f"{service}: milliseconds of a case          stored                        new  bytes")
    print(f"{'stored':>10} {'clock':>8} {'own':>8} {'mongod':>8} ", end="")
    print(f"{'clock':>8} {'own':>8} {'mongod':>8} {'disk':>7} {'index':>7}")
    for stored in SIZES:
        await fill(snapshots, range(before, stored), made)
        await snapshots.collection.database.client.admin.command("fsync")
        await with_stored(url, database, service, stored)
        before = stored


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="gridcase-bench-") as folder,
        start_mongod(Path(folder)) as server,
    ):
        asyncio.run(main(server.url, server, sys.argv[1] if sys.argv[1:] else "router"))
