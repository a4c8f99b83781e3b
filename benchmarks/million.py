"""``python -m benchmarks.million [N]``: a million open cases of sla in a real MongoDB, and a restart.

    N documents are written ─► a new process: the real step, on a broker that is only imagined
                            ─► partitions taken, first tick, ticks with nothing due,
                               10,000 due at the same second

What a person waits for, and how much memory it takes, all libraries included. `MONGO_URL` names a
server; else one is started in a temporary folder.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition

from benchmarks.open_cases import DUE_THEN, HANYIN, MORNING, PARTITIONS, entries
from schemas.inputs import ClockTick
from schemas.rulebook import Rulebooks
from services.shell.desk import Outgoing
from services.shell.embedded import start_mongod
from services.shell.reference import read_folder
from services.shell.settings import Settings
from services.shell.snapshots import Snapshots, connect
from services.shell.step import Step
from services.sla.domain import DECIDER

DATABASE = "gridcase-million"
PORTION = 2_000


def megabytes(what: str = "VmRSS") -> float:
    """Of this process now; ``VmHWM``: at most until now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


async def fill(url: str, number: int) -> None:
    """Documents as the saver writes them."""
    snapshots = Snapshots(connect(url, DATABASE), DECIDER, "million")
    await snapshots.prepare()
    for partition in range(PARTITIONS):
        each = entries(partition, number // PARTITIONS, DUE_THEN // PARTITIONS)
        portion = []
        for entry in each:
            timer = DECIDER.due(entry.state)
            entry.due = timer.at if timer else None
            portion.append(snapshots.document(partition, entry))
            if len(portion) == PORTION:
                await snapshots.collection.insert_many(portion, ordered=False)
                portion = []
        if portion:
            await snapshots.collection.insert_many(portion, ordered=False)


class Broker:
    """A log whose end every group has committed: nothing is to be read."""

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

    async def publish(self, out: list[Outgoing]) -> None:
        self.said += out


async def restart(url: str, number: int) -> None:
    settings = Settings(clock="stream", mongo=url)
    snapshots = Snapshots(connect(url, DATABASE), DECIDER, "million")
    broker, nobody = Broker(number // PARTITIONS), cast(Any, None)
    rules = Rulebooks([read_folder(HANYIN)])
    step = Step(DECIDER, settings, rules, snapshots, cast(Any, broker), nobody, on_demand=True)
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
        f"{number:,} open cases: taken in {taken:.1f} s, first tick settled after {first:.1f} s; "
        f"memory {before:.0f} MB before, {megabytes():.0f} after, {megabytes('VmHWM'):.0f} at most"
    )
    slowest = max([await tick(second) for second in range(-60, 0)])
    print(f"a tick with nothing due: {slowest * 1000:.2f} ms at most, all partitions together")
    took = await tick(0)
    assert all(item.message.time == MORNING for item in broker.said)
    print(
        f"{len(broker.said):,} due at the same second, fetched and decided: {took:.2f} s; "
        f"memory {megabytes():.0f} MB, {megabytes('VmHWM'):.0f} at most"
    )


def main(number: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridcase-bench-")))
        url = os.environ.get("MONGO_URL") or stack.enter_context(start_mongod(folder)).url
        began = perf_counter()
        asyncio.run(fill(url, number))
        print(f"{number:,} documents written in {perf_counter() - began:.0f} s", flush=True)
        again = [sys.executable, "-m", "benchmarks.million", "--restart", url, str(number)]
        subprocess.run(again, check=True)
        asyncio.run(_drop(url))


async def _drop(url: str) -> None:
    await connect(url, DATABASE).client.drop_database(DATABASE)


if __name__ == "__main__":
    if "--restart" in sys.argv:
        asyncio.run(restart(sys.argv[2], int(sys.argv[3])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
