"""The broker and the database that gridcase brings along: they start, keep what they are told,
take it up again, and never outlive whoever started them."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from pymongo import MongoClient

from services.shell import embedded
from services.shell.embedded import Embedded, EmbeddedError
from services.shell.embedded.child import Child
from services.shell.topic_admin import TopicError, TopicSpec, create_topics

pytestmark = pytest.mark.e2e

EVENTS = TopicSpec("case.events", 12, {"retention.ms": "-1", "max.message.bytes": "2097152"})
COMMANDS = TopicSpec("router.commands", 12)
UPDATES = TopicSpec("updates.housing", 1, {"message.timestamp.type": "LogAppendTime"})


def quiet(_: str) -> None:
    """Nobody reads along in a test."""


@pytest.fixture(scope="module")
def able() -> None:
    """Kafka can run here; on CI it must."""
    can, reason = embedded.can_run_kafka()
    if not can and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if not can:
        pytest.skip(reason)


@pytest.fixture(scope="module", params=["kafka", "mock"])
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedded]:
    if request.param == "mock":
        with embedded.start_mock_kafka() as mock:
            yield mock
        return
    request.getfixturevalue("able")
    with embedded.start_kafka(tmp_path_factory.mktemp("kafka"), say=quiet) as kafka:
        yield kafka


async def send(url: str, topic: str, key: bytes, value: bytes) -> TopicPartition:
    producer = AIOKafkaProducer(
        bootstrap_servers=url, acks="all", enable_idempotence=True, max_request_size=4_000_000
    )
    await producer.start()
    try:
        sent = await producer.send_and_wait(topic, value, key=key)
    finally:
        await producer.stop()
    return TopicPartition(sent.topic, sent.partition)


def member(url: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        EVENTS.name,
        COMMANDS.name,
        bootstrap_servers=url,
        group_id="router",
        group_instance_id="router-0",
        partition_assignment_strategy=[RangePartitionAssignor],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
        fetch_max_wait_ms=20,
    )


async def read_one(url: str, topic: str) -> bytes | None:
    """The first record there is, without a group."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=url, auto_offset_reset="earliest")
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 20)
        value: bytes | None = record.value
        return value
    finally:
        await consumer.stop()


async def test_topics_get_the_partitions_they_ask_for_and_asking_again_changes_nothing(
    broker: Embedded,
) -> None:
    rows = [EVENTS, COMMANDS, UPDATES]
    await create_topics(broker.url, rows)
    assert await create_topics(broker.url, [*rows, TopicSpec("hotspots", 3)]) == ["hotspots"]
    with pytest.raises(TopicError, match=r"case\.events has 12 partitions and should have 6"):
        await create_topics(broker.url, [TopicSpec("late", 1), TopicSpec("case.events", 6)])
    assert await create_topics(broker.url, [TopicSpec("late", 1)]) == ["late"]


async def test_a_county_of_departments_gets_its_topics_in_seconds(broker: Embedded) -> None:
    rows = [TopicSpec(f"assignments.d{number}", 1) for number in range(300)]
    before = time.monotonic()
    assert len(await create_topics(broker.url, rows)) == 300
    assert time.monotonic() - before < 30


async def test_an_owner_of_all_partitions_reads_two_topics_and_commits_by_hand(
    broker: Embedded,
) -> None:
    await create_topics(broker.url, [EVENTS, COMMANDS])
    case = b"5a8d"
    at = await send(broker.url, EVENTS.name, case, b"opened")
    other = await send(broker.url, COMMANDS.name, case, b"sign")
    assert at.partition == other.partition, "one case, one owner"
    consumer = member(broker.url)
    await consumer.start()
    try:
        assert len(consumer.assignment()) == 24
        seen: set[bytes] = set()
        while len(seen) < 2:
            batch = await asyncio.wait_for(consumer.getmany(timeout_ms=200), 20)
            seen |= {record.value for records in batch.values() for record in records}
        await consumer.commit({at: 1})
        assert seen == {b"opened", b"sign"}
        assert await consumer.committed(at) == 1
        assert await consumer.committed(other) is None
    finally:
        await consumer.stop()


@pytest.mark.usefixtures("able")
async def test_a_stopped_kafka_takes_up_its_log_where_it_left_it(tmp_path: Path) -> None:
    large = b"x" * 2_000_000
    with embedded.start_kafka(tmp_path, say=quiet) as kafka:
        await create_topics(kafka.url, [EVENTS])
        await send(kafka.url, EVENTS.name, b"5a8d", large)
    identity = (tmp_path / "kafka" / "meta.properties").read_text()
    kafka.stop()  # a second time, to no effect
    with embedded.start_kafka(tmp_path, say=quiet) as again:
        assert again.url == kafka.url
        assert await read_one(again.url, EVENTS.name) == large
    assert (tmp_path / "kafka" / "meta.properties").read_text() == identity


@pytest.mark.usefixtures("able")
def test_a_taken_port_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"port {port} is taken: stop what listens there"):
            embedded.start_kafka(tmp_path, say=quiet, port=port)
    assert not (tmp_path / "kafka").exists()


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    can, reason = embedded.can_run_kafka()
    assert not can
    assert "install Java 17 or later" in reason
    assert "KAFKA_BOOTSTRAP_SERVERS" in reason
    assert not embedded.java_and_maven()


def fake_maven(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a Maven on PATH that does what the script says; the last argument is the target."""
    maven = folder / "mvn"
    maven.write_text(f'#!/bin/sh\nfor last; do :; done\ntarget="${{last#*=}}"\n{script}\n')
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("GRIDCASE_CACHE", str(folder / "cache"))


def test_two_who_fetch_kafka_at_once_share_one_whole_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each waits in Maven until both are there, so both come to the rename.
    meet = 'echo >> "$0.calls"; until [ $(wc -l < "$0.calls") = 2 ]; do sleep 0.01; done'
    fake_maven(tmp_path, monkeypatch, f'{meet}; mkdir -p "$target"; touch "$target/kafka.jar"')
    folders: list[Path] = []
    fetchers = [
        threading.Thread(target=lambda: folders.append(embedded.fetch_kafka(quiet)))
        for _ in range(2)
    ]
    for fetcher in fetchers:
        fetcher.start()
    for fetcher in fetchers:
        fetcher.join(20)
    assert len(folders) == 2
    assert len(set(folders)) == 1
    assert [jar.name for jar in folders[0].iterdir()] == ["kafka.jar"]
    assert [kept.name for kept in (tmp_path / "cache").iterdir()] == [folders[0].name]


def test_a_failed_fetch_leaves_nothing_behind_and_says_what_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_maven(tmp_path, monkeypatch, 'mkdir -p "$target"; echo "no route to host"; exit 1')
    with pytest.raises(EmbeddedError, match=r"(?s)Check the network.*no route to host"):
        embedded.fetch_kafka(quiet)
    assert not list((tmp_path / "cache").iterdir())


@pytest.fixture
def mongod_here() -> None:
    """A mongod can be found; on CI it must be."""
    try:
        embedded.find_mongod()
    except EmbeddedError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def majority(url: str, write: Callable[[MongoClient[dict[str, int]]], object]) -> None:
    with MongoClient[dict[str, int]](url, w="majority", wTimeoutMS=10_000) as client:
        write(client)


@pytest.mark.usefixtures("mongod_here")
def test_mongod_is_a_primary_that_keeps_majority_writes(tmp_path: Path) -> None:
    with embedded.start_mongod(tmp_path, say=quiet) as mongod:
        majority(mongod.url, lambda client: client.county.cases.insert_one({"_id": 1}))
    with embedded.start_mongod(tmp_path, say=quiet) as again:
        assert again.url == mongod.url
        with MongoClient[dict[str, int]](again.url) as client:
            assert client.admin.command("hello")["setName"] == "rs0"
            assert client.county.cases.find_one() == {"_id": 1}


class HangingUp(socketserver.ThreadingTCPServer):
    """Somebody else, who ends every call at once."""

    allow_reuse_address = True


@contextmanager
def hanging_up(port: int) -> Iterator[None]:
    with HangingUp(("127.0.0.1", port), socketserver.BaseRequestHandler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield
        server.shutdown()
        serving.join()


@pytest.mark.usefixtures("mongod_here")
def test_mongod_is_a_primary_again_when_its_port_has_gone_to_somebody_else(tmp_path: Path) -> None:
    with embedded.start_mongod(tmp_path, say=quiet) as mongod:
        port = int(mongod.url.split("/")[2].split(":")[1])
        majority(mongod.url, lambda client: client.county.cases.insert_one({"_id": 1}))
    with hanging_up(port), embedded.start_mongod(tmp_path, say=quiet) as moved:
        assert moved.url != mongod.url
        majority(moved.url, lambda client: client.county.cases.insert_one({"_id": 2}))


def test_a_mongod_that_cannot_start_shows_its_log_and_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "mongod"
    broken.write_text(
        "#!/bin/sh\necho error while loading shared libraries: libcurl.so.4\nexit 127"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match=r"(?s)code 127.*install it.*MONGO_URL.*libcurl\.so\.4"):
        embedded.start_mongod(tmp_path / "data", say=quiet)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent's life")
@pytest.mark.usefixtures("mongod_here")
def test_servers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, time\n"
        "from services.shell.embedded import start_mongod\n"
        f"server = start_mongod(pathlib.Path({str(tmp_path)!r}), say=lambda _: None)\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    watched = os.pidfd_open(pid)
    assert os.getsid(pid) != os.getsid(parent.pid), "Ctrl-C to the parent must not reach it"
    assert not ended_within(watched, 0)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert ended_within(watched, 20), "mongod outlived its parent"
    os.close(watched)


def ended_within(pidfd: int, seconds: float) -> bool:
    return bool(select.select([pidfd], [], [], seconds)[0])


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    children: list[Child] = []
    log = tmp_path / "sleeper.log"

    def start_and_see_it_run() -> None:
        child = Child(["sh", "-c", "echo up; exec sleep 600"], log)
        child.wait_until(lambda: "up" in log.read_text(), 20, "")
        children.append(child)

    starter = threading.Thread(target=start_and_see_it_run)
    starter.start()
    starter.join()
    assert not children[0].ended.wait(0.5)
    children[0].stop()
    assert children[0].process.returncode == -signal.SIGTERM
