"""The database's records out of an archive: into an empty database, or beside what is there.

    the vault's keys       those that are lacking; what was erased stays erased, whoever knows of it
    who opened what        what is lacking
    what was published     as the archive has it, as part of the restored log

The rule to remember: **an erasure is never undone**, and a key that stands is never replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from lab.backup.archive import Archive, ArchiveError
from lab.backup.keeping import KEYS, RECORDS, VAULT, Say
from lab.backup.lines import Document, document_of
from lab.backup.lock import Lock
from services.shell.settings import Settings
from services.shell.snapshots import DUPLICATE_KEY, connect

PORTION = 1_000
LOGS = ("vault_log", *KEYS)
"""What only grows: nothing in it is replaced."""
Database = AsyncDatabase[Document]


def lock_of(archive: Archive, passphrase: str | None) -> Lock | None:
    """The lock of the archive's keys, None if they are in the clear or left out. It is tried on the
    first key, so that a wrong passphrase is told before anything is touched: `LockError`."""
    if archive.manifest["lock"] is None:
        return None
    lock = Lock.of(archive.manifest["lock"], passphrase)
    for line in archive.lines(archive.collections()[VAULT]):
        lock.opened(0, line)
        break
    return lock


def documents(archive: Archive, name: str, lock: Lock | None) -> Iterator[Document]:
    for number, line in enumerate(archive.lines(archive.collections()[name])):
        yield document_of(lock.opened(number, line) if lock and name in KEYS else line)


async def put_documents(
    archive: Archive, database: Database, lock: Lock | None, keys: bool, incarnation: str, say: Say
) -> int:
    """All of them, and how many there are."""
    count = 0
    for name in RECORDS:
        if name not in archive.collections() or (name in KEYS and not keys):
            continue
        done = 0
        for portion in _portions(documents(archive, name, lock)):
            await _put(database[name], name, portion, incarnation)
            say(name, done := done + len(portion))
        count += done
    return count


async def _put(to: Any, name: str, portion: list[Document], incarnation: str) -> None:
    if name in KEYS:
        await _merge_keys(to, portion)
    elif name in LOGS:
        await _inserted(to, portion)
    else:
        new = [d | ({"incarnation": incarnation} if "incarnation" in d else {}) for d in portion]
        await to.bulk_write([ReplaceOne({"_id": d["_id"]}, d, upsert=True) for d in new])


async def put_keys_back(
    archive: Archive, settings: Settings, passphrase: str | None
) -> Counter[str]:
    """Only the keys, into a county that runs. Counts those that were ``put back``, those that were
    ``erased`` since the archive knows better, and the ``others``, which stand here with another
    value: contacts of one of the two stay shut."""
    archive.check()
    if VAULT not in archive.collections():
        raise ArchiveError("this archive was made without the keys: take another")
    lock = lock_of(archive, passphrase)
    database = connect(settings.mongo, settings.database)
    told: Counter[str] = Counter({"put back": 0, "erased": 0, "others": 0})
    try:
        for name in (each for each in KEYS if each in archive.collections()):
            for portion in _portions(documents(archive, name, lock)):
                told += await _merge_keys(database[name], portion)
    finally:
        await database.client.close()
    return told


async def _merge_keys(vault: Any, portion: list[Document]) -> Counter[str]:
    told = Counter({"put back": await _inserted(vault, portion)})
    if erased := [each for each in portion if "key" not in each]:
        requests = [ReplaceOne({"_id": d["_id"], "key": {"$exists": True}}, d) for d in erased]
        told["erased"] = (await vault.bulk_write(requests, ordered=False)).modified_count
    kept = {each["_id"]: each["key"] for each in portion if "key" in each}
    async for there in vault.find({"_id": {"$in": list(kept)}, "key": {"$exists": True}}):
        told["others"] += there["key"] != kept[there["_id"]]
    return told


async def _inserted(to: Any, portion: list[Document]) -> int:
    """How many were not there yet."""
    try:
        done = await to.bulk_write([InsertOne(each) for each in portion], ordered=False)
    except BulkWriteError as error:
        details: Any = error.details
        if any(fault["code"] != DUPLICATE_KEY for fault in details["writeErrors"]):
            raise
        return int(details["nInserted"])
    return int(done.inserted_count)


def _portions(found: Iterable[Document]) -> Iterator[list[Document]]:
    portion: list[Document] = []
    for document in found:
        portion.append(document)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion
