"""The recipes of docs/operate/runbooks.md, each run as it stands there, on a county that runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from lab.supervisor import Options, Platform
from schemas import ids
from services.shell.embedded.child import choose_port
from services.shell.reference import read_folder
from services.shell.snapshots import connect
from tests.deploy.snippets import DOCS, PATH, bash, snippets
from tests.deploy.tools import ROOT
from tests.e2e.conftest import Options_of
from tests.e2e.outside import Outside, a_report, until
from tests.e2e.test_backup import all_is_committed

RECIPES = snippets(DOCS / "operate" / "runbooks.md")
BOSTON = ROOT / "deploy" / "boston"
PLACE: dict[str, Any] = {"category": "abandoned-bicycle", "location": {"town": "district-1a"}}


class County:
    def __init__(self, outside: Outside, folder: Path) -> None:
        self.outside = outside
        self.folder = folder
        self.environment = {
            "KAFKA_BOOTSTRAP_SERVERS": outside.settings.kafka,
            "MONGO_URL": outside.settings.mongo,
            "GRIDCASE_PREFIX": outside.settings.prefix,
            "CLOCK": "stream",
            "PASSPHRASE": str(folder / "passphrase"),
            "BACKUPS": str(folder / "backups"),
            "GOOD_RULES": str(BOSTON),
            "ROUTER": outside.platform.http["router"],
        }

    async def runs(self, recipe: str, **more: str) -> str:
        environment = self.environment | more
        return await asyncio.to_thread(bash, self.folder, RECIPES[recipe], **environment)

    @property
    def archive(self) -> str:
        (path,) = (self.folder / "backups").glob("*.zip")
        return str(path)


@pytest.fixture(scope="module")
async def county(options: Options_of, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("operator")
    (folder / "backups").mkdir()
    (folder / "passphrase").write_text("the gingko by the old ford\n")
    made: Options = options("runbook", read_folder(BOSTON))
    made.data = folder / "run"
    async with Platform(made) as platform, Outside(platform) as outside:
        yield County(outside, folder)


@pytest.fixture(scope="module")
async def kept(county: County) -> AsyncIterator[County]:
    """With a case, and a backup of it."""
    report = a_report(**PLACE)
    await county.outside.sends("reports.submitted", report)
    await until(lambda: all_is_committed(county.outside))
    said = await county.runs("backup.sh")
    assert said.count("keys         locked") == 2, said
    yield county


async def vault(county: County, prefix: str) -> Any:
    settings = county.outside.settings.model_copy(update={"prefix": prefix})
    return connect(settings.mongo, f"{prefix}gridcase")["vault"]


async def test_a_county_is_restored(kept: County) -> None:
    said = await kept.runs("restore.sh", ARCHIVE=kept.archive, GRIDCASE_PREFIX="lost-")
    assert "can be opened" in said
    assert "gridcase rebuild" in said


async def test_the_proof_holds(kept: County) -> None:
    said = await kept.runs("proof.sh")
    assert " ".join(said.split()).count("1 cases: 1 equal, 0 behind, 0 different") == 4


async def test_only_the_broker_was_lost(kept: County) -> None:
    keys = await vault(kept, "half-lost-")
    await keys.insert_one({"_id": "newer", "key": b"k" * 32})
    environment = {"ARCHIVE": kept.archive, "GRIDCASE_PREFIX": "half-lost-"}
    said = await kept.runs("broker-lost.sh", LAST_HEARD="2026-01-01T00:00", **environment)
    assert "the database's own keys" in said
    assert await keys.count_documents({}) > 1


async def test_the_vault_is_lost(kept: County) -> None:
    keys = await vault(kept, kept.outside.settings.prefix)
    before = await keys.count_documents({})
    assert (await keys.delete_many({"_id": {"$not": {"$regex": "^secret:"}}})).deleted_count
    gone = ids.case_id("hotline", "erased since")
    said = await kept.runs("vault-lost.sh", ARCHIVE=kept.archive, CASE_ERASED_SINCE=gone)
    assert "put back     1" in said
    assert await keys.count_documents({"key": {"$exists": True}}) == before


async def test_a_service_says_why(kept: County) -> None:
    said = await kept.runs("why.sh")
    assert '"ready":true' in said
    assert 'gridcase_dependency_up{dependency="kafka",service="router"} 1.0' in said
    assert '"health":"' in said


async def test_another_instance_takes_its_share(kept: County) -> None:
    port = str(choose_port())
    environment = {**os.environ, **kept.environment, "PORT": port, "PATH": PATH}
    command = ["bash", "-c", f"exec env {RECIPES['another-instance.sh']}"]
    instance = await asyncio.create_subprocess_exec(*command, env=environment, cwd=kept.folder)
    try:
        await until(lambda: is_ready(f"http://127.0.0.1:{port}"))
    finally:
        instance.terminate()
        await instance.wait()
    await kept.outside.quiet()


async def is_ready(address: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{address}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_what_was_set_aside_is_put_back(kept: County) -> None:
    report = a_report(**PLACE)
    report["text"] = report.pop("text")  # the last, so that what is too much stands behind it
    await kept.outside.sends("reports.submitted", orjson.dumps(report) + b"}")
    said = await kept.runs("poison.sh", EDITOR="sed -i s/}}$/}/")
    assert "not JSON" in said
    await kept.outside.quiet()
    assert kept.outside.happened(ids.case_id(report["source"], report["report_id"]))


async def test_wrong_rules_are_mended(kept: County) -> None:
    said = await kept.runs("wrong-rules.sh")
    assert "version mended-1 published" in said
    assert "events in log.jsonl" in said


async def test_a_department_that_cannot_write_is_looked_into(kept: County) -> None:
    said = await kept.runs("cannot-write.sh", DEPARTMENT="pwdx")
    assert "updates.pwdx" in said
    assert "nothing was set aside" in said


def test_every_recipe_is_run_here() -> None:
    source = Path(__file__).read_text("utf-8")
    assert RECIPES
    assert [name for name in RECIPES if f'"{name}"' not in source.replace("'", '"')] == []
