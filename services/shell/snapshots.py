"""Snapshots: what MongoDB keeps of the folds, for restarts and for questions.

A document is a cache of the log: `rebuild` makes it again, equal to the byte. It only ever moves
forward, by log offset within one incarnation of the log, so that a slow or doubled owner does no
harm.

    {_id: case, partition, offset, incarnation, seen, void, copies, state: {...},
     revision, due, labels}

Beside them stands, in `folded`, up to where the log is in them: ``{_id: service/partition,
incarnation, offset}``. So a database that was lost, or put back as it was, is made good from the log.

`due` is when the next timer runs out, in microseconds since 1970: MongoDB's own dates would cut it
to milliseconds, and a timer must not run out before its time. `labels` are what the gauges count the
case under. Both follow from the state, as the decider of that `revision` reads it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeAlias

from bson import Binary
from bson.codec_options import CodecOptions
from pydantic import TypeAdapter
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError
from pymongo.write_concern import WriteConcern

from services.decider import Decider, S
from services.shell.entries import Entry
from services.shell.newer import NewerThanThis
from services.shell.timers import Timers, ticks

Document = dict[str, Any]
Collection: TypeAlias = AsyncCollection[Document]
DUPLICATE_KEY = 11000
PORTION = 200
"""States read at a stretch: some 20 ms."""
TIMERS = 5_000
"""Timers read at a stretch: as long."""


def connect(url: str, database: str) -> AsyncDatabase[Document]:
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        url, serverSelectionTimeoutMS=10_000, tz_aware=True
    )
    options: CodecOptions[Document] = CodecOptions(tz_aware=True)
    return client.get_database(
        database, codec_options=options, write_concern=WriteConcern(w="majority")
    )


class States(Generic[S]):
    """How the states of one service are written and read, and what is stored beside them."""

    def __init__(self, decider: Decider[S]) -> None:
        self.decider = decider
        self._adapter: TypeAdapter[S] = TypeAdapter(type(decider.initial()))
        self.read = self._adapter.validate_python

    def write(self, state: S) -> Any:
        return self._adapter.dump_python(state, mode="json", exclude_defaults=True)


def document_of(states: States[S], partition: int, entry: Entry[S], incarnation: str) -> Document:
    """What is stored of a case."""
    document: Document = {
        "_id": entry.id,
        "partition": partition,
        "offset": entry.offset,
        "incarnation": incarnation,
        "seen": Binary(entry.seen),
        "void": Binary(entry.void),
        "state": states.write(entry.state),
        "revision": states.decider.revision,
    }
    if entry.copies:
        document["copies"] = list(entry.copies)
    if entry.due is not None:
        document["due"] = ticks(entry.due)
    if labels := states.decider.labels(entry.state):
        document["labels"] = " ".join(labels)
    return document


class Snapshots(Generic[S]):
    """The stored states of one service."""

    def __init__(
        self, database: AsyncDatabase[Document], decider: Decider[S], incarnation: str
    ) -> None:
        kept = WriteConcern(w="majority", j=True)
        """A state that has left the memory cannot be written again."""
        self.collection = database[f"{decider.service}_cases"].with_options(write_concern=kept)
        self._progress = database["progress"]
        self.up_to = database["folded"].with_options(write_concern=kept)
        self.decider = decider
        self.incarnation = incarnation
        self._states = States(decider)
        self._offsets_indexed = False

    async def prepare(self) -> None:
        """Indexes that answer alone what a restart and the gauges ask: no document is read."""
        ours = [("incarnation", 1), ("partition", 1)]
        await self.collection.create_index([*ours, ("revision", 1), ("due", 1), ("_id", 1)])
        await self.collection.create_index(
            [*ours, ("labels", 1)], partialFilterExpression={"labels": {"$exists": True}}
        )

    def document(self, partition: int, entry: Entry[S]) -> Document:
        return document_of(self._states, partition, entry, self.incarnation)

    def entry(self, document: Document) -> Entry[S]:
        return Entry(
            id=document["_id"],
            state=self._states.read(document["state"]),
            seen=bytes(document["seen"]),
            void=bytes(document["void"]),
            copies=tuple(document.get("copies", ())),
            offset=document["offset"],
            stored=document["offset"],
        )

    async def write(self, documents: Iterable[Document]) -> None:
        """Put the documents where theirs is the newer state. Raises on anything else than an
        older write meeting a newer document."""
        await self._write(ReplaceOne(self._older_than(new), new, upsert=True) for new in documents)

    async def _write(
        self, requests: Iterable[ReplaceOne[Document]], to: Collection | None = None
    ) -> None:
        bulk = list(requests)
        if not bulk:
            return
        try:
            await (self.collection if to is None else to).bulk_write(bulk, ordered=False)
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

    async def keep_folded(self, offsets: Mapping[int, int]) -> None:
        """Write down up to where the log is in what is stored, by partition: the next offset."""
        documents = [
            {"_id": f"{self.decider.service}/{partition}", "incarnation": self.incarnation}
            | {"offset": offset}
            for partition, offset in offsets.items()
        ]
        await self._write(
            [ReplaceOne(self._older_than(each), each, upsert=True) for each in documents],
            self.up_to,
        )

    async def folded(self, partition: int) -> int | None:
        """Up to where the log is in what is stored; None where an older release stored it, which
        did not say. Nought is written down before anything is stored: what a crash then leaves
        half done is never taken for that."""
        about = {"_id": f"{self.decider.service}/{partition}", "incarnation": self.incarnation}
        if found := await self.up_to.find(about).to_list(1):
            return int(found[0]["offset"])
        if not await self.are_at_most(partition, 0):
            return None
        await self.keep_folded({partition: 0})
        return 0

    async def load(self, partition: int) -> list[Entry[S]]:
        """The states of one partition, those of this log alone. Many take seconds, in which the
        group must hear of us: each portion lets others run."""
        entries: list[Entry[S]] = []
        async for document in self.collection.find(self._of(partition)):
            entries.append(self.entry(document))
            if len(entries) % PORTION == 0:
                await asyncio.sleep(0)
        return entries

    async def entries(self, cases: Iterable[str]) -> list[Entry[S]]:
        """The stored states of these cases; what is not stored is not among them."""
        wanted = {"_id": {"$in": list(cases)}, "incarnation": self.incarnation}
        return [self.entry(document) async for document in self.collection.find(wanted)]

    async def are_at_most(self, partition: int, number: int) -> bool:
        """Whether no more cases than that are stored of a partition."""
        found = self.collection.find(self._of(partition), {"_id": True}, limit=number + 1)
        return len(await found.to_list(number + 1)) <= number

    async def timers(self, partition: int) -> Timers:
        """Those of all stored cases of a partition, once `renew` has been there; no state is
        read."""
        wanted = self._of(partition) | {"revision": self.decider.revision, "due": {"$gt": 0}}
        found = self.collection.find(wanted, {"_id": True, "due": True})
        pairs: list[tuple[str, int]] = []
        while portion := await found.to_list(TIMERS):
            pairs += [(document["_id"], document["due"]) for document in portion]
            await asyncio.sleep(0)
        return Timers.of_ticks(pairs)

    async def renew(self, partition: int) -> None:
        """Say anew what follows from the states that another revision of the decider has stored:
        their timers and labels. Some 300 µs a case, once after such a release. Raises
        `NewerThanThis` where a later revision was here: what it knows more would be lost."""
        later = self._of(partition) | {"revision": {"$gt": self.decider.revision}}
        if found_later := await self.collection.find(later, limit=1).to_list(1):
            raise NewerThanThis(
                f"stored cases of partition {partition} are of revision "
                f"{found_later[0]['revision']}, and this version knows {self.decider.revision}: "
                "upgrade this instance"
            )
        other = self._of(partition) | {"revision": {"$ne": self.decider.revision}}
        found = self.collection.find(other)
        while portion := await found.to_list(PORTION):
            entries = [self.entry(document) for document in portion]
            for entry in entries:
                timer = self.decider.due(entry.state)
                entry.due = timer.at if timer else None
            await self._write(
                ReplaceOne({"_id": e.id, "offset": e.offset} | other, self.document(partition, e))
                for e in entries
            )

    async def labelled(self, partitions: Iterable[int]) -> Counter[str]:
        """How many stored cases of these partitions the gauges count under each label."""
        ours = {"incarnation": self.incarnation, "partition": {"$in": list(partitions)}}
        found = await self.collection.aggregate(
            [
                {"$match": ours | {"labels": {"$exists": True}}},
                {"$group": {"_id": "$labels", "cases": {"$sum": 1}}},
            ],
            hint="incarnation_1_partition_1_labels_1",
        )
        count: Counter[str] = Counter()
        async for group in found:
            for label in group["_id"].split():
                count[label] += group["cases"]
        return count

    def _of(self, partition: int) -> Document:
        return {"incarnation": self.incarnation, "partition": partition}

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

    async def documents(self, matching: Document | None = None) -> AsyncIterator[Document]:
        """The stored documents of this log that match; without a word, all of them."""
        wanted = {"incarnation": self.incarnation} | (matching or {})
        async for document in self.collection.find(wanted):
            yield document

    async def replace(self, documents: Iterable[Document]) -> None:
        """Put these in the place of what is stored, also where theirs is no newer state."""
        await self._write(
            ReplaceOne(self._older_than(new | {"offset": new["offset"] + 1}), new, upsert=True)
            for new in documents
        )

    async def forget(self, cases: Iterable[str]) -> None:
        """Delete these cases, and whatever another log has left."""
        await self.collection.delete_many({"incarnation": {"$ne": self.incarnation}})
        await self.collection.delete_many({"_id": {"$in": list(cases)}})

    async def states(self, matching: Document) -> AsyncIterator[tuple[str, S]]:
        """The stored cases that match, one after the other, for looks that are in no hurry."""
        found = self.collection.find({"incarnation": self.incarnation} | matching)
        while portion := await found.to_list(PORTION):
            for document in portion:
                yield document["_id"], self._states.read(document["state"])
            await asyncio.sleep(0)

    async def changed(
        self, partition: int, since: int, portion: int
    ) -> AsyncIterator[list[Document]]:
        """Id and state, as stored, of the cases of a partition into which a record of the log at
        ``since`` or later was folded; some at a time, in no order."""
        await self._index_offsets()
        wanted = self._of(partition) | {"offset": {"$gte": since}}
        found = self.collection.find(wanted, {"_id": True, "state": True})
        while some := await found.to_list(portion):
            yield some

    async def _index_offsets(self) -> None:
        """Only a service that asks has this index: every document that is written moves in it."""
        if not self._offsets_indexed:
            await self.collection.create_index(
                [("incarnation", 1), ("partition", 1), ("offset", 1)]
            )
            self._offsets_indexed = True

    async def stored_up_to(self) -> dict[int, int]:
        """By partition, up to where the log is in what is stored, as far as its owner has said."""
        found = self.up_to.find(
            {"_id": {"$regex": f"^{self.decider.service}/"}, "incarnation": self.incarnation}
        )
        return {int(each["_id"].rpartition("/")[2]): each["offset"] async for each in found}

    async def offsets(self, matching: Document) -> dict[str, int]:
        """How far the log is folded into each stored case that matches."""
        found = self.collection.find(
            {"incarnation": self.incarnation} | matching, {"_id": True, "offset": True}
        )
        return {document["_id"]: document["offset"] async for document in found}
