"""``python -m benchmarks.million [N] [SERVICE]``: a million open cases in a real MongoDB, and a restart.

    N documents are written ─► a new process: the real step, on a broker that is only imagined
                            ─► partitions taken, first tick, ticks with nothing due;
                               of sla, 10,000 due at the same second; of router, its lists;
                               of rating, its figures

What a person waits for, and how much memory it takes, all libraries included. SERVICE is sla by
default. `MONGO_URL` names a server; else one is started in a temporary folder.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition

from benchmarks.lives import life
from benchmarks.open_cases import DUE_THEN, HANYIN, MORNING, PARTITIONS, entries
from benchmarks.processes import python
from schemas import ids
from schemas.inputs import ClockTick
from schemas.rulebook import Rulebooks
from services.router.labels import TRIAGE
from services.shell.desk import Desk, Entry, Outgoing
from services.shell.embedded import start_mongod
from services.shell.finding import Finding
from services.shell.publishing import as_they_are
from services.shell.reference import read_folder
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots, connect
from services.shell.step import COLLECT_RARELY, Step

DATABASE = "gridcase-million"
PORTION = 2_000
HELD = 5
"""Events after which a case is signed for."""


def megabytes(what: str = "VmRSS") -> float:
    """Of this process now; ``VmHWM``: at most until now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def module(service: str, name: str) -> Any:
    return import_module(f"services.{service}.{name}")


def cases(service: str, partition: int, number: int) -> Iterable[Entry[Any]]:
    """Held cases: sla's as its own benchmark has them, the others' as their fold makes them of the
    same few events."""
    if service == "sla":
        yield from entries(partition, number, DUE_THEN // PARTITIONS)
        return
    desk: Desk[Any] = Desk(module(service, "domain").DECIDER, Rulebooks(), partition)
    for offset, event in enumerate(life(partition, MORNING)[:HELD]):
        desk.fold(offset, event)
    (made,) = desk.entries.values()
    for n in range(number):
        yield replace(made, id=ids.derive("case", partition, n), offset=n)


async def fill(url: str, number: int, service: str) -> None:
    """Documents as the saver writes them."""
    decider = module(service, "domain").DECIDER
    snapshots = Snapshots(connect(url, DATABASE), decider, "million")
    await snapshots.prepare()
    for partition in range(PARTITIONS):
        portion = []
        for entry in cases(service, partition, number // PARTITIONS):
            timer = decider.due(entry.state)
            entry.due = timer.at if timer else None
            portion.append(snapshots.document(partition, entry))
            if len(portion) == PORTION:
                await snapshots.collection.insert_many(portion, ordered=False)
                portion = []
        if portion:
            await snapshots.collection.insert_many(portion, ordered=False)


class Broker:
    """A log whose end every group has committed: nothing is to be read."""

    dress = as_they_are

    def __init__(self, end: int) -> None:
        self.end = end
        self.said: list[Outgoing] = []

    def pause(self, *_partitions: TopicPartition) -> None: ...
    def resume(self, *_partitions: TopicPartition) -> None: ...
    def seek(self, _partition: TopicPartition, _offset: int) -> None: ...

    def partitions_for_topic(self, _topic: str) -> range:
        return range(PARTITIONS)

    async def committed(self, _partition: TopicPartition) -> int:
        return self.end

    async def end_offsets(self, some: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(some, self.end)

    async def send(self, out: list[Outgoing]) -> None:
        self.said += out


async def restart(url: str, number: int, service: str) -> None:
    gc.set_threshold(*COLLECT_RARELY)  # as the service does
    settings = Settings(clock="stream", mongo=url)
    kind = module(service, "app").SERVICE
    snapshots = Snapshots(connect(url, DATABASE), kind.decider, "million")
    broker, nobody = Broker(number // PARTITIONS), cast(Any, None)
    rules = Rulebooks([read_folder(HANYIN)])
    step: Step[Any] = Step(
        kind.decider,
        settings,
        rules,
        snapshots,
        cast(Any, broker),
        nobody,
        on_demand=kind.on_demand,
    )
    step.subscriber = SimpleNamespace(consumer=broker)
    before, began = megabytes(), perf_counter()

    async def tick(second: int) -> float:
        begun = perf_counter()
        step.clock_came(0, ClockTick(now=MORNING + timedelta(seconds=second)))
        await step._turn({})
        await step.published()
        return perf_counter() - begun

    log = [TopicPartition(step.log, partition) for partition in range(PARTITIONS)]
    await step.on_partitions_assigned(log)
    taken = perf_counter() - began
    await tick(-61)
    first = perf_counter() - began
    print(
        f"{service}: {number:,} open cases: taken in {taken:.1f} s, first tick settled after {first:.1f} s; "
        f"memory {before:.0f} MB before, {megabytes():.0f} after, {megabytes('VmHWM'):.0f} at most"
    )
    slowest = max([await tick(second) for second in range(-60, 0)])
    print(f"a tick with nothing due: {slowest * 1000:.2f} ms at most, all partitions together")
    await touch(step, service, number)
    if service == "router":
        await lists(Finding(kind.decider, step.desks, snapshots))
    if service == "rating":
        await figures(step, rules, snapshots)
    if service != "sla":
        return
    took = await tick(0)
    assert all(item.message.time == MORNING for item in broker.said)
    print(
        f"{len(broker.said):,} due at the same second, fetched and decided: {took:.2f} s; "
        f"memory {megabytes():.0f} MB, {megabytes('VmHWM'):.0f} at most"
    )


async def touch(step: Step[Any], service: str, number: int) -> None:
    """As many cases come into memory as there is room for."""
    room = step.settings.cases_in_memory // PARTITIONS
    wanted = {
        desk: {entry.id for entry in cases(service, n, min(room, number // PARTITIONS))}
        for n, desk in step.desks.items()
    }
    await step.fetching.fetch((desk, desk.missing(some)) for desk, some in wanted.items())
    known = sum(len(desk.entries) for desk in step.desks.values())
    print(f"with {known:,} cases in memory: {megabytes():.0f} MB")


async def lists(finding: Finding[Any]) -> None:
    """What the router asks about all its cases."""
    began = perf_counter()
    count = await finding.count()
    counted = perf_counter() - began
    began = perf_counter()
    queue = await finding.labelled(TRIAGE)
    print(
        f"{sum(count.values()):,} labels counted in {counted:.2f} s; "
        f"a queue of {len(queue)} in {(perf_counter() - began) * 1000:.0f} ms"
    )


async def figures(step: Step[Any], rules: Rulebooks, snapshots: Snapshots[Any]) -> None:
    """The cases come out of the database, and on to the boards of this month and the one before."""
    from services.rating.live import Live
    from services.rating.periods import previous
    from services.rating.scorecards import behind

    feed = SimpleNamespace(rulebooks=rules)
    live = Live(cast(Any, SimpleNamespace(step=step, feed=feed, snapshots=snapshots)))

    async def took(what: str, work: Awaitable[Any]) -> Any:
        began, busy = perf_counter(), process_time()
        found = await work
        print(
            f"{what}: {perf_counter() - began:.1f} s, {process_time() - busy:.1f} s of a core; "
            f"memory {megabytes():.0f} MB, {megabytes('VmHWM'):.0f} at most",
            flush=True,
        )
        return found

    await took("cases read for figures", live.look())
    month = f"{MORNING:%Y-%m}"
    for period in (previous(month), month):
        board = await took(f"board of {period}", live.board(period))
        began = perf_counter()
        cards = board.cards()
        print(f"{len(cards)} cards: {(perf_counter() - began) * 1000:.0f} ms")
    began = perf_counter()
    for measure, part in (("accepted", "numerator"), ("supervised", "numerator")):
        found = behind(board, scope="county", id=cards[0].id, measure=measure, part=part, most=50)
        took_ms = (perf_counter() - began) * 1000
        print(f"list of {found.total:,} {measure}, first page: {took_ms:.1f} ms")
    await took("a look when nothing has changed", live.board(month))


def main(number: int, service: str) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridcase-bench-")))
        url = os.environ.get("MONGO_URL") or stack.enter_context(start_mongod(folder)).url
        began = perf_counter()
        asyncio.run(fill(url, number, service))
        print(f"{number:,} documents written in {perf_counter() - began:.0f} s", flush=True)
        again = [*python("benchmarks.million"), "--restart", url, str(number), service]
        subprocess.run(again, check=True)
        asyncio.run(_drop(url))


async def _drop(url: str) -> None:
    await connect(url, DATABASE).client.drop_database(DATABASE)


if __name__ == "__main__":
    if "--restart" in sys.argv:
        asyncio.run(restart(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
    else:
        main(int((sys.argv[1:] or ["1_000_000"])[0]), (sys.argv[2:] or ["sla"])[0])
