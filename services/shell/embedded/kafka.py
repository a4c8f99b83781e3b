"""A real single-node Kafka (KRaft), fetched from Maven Central once and run with Java.

In: a data folder. Out: an `Embedded` whose `url` is the bootstrap address. Beneath the folder:

    kafka/               the log, formatted at the first start and reused ever after
    kafka.properties     the broker's settings, written at each start
    kafka.log            what it and its Java say, warnings and worse

The one rule to remember: the folder is the cluster. Same folder, same cluster id, same topics, and
the same port if it is still free.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.shell.embedded.child import Child, Embedded, EmbeddedError, choose_port, is_free

JAVA_NEEDED = 17
START_SECONDS = 120.0
POM = Path(__file__).resolve().parents[3] / "deploy" / "kafka" / "pom.xml"
OTHERWISE = "or set KAFKA_BOOTSTRAP_SERVERS to a Kafka that runs elsewhere"

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{port}
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
message.max.bytes=8388608
group.initial.rebalance.delay.ms=0
# One node: nothing is copied, and few partitions of its own make it start sooner.
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# After a kill it waits until its former self has timed out: 6 s instead of 9. With 3 s a machine
# that is short of processors makes it take itself for dead.
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
# The default, 128 MB, would be a quarter of the heap.
log.cleaner.dedupe.buffer.size=16777216
"""


def java_and_maven() -> bool:
    """Whether this machine can fetch and run Kafka by itself."""
    return _java_problem() is None and shutil.which("mvn") is not None


def can_run_kafka() -> tuple[bool, str]:
    """Whether `start_kafka` can work here, and if not, why and what to do next."""
    problem = _java_problem() or _jars_problem()
    return problem is None, problem or f"Java {_java_version()}, Kafka {_kafka_version()}"


def start_kafka(
    data: Path,
    *,
    say: Callable[[str], None] = print,
    port: int | None = None,
    heap: str = "512m",
    more: str = "",
) -> Embedded:
    """Start Kafka on `data` and return once it answers.

    `port`: insist on this one; otherwise that of the last run, or any that is free. `more`: lines
    of broker settings, which win over ours.
    Raises `EmbeddedError` if Java or Maven is missing, the port is taken, or Kafka does not start.
    """
    able, reason = can_run_kafka()
    if not able:
        raise EmbeddedError(reason)
    jars = fetch_kafka(say)
    data.mkdir(parents=True, exist_ok=True)
    properties, chosen = _write_properties(data.resolve(), port, more)
    java = [_java(), f"-Xmx{heap}", "-XX:+ExitOnOutOfMemoryError"]
    java += ["-Dorg.apache.logging.log4j.level=WARN", "-cp", f"{jars}/*"]
    _format_once(java, data, properties)
    say(f"starting Kafka on port {chosen}, data in {data / 'kafka'}")
    child = Child([*java, "kafka.Kafka", str(properties)], data / "kafka.log")
    url = f"127.0.0.1:{chosen}"
    child.wait_until(_answering(url), START_SECONDS, f"Mend what its log says, {OTHERWISE}.")
    return Embedded("kafka", url, child.process.pid, child.stop)


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _java_version() -> int | None:
    """The major version: 17 for "17.0.15", 8 for "1.8.0_412"; None if Java does not run."""
    try:
        said = subprocess.run([_java(), "-version"], capture_output=True, text=True).stderr
    except OSError:
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else None


def _java_problem() -> str | None:
    version = _java_version()
    if version is not None and version >= JAVA_NEEDED:
        return None
    found = f"Java {version} is too old" if version else f"{_java()!r} does not run"
    return f"{found}: install Java {JAVA_NEEDED} or later (openjdk-17-jre-headless), {OTHERWISE}"


def _jars_problem() -> str | None:
    if not POM.exists():
        return f"{POM} is missing: run from a checkout of gridcase, {OTHERWISE}"
    if _jars_folder().exists() or shutil.which("mvn"):
        return None
    return f"Maven is needed once, to fetch Kafka, and is not on PATH: install maven, {OTHERWISE}"


def _kafka_version() -> str:
    found = re.search(r"<kafka.version>(.+)</kafka.version>", POM.read_text())
    assert found, f"{POM} names no kafka.version"
    return found[1]


def _jars_folder() -> Path:
    cache = os.environ.get("GRIDCASE_CACHE") or Path.home() / ".cache" / "gridcase"
    return Path(cache).expanduser().resolve() / f"kafka-{_kafka_version()}"


def fetch_kafka(say: Callable[[str], None] = print) -> Path:
    """The folder with Kafka's jars, shared by all who run as this user; fetched if it is missing.

    Fetched beside and renamed, so that the folder is whole whenever it exists, whoever is faster.
    Raises `EmbeddedError` if Maven fails.
    """
    folder = _jars_folder()
    if folder.exists():
        return folder
    say(f"fetching Kafka {_kafka_version()} from Maven Central into {folder} (43 MB, once)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        _run_maven(Path(beside) / "jars")
        try:
            (Path(beside) / "jars").rename(folder)
        except OSError:
            if not folder.exists():
                raise
    return folder


def _run_maven(target: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    done = subprocess.run(
        ["mvn", "-q", "-B", "-f", str(POM), *goal],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[:15])
        raise EmbeddedError(
            f"Maven could not fetch Kafka. Check the network (a mirror or proxy goes into "
            f"~/.m2/settings.xml) and try again, {OTHERWISE}.\n--- Maven says:\n{last}"
        )


def _write_properties(data: Path, wanted: int | None, more: str = "") -> tuple[Path, int]:
    """Write the broker's settings; returns their file and the port chosen."""
    if wanted is not None and not is_free(wanted):
        raise EmbeddedError(f"port {wanted} is taken: stop what listens there or name another")
    file = data / "kafka.properties"
    port = wanted or choose_port(_last_port(file))
    controller = choose_port()
    ours = PROPERTIES.format(port=port, controller=controller, logs=data / "kafka")
    file.write_text(ours + more.format(port=port, controller=controller))
    return file, port


def _last_port(properties: Path) -> int | None:
    text = properties.read_text() if properties.exists() else ""
    found = re.search(r"^listeners=BROKER://127\.0\.0\.1:(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def _format_once(java: list[str], data: Path, properties: Path) -> None:
    if (data / "kafka" / "meta.properties").exists():
        return
    cluster_id = "g" + secrets.token_urlsafe(16)[1:]  # a leading dash would be read as an option
    tool = [*java, "kafka.tools.StorageTool", "format", "--standalone"]
    done = subprocess.run(
        [*tool, "-t", cluster_id, "-c", str(properties)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise EmbeddedError(
            f"Kafka could not format {data / 'kafka'}: is the folder writable and the disk not "
            f"full?\n{done.stdout}{done.stderr}"
        )


def _answering(url: str) -> Callable[[], bool]:
    """A question that is True once a broker is listed, that is, once it takes requests."""
    backoff = {"reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 200}
    admin = AdminClient({"bootstrap.servers": url, "log_level": 0, **backoff})

    def answers() -> bool:
        try:
            return bool(admin.list_topics(timeout=0.5).brokers)
        except KafkaException:
            return False

    return answers
