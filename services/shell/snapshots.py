"""Snapshots: what MongoDB keeps of the folds, for restarts and for questions. The one module that
knows motor (its heir is PyMongo's asynchronous client, with the same calls).

A document is a cache of the log: `rebuild` makes it again, equal to the byte. It only ever moves
forward, by log offset within one incarnation of the log, so that a slow or doubled owner does no
harm.

    {_id: case, partition, offset, incarnation, seen, void, copies, due, state: {...}}
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Generic

from bson import Binary
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pydantic import TypeAdapter
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError
from pymongo.write_concern import WriteConcern

from services.decider import Decider, S
from services.shell.desk import Entry

Document = dict[str, Any]
DUPLICATE_KEY = 11000
PORTION = 200
"""States read at a stretch: some 20 ms."""


def connect(url: str, database: str) -> AsyncIOMotorDatabase[Document]:
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        url, serverSelectionTimeoutMS=10_000, tz_aware=True
    )
    options: CodecOptions[Document] = CodecOptions(tz_aware=True)
    return client.get_database(
        database, codec_options=options, write_concern=WriteConcern(w="majority")
    )


def document_of(
    states: TypeAdapter[S], partition: int, entry: Entry[S], incarnation: str
) -> Document:
    """What is stored of a case."""
    document: Document = {
        "_id": entry.id,
        "partition": partition,
        "offset": entry.offset,
        "incarnation": incarnation,
        "seen": Binary(entry.seen),
        "void": Binary(entry.void),
        "state": states.dump_python(entry.state, mode="json", exclude_defaults=True),
    }
    if entry.copies:
        document["copies"] = list(entry.copies)
    if entry.due is not None:
        document["due"] = entry.due
    return document


class Snapshots(Generic[S]):
    """The stored states of one service."""

    def __init__(
        self, database: AsyncIOMotorDatabase[Document], decider: Decider[S], incarnation: str
    ) -> None:
        self.collection = database[f"{decider.service}_cases"]
        self._progress = database["progress"]
        self.decider = decider
        self.incarnation = incarnation
        self._states: TypeAdapter[S] = TypeAdapter(type(decider.initial()))

    async def prepare(self) -> None:
        await self.collection.create_index([("partition", 1)])
        await self.collection.create_index([("due", 1)], sparse=True)

    def document(self, partition: int, entry: Entry[S]) -> Document:
        return document_of(self._states, partition, entry, self.incarnation)

    def entry(self, document: Document) -> Entry[S]:
        return Entry(
            id=document["_id"],
            state=self._states.validate_python(document["state"]),
            seen=bytes(document["seen"]),
            void=bytes(document["void"]),
            copies=tuple(document.get("copies", ())),
            offset=document["offset"],
        )

    async def write(self, documents: Iterable[Document]) -> None:
        """Put the documents where theirs is the newer state. Raises on anything else than an
        older write meeting a newer document."""
        requests = [ReplaceOne(self._older_than(new), new, upsert=True) for new in documents]
        if not requests:
            return
        try:
            await self.collection.bulk_write(requests, ordered=False)
        except BulkWriteError as error:
            details: Any = error.details
            faults = [f for f in details["writeErrors"] if f["code"] != DUPLICATE_KEY]
            if faults or details.get("writeConcernErrors"):
                raise

    def _older_than(self, new: Document) -> Document:
        return {
            "_id": new["_id"],
            "$or": [
                {"incarnation": {"$ne": new["incarnation"]}},
                {"offset": {"$lt": new["offset"]}},
            ],
        }

    async def load(self, partition: int) -> list[Entry[S]]:
        """The states of one partition, those of this log alone. Many take seconds, in which the
        group must hear of us: each portion lets others run."""
        entries: list[Entry[S]] = []
        found = self.collection.find({"partition": partition, "incarnation": self.incarnation})
        async for document in found:
            entries.append(self.entry(document))
            if len(entries) % PORTION == 0:
                await asyncio.sleep(0)
        return entries

    async def keep_progress(self, partitions: Iterable[int], passed: datetime) -> None:
        """Write down up to when the stored states of these partitions are complete."""
        for partition in partitions:
            await self._progress.update_one(
                {"_id": f"{self.decider.service}/{partition}"},
                {"$set": {"incarnation": self.incarnation, "passed": passed}},
                upsert=True,
            )

    async def progress(self) -> dict[str, datetime]:
        """Up to when each partition is complete."""
        found = self._progress.find(
            {"_id": {"$regex": f"^{self.decider.service}/"}, "incarnation": self.incarnation}
        )
        return {document["_id"]: document["passed"] async for document in found}

    async def one(self, case: str) -> Document | None:
        return await self.collection.find_one({"_id": case})

    async def documents(self) -> AsyncIterator[Document]:
        """Every stored document of this log."""
        async for document in self.collection.find({"incarnation": self.incarnation}):
            yield document

    async def clear(self) -> None:
        """Forget all: what is stored is a cache of the log."""
        await self.collection.delete_many({})

    async def read(self, matching: Document) -> list[Document]:
        """Id and state of the cases that match, as stored; `facts` makes states of them."""
        wanted = {"_id": True, "state": True}
        found = self.collection.find({"incarnation": self.incarnation} | matching, wanted)
        return [document async for document in found]

    async def offsets(self, matching: Document) -> dict[str, int]:
        """How far the log is folded into each stored case that matches."""
        found = self.collection.find(
            {"incarnation": self.incarnation} | matching, {"_id": True, "offset": True}
        )
        return {document["_id"]: document["offset"] async for document in found}

    def facts(self, documents: Iterable[Document]) -> list[tuple[str, S]]:
        """The states by case id, in its order. Takes some 100 µs a case: not for the event loop."""
        read = self._states.validate_python
        return sorted((document["_id"], read(document["state"])) for document in documents)

    async def due_until(self, moment: datetime) -> list[Document]:
        wanted = {"_id": True, "due": True}
        found = self.collection.find({"due": {"$lte": moment}}, wanted).sort("due", 1)
        return [document async for document in found]
