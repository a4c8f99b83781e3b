"""One contender's round: from its first answer that can be read to its last.

    fill a topic ─► start the contender ─► count its answers ─► rates, processor time, memory

Counted are *answered inputs*: one durable change event each, as a reader of committed records sees
them. The time starts with the first answer, so that starting up is nobody's loss; what a virtual
machine still learns after that is the cold figure. The warm one is that of the second half of the
long run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from confluent_kafka import Consumer, TopicPartition

from benchmarks.peers.contenders import Contender, Running
from benchmarks.peers.task import EVENTS_A_CASE, records
from benchmarks.processes import PATIENCE, Served, cpu, python, until
from benchmarks.results import Sample
from benchmarks.site import Site, county
from benchmarks.traffic import traffic
from schemas.topics import CASE_EVENTS, KEYED_PARTITIONS
from services.shell.settings import Settings

OURS = b'"source":"/services/sla"'
"""In what the task answers, whoever carries it; our log holds what came in as well."""
HEAD = 250
"""Bytes of a record in which its source stands."""


@dataclass(slots=True)
class Seen:
    """Answers so far, and the moment."""

    answers: int
    at: float
    used: dict[str, float]


class Counter:
    """Reads a topic and counts the answers on it."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": f"count-{uuid4().hex}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )
        self._consumer.assign([TopicPartition(topic, n, 0) for n in range(KEYED_PARTITIONS)])
        self.answers = 0

    def read(self) -> int:
        for record in self._consumer.consume(10_000, timeout=0.05):
            value = record.value()
            self.answers += record.error() is None and value is not None and OURS in value[:HEAD]
        return self.answers

    def close(self) -> None:
        self._consumer.close()


async def fill(settings: Settings, topic: str, inputs: int) -> None:
    async with traffic(settings) as topics:
        for portion in records(inputs // EVENTS_A_CASE):
            await topics.fill(topic, portion)


async def peer(site: Site, contender: Contender, incoming: str, inputs: int) -> Sample:
    running = await contender.start(site, incoming)
    try:
        return timed(site, running, inputs)
    finally:
        running.process.stop()


async def ours(site: Site, inputs: int) -> Sample:
    """Ours reads its own log, so that is filled while the service is held."""
    async with county(site, "wall") as settings:
        service = Served(site, settings, "sla", python("benchmarks.peers.ours"))
        try:
            await until(service.is_ready, [service])
            service.hold()
            log = settings.topic(CASE_EVENTS.name)
            await fill(settings, log, inputs)
            service.release()
            return timed(site, Running(service, log), inputs)
        finally:
            service.stop()


def timed(site: Site, running: Running, inputs: int) -> Sample:
    """Read its answers until all are there. Raises TimeoutError when no more come."""
    counter = Counter(site.kafka, running.answers)
    inputs -= inputs % EVENTS_A_CASE
    seen: list[Seen] = []
    waited = perf_counter()
    try:
        while counter.answers < inputs:
            before = counter.answers
            if counter.read() > before:
                waited = perf_counter()
                seen.append(Seen(counter.answers, waited, cpu(site, [running.process])))
            running.process.check()
            if perf_counter() - waited > PATIENCE:
                raise TimeoutError(f"{counter.answers:,} of {inputs:,} answers, and no more come")
    finally:
        counter.close()
    return _figures(seen, _peak_memory(running.process.pid))


def _figures(seen: list[Seen], memory: float) -> Sample:
    first, last = seen[0], seen[-1]
    half = next(each for each in seen if each.answers >= last.answers / 2)
    answered = last.answers - first.answers
    figures = {
        "answered/s": answered / (last.at - first.at),
        "second half/s": (last.answers - half.answers) / (last.at - half.at),
        "memory MB": memory,
    }
    used = {name: last.used[name] - first.used[name] for name in last.used}
    return figures | {f"CPU s per 100,000, {n}": 1e5 * s / answered for n, s in used.items()}


def _peak_memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell a process's peak memory")
