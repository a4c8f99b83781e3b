"""Who takes part: how each is started, and which topic it answers to.

    Contender.start(Site, incoming topic) ─► Running: its process, where its answers appear

Each gets topics, a consumer group and a folder of its own; nothing of one round is left for the next.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from benchmarks.processes import Process, python
from benchmarks.site import Site
from schemas.topics import KEYED_PARTITIONS
from services.shell.topic_admin import TopicSpec, create_topics

HERE = Path(__file__).parent
STREAMS = HERE / "streams"
JVM_THREADS = "2"
"""One a core: with one thread Kafka Streams is slower here, and nobody would run it so."""


@dataclass(frozen=True, slots=True)
class Running:
    process: Process
    answers: str
    """The topic on which its answers appear."""


@dataclass(frozen=True, slots=True)
class Contender:
    title: str
    guarantee: str
    """What becomes of state and answers when it dies."""
    module: str = ""
    keeps_state: bool = False
    """It takes a folder."""

    async def start(self, site: Site, incoming: str) -> Running:
        name = f"peer-{uuid4().hex[:8]}"
        await create_topics(site.kafka, [TopicSpec(name, KEYED_PARTITIONS)])
        arguments = [site.kafka, name, incoming, name]
        if self.keeps_state:
            arguments.append(str(site.folder / name))
        log = site.folder / f"{name}.log"
        return Running(self._process(arguments, log), name)

    def _process(self, arguments: list[str], log: Path) -> Process:
        return Process([*python(self.module), *arguments], {}, log)


@dataclass(frozen=True, slots=True)
class KafkaStreams(Contender):
    def _process(self, arguments: list[str], log: Path) -> Process:
        classes = f"{STREAMS}/target/streams-peer-1.jar:{STREAMS}/target/dependency/*"
        java = ["java", "-Xmx1g", "-cp", classes, "gridcase.Task"]
        return Process([*java, *arguments, JVM_THREADS], {}, log)


def build_streams() -> None:
    """Compile the Java peer. Raises RuntimeError that says what is missing."""
    command = ["mvn", "-q", "-B", "-f", str(STREAMS / "pom.xml"), "package"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise RuntimeError("Kafka Streams needs Maven and Java 17: install them") from error
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"Kafka Streams does not build: {error.stdout[-2000:]}") from error


LOST = "at least once; state is lost with the process"
EXACTLY_ONCE = "exactly once, state in RocksDB and a changelog"
OURS = Contender(
    "gridcase's step", "exactly one event a cause; state on the log, snapshots in MongoDB"
)
"""Not started like the others: it reads its own log."""
PEERS: Sequence[Contender] = (
    Contender("raw aiokafka", LOST, "benchmarks.peers.with_aiokafka"),
    Contender("raw confluent-kafka", LOST, "benchmarks.peers.with_confluent"),
    Contender("Quix Streams", EXACTLY_ONCE, "benchmarks.peers.with_quix", keeps_state=True),
    KafkaStreams("Kafka Streams", EXACTLY_ONCE, keeps_state=True),
)
