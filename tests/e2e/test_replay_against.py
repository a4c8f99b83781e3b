"""`gridcase replay --against FOLDER` where the platform has ended: its files tell what it stored."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
from pymongo import MongoClient
from typer.testing import CliRunner

from cli.main import app
from lab.replay.documents import STATES
from lab.replay.folding import DECIDERS
from lab.replay.reading import Lines
from schemas import envelope
from schemas.rulebook import Rulebooks
from schemas.topics import EVENT_TYPES
from services.shell.desk import Desk
from services.shell.embedded import start_mongod
from services.shell.settings import Settings
from services.shell.snapshots import document_of
from tests import rehearsed


def store(log: Path, folder: Path) -> None:
    """What the services would have stored of the log, in a database that has ended since."""
    lines = [
        (line.partition, line.offset, envelope.read(line.value, EVENT_TYPES))
        for line in Lines(log, range(12))
    ]
    mongod = start_mongod(folder, say=lambda _text: None)
    with MongoClient[dict[str, Any]](mongod.url) as client:
        database = client[Settings().database]
        for decider in DECIDERS:
            desks: dict[int, Desk[Any]] = defaultdict(lambda d=decider: Desk(d, Rulebooks(), 0))  # type: ignore[misc]
            for partition, offset, event in lines:
                desks[partition].fold(offset, event)
            database[f"{decider.service}_cases"].insert_many(
                document_of(STATES[decider.service], partition, entry, "this log")
                for partition, desk in desks.items()
                for entry in desk.entries.values()
            )
    mongod.stop()


def test_the_files_of_a_platform_that_has_ended_are_compared_document_by_document(
    tmp_path: Path,
) -> None:
    log, folder = rehearsed.written(tmp_path), tmp_path / "platform"
    folder.mkdir()
    store(log, folder)
    asked = ["replay", str(log), "--against", str(folder), "--jobs", "1", "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    told = orjson.loads(done.stdout)["against"]
    assert {service: (each["equal"], each["of"]) for service, each in told.items()} == {
        decider.service: (342, 342) for decider in DECIDERS
    }
    shorter = rehearsed.written(tmp_path, rehearsed.lines()[:-1])
    done = CliRunner().invoke(app, asked)
    assert shorter == log and done.exit_code == 1
    assert len(orjson.loads(done.stdout)["against"]["rating"]["different"]) == 1
    shutil.rmtree(folder)
