"""A county is lost, and lives on from its backup, on a broker and a database that knew nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lab import rebuild
from lab.backup.archive import Archive
from lab.backup.documents import put_keys_back
from lab.backup.keeping import committed, keep
from lab.backup.lock import Lock, LockError
from lab.backup.restoring import Asked, NotEmptyError, restore
from lab.supervisor import Options, Platform
from schemas.topics import SERVICES
from services.shell.embedded import can_run_kafka, start_kafka, start_mock_kafka, start_mongod
from services.shell.settings import Settings
from services.shell.snapshots import connect
from tests.county import small_county
from tests.e2e.outside import Outside, a_rating, an_update, until
from tests.story import START

PASSPHRASE = "the gingko by the old ford"
UPDATES, RATINGS, HELD_BY = "updates.vc-v11", "ratings.submitted", "assignments.vc-v11"


def silent(_what: str, _count: int) -> None: ...


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Another broker, another database."""
    folder = tmp_path_factory.mktemp("elsewhere")
    possible, _ = can_run_kafka()
    start = start_kafka(folder, say=lambda _: None) if possible else start_mock_kafka()
    with start as broker, start_mongod(folder, say=lambda _: None) as database:
        yield {"KAFKA_BOOTSTRAP_SERVERS": broker.url, "MONGO_URL": database.url}


def settings_there(elsewhere: dict[str, str], prefix: str) -> Settings:
    return Settings(
        kafka=elsewhere["KAFKA_BOOTSTRAP_SERVERS"],
        mongo=elsewhere["MONGO_URL"],
        prefix=prefix,
        clock="stream",
    )


@dataclass
class Lost:
    """What was kept of a county, and what was known of it then."""

    archive: Path
    settings: Settings
    answered: str
    """A case that was resolved."""
    waiting: str
    """A case that nobody has signed."""
    events: int


@pytest.fixture(scope="module")
async def lost(outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Lost:
    answered, waiting = await outside.reports(), await outside.reports()
    await outside.sends("case.events", b"\xff poison, which is kept as it is")
    await outside.time_comes(later := START + timedelta(hours=1))
    for action in ("sign", "resolve"):
        await outside.sends(UPDATES, an_update(answered, action, later, result="补好了"))
    await until(lambda: all_is_committed(outside))
    path = tmp_path_factory.mktemp("backups") / "county.zip"
    lock = await asyncio.to_thread(Lock.made, PASSPHRASE)
    await keep(outside.settings, path, lock, keys=True, say=silent)
    return Lost(path, outside.settings, answered, waiting, len(await outside.hears("case.events")))


async def all_is_committed(outside: Outside) -> bool:
    ends = {r.partition: r.offset + 1 for r in await outside.hears("case.events")}
    return all(
        answered.get(str(number)) == end
        for answered in (await committed(outside.settings)).values()
        for number, end in ends.items()
    )


@pytest.fixture(scope="module")
async def restored(
    lost: Lost, elsewhere: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    settings = settings_there(elsewhere, "restored-")
    await restore(Archive(lost.archive), settings, Asked(passphrase=PASSPHRASE), silent)
    environment = elsewhere | {"GRIDCASE_PREFIX": settings.prefix}
    folder = tmp_path_factory.mktemp("restored")
    options = Options(small_county(), folder, "stream", environment=environment, say=lambda _: None)
    async with Platform(options) as platform, Outside(platform) as outside:
        await outside.quiet()
        yield outside


async def vault_of(settings: Settings) -> list[dict[str, Any]]:
    database = connect(settings.mongo, settings.database)
    found: list[dict[str, Any]] = await database["vault"].find().sort("_id", 1).to_list(None)
    await database.client.close()
    return found


def what_was_said(records: list[Any]) -> list[tuple[Any, ...]]:
    said = [(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in records]
    return sorted(said, key=lambda each: each[:2])


async def test_the_log_is_the_same_in_every_place_key_time_and_byte(
    lost: Lost, outside: Outside, restored: Outside
) -> None:
    before = what_was_said(await outside.hears("case.events"))
    assert what_was_said(await restored.hears("case.events"))[: lost.events] == before
    assert await vault_of(restored.settings) == await vault_of(outside.settings)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_stored_there_is_the_fold_of_the_log(
    lost: Lost, restored: Outside, service: str
) -> None:
    async def holds() -> bool:
        return (await rebuild.run(service, restored.settings)).holds

    await until(holds)
    assert (await rebuild.run(service, restored.settings)).cases == 2


async def test_nothing_that_was_told_is_told_again(lost: Lost, restored: Outside) -> None:
    assert await restored.hears(HELD_BY) == []
    assert await restored.hears("reports.answered") == []
    assert len(await restored.hears("case.events")) == lost.events, "nothing is decided again"


async def test_life_goes_on(lost: Lost, restored: Outside) -> None:
    """An old case is signed, another is rated, and a new report goes its way, contact and all."""
    now = START + timedelta(hours=2)
    await restored.time_comes(now)
    await restored.sends(UPDATES, an_update(lost.waiting, "sign", now))
    await restored.sends(RATINGS, a_rating(lost.answered, 1, now))
    case = await restored.reports(now)
    assert "signed" in await happened(restored, lost.waiting)
    assert {"rated", "reopened"} <= await happened(restored, lost.answered)
    assert {"opened", "assigned"} <= await happened(restored, case)
    for one in (case, lost.answered):
        (word, *_) = await restored.told(HELD_BY, case_id=one, role="lead")
        assert word.data.contact is not None, "the old case's key is there as well"


async def happened(outside: Outside, case: str) -> set[str]:
    """All of it, from before the loss as well."""
    events = await outside.readable("case.events")
    return {event.type.split(".")[1] for event in events if event.subject == case}


async def test_what_is_not_empty_is_left_as_it_is(lost: Lost) -> None:
    with pytest.raises(NotEmptyError, match=r"GRIDCASE_PREFIX.*--database-stays"):
        await restore(Archive(lost.archive), lost.settings, Asked(passphrase=PASSPHRASE), silent)


async def test_a_wrong_passphrase_is_told_before_anything_is_touched(
    lost: Lost, elsewhere: dict[str, str]
) -> None:
    settings = settings_there(elsewhere, "untouched-")
    for wrong in (None, "another passphrase"):
        with pytest.raises(LockError):
            await restore(Archive(lost.archive), settings, Asked(passphrase=wrong), silent)
    assert await vault_of(settings) == []


async def test_only_the_broker_was_lost(lost: Lost, elsewhere: dict[str, str]) -> None:
    """The database keeps its newer keys; departments are told again what they may not have heard."""
    settings = settings_there(elsewhere, "kept-")
    database = connect(settings.mongo, settings.database)
    newer = {"_id": "a case since the backup", "key": b"k" * 32}
    await database["vault"].insert_one(newer)
    asked = Asked(passphrase=PASSPHRASE, database_stays=True, tell_since=START)
    await restore(Archive(lost.archive), settings, asked, silent)
    assert set((await committed(settings))["router"].values()) == {0}
    found = await vault_of(settings)
    assert newer in found
    assert len(found) == 1 + len(await vault_of(lost.settings))

    gone = await vault_of(lost.settings)
    await database["vault"].delete_one({"_id": gone[0]["_id"]})
    assert (await put_keys_back(Archive(lost.archive), settings, PASSPHRASE))["put back"] == 1
    assert await vault_of(settings) == found
    await database.client.close()
