"""Three brokers and three mongods on loopback, each of which can be killed, frozen and brought back.

The brokers answer clients through their proxies alone, and each other directly; the mongods answer
all through their proxies. The last broker keeps its logs on a small disk, where one can be mounted.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from services.shell.embedded.child import Child, choose_port
from services.shell.embedded.kafka import fetch_kafka
from services.shell.embedded.mongo import find_mongod
from tests.torture.disk import CannotMount, SmallDisk
from tests.torture.proxy import Proxy

BROKER = """\
process.roles=broker,controller
node.id={node}
listeners=CLIENT://127.0.0.1:{port},PEER://127.0.0.1:{peer},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{proxy},PEER://127.0.0.1:{peer}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PEER
listener.security.protocol.map=CLIENT:PLAINTEXT,PEER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
default.replication.factor=3
min.insync.replicas=2
offsets.topic.num.partitions=4
offsets.topic.replication.factor=3
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
log.cleaner.dedupe.buffer.size=16777216
"""


class Server:
    """A server process that comes back on the same data."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.child = Child(command, log)
        self.frozen = False

    @property
    def alive(self) -> bool:
        return not self.child.ended.is_set()

    def kill(self) -> None:
        self.child.process.send_signal(signal.SIGKILL)
        self.child.ended.wait(10)

    def freeze(self) -> None:
        self.frozen = True
        self.child.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.frozen and self.alive:
            self.child.process.send_signal(signal.SIGCONT)
        self.frozen = False

    def start(self) -> None:
        if not self.alive:
            self.child = Child(self.command, self.log)

    def stop(self) -> None:
        self.thaw()
        self.child.stop(patience=10)


class Brokers:
    def __init__(self, data: Path) -> None:
        self.data = data
        jars = fetch_kafka(lambda _: None)
        self.java = ["java", "-Xmx320m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
        self.proxies = [Proxy(choose_port(), choose_port()) for _ in range(3)]
        self.servers: list[Server] = []
        self.disk: SmallDisk | None = None
        """That of the last broker."""
        self.no_disk = ""
        """Why there is none."""

    @property
    def url(self) -> str:
        return ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.proxies)

    def start(self) -> None:
        try:
            self.disk = SmallDisk(self.data / f"broker-{len(self.proxies)}" / "data")
        except CannotMount as reason:
            self.no_disk = str(reason)
        peers = [choose_port() for _ in self.proxies]
        controllers = [choose_port() for _ in self.proxies]
        voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1))
        cluster = "g" + secrets.token_urlsafe(16)[1:]
        for node, proxy in enumerate(self.proxies, 1):
            folder = self.data / f"broker-{node}"
            folder.mkdir(parents=True, exist_ok=True)
            settings = folder / "server.properties"
            text = BROKER.format(
                node=node,
                port=proxy.target,
                peer=peers[node - 1],
                controller=controllers[node - 1],
                proxy=proxy.port,
                voters=voters,
                logs=folder / "data",
            )
            settings.write_text(text)
            tool = [*self.java, "kafka.tools.StorageTool", "format"]
            subprocess.run(
                [*tool, "-t", cluster, "-c", str(settings)], check=True, capture_output=True
            )
            command = [*self.java, "kafka.Kafka", str(settings)]
            self.servers.append(Server(f"broker {node}", command, folder / "broker.log"))

    def clear(self) -> None:
        """When all have stopped: no disk is left behind."""
        if self.disk is not None:
            self.disk.unmount()


class Mongods:
    def __init__(self, data: Path) -> None:
        self.data = data
        self.proxies = [Proxy(choose_port(), choose_port()) for _ in range(3)]
        self.ports = [proxy.target for proxy in self.proxies]
        self.servers: list[Server] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.proxies)
        return f"mongodb://{hosts}/?replicaSet=torture&socketTimeoutMS=10000"

    def start(self) -> None:
        for number, port in enumerate(self.ports, 1):
            folder = self.data / f"mongod-{number}"
            folder.mkdir(parents=True)
            command = [str(find_mongod()), "--dbpath", str(folder), "--port", str(port)]
            command += ["--bind_ip", "127.0.0.1", "--replSet", "torture", "--oplogSize", "128"]
            command += ["--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"]
            command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
            self.servers.append(Server(f"mongod {number}", command, folder / "mongod.log"))
        self.servers[0].child.wait_until(self._begins, 60, "See its log.")
        self.servers[0].child.wait_until(lambda: self.primary() is not None, 60, "See its log.")

    def _begins(self) -> bool:
        members = [
            {"_id": number, "host": f"127.0.0.1:{proxy.port}"}
            for number, proxy in enumerate(self.proxies)
        ]
        config = {
            "_id": "torture",
            "members": members,
            "settings": {"electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500},
        }
        try:
            self._direct(self.ports[0], {"replSetInitiate": config})
        except PyMongoError as error:
            return "already initialized" in str(error)
        return True

    def _direct(self, port: int, command: dict[str, Any]) -> dict[str, Any]:
        url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=1_000) as client:
            return dict(client.admin.command(command))

    def primary(self) -> int | None:
        """Which of the three takes writes."""
        for number, (port, server) in enumerate(zip(self.ports, self.servers, strict=True)):
            if not server.alive or server.frozen:
                continue
            try:
                if self._direct(port, {"hello": 1})["isWritablePrimary"]:
                    return number
            except PyMongoError:
                continue
        return None

    def step_down(self) -> None:
        number = self.primary()
        if number is not None:
            self._direct(self.ports[number], {"replSetStepDown": 5, "force": True})
