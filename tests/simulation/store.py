"""MongoDB, as far as `Snapshots` knows it: unordered bulks of conditional replacements, and finds.

A bulk is not one deed: each replacement is done at its own moment, while others read and write; some
may be done and others not, and whoever asked may never hear how many. A bulk that is under way goes
on when its sender has died.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from pymongo import ReplaceOne
from pymongo.errors import AutoReconnect, BulkWriteError

from services.shell.snapshots import DUPLICATE_KEY
from tests.simulation.loop import PROCESS
from tests.simulation.network import Network

Document = dict[str, Any]


@dataclass
class Collection:
    network: Network
    documents: dict[str, Document] = field(default_factory=dict)
    losses: int = 0
    """What was on its way to a database that is lost never lands in the next."""

    def with_options(self, **_options: Any) -> Collection:
        return self

    async def create_index(self, _keys: Any) -> None: ...

    async def bulk_write(self, requests: list[ReplaceOne[Document]], *, ordered: bool) -> None:
        assert not ordered
        faults: list[Document] = []
        under_way = [self._request(each, faults) for each in requests]
        if (process := PROCESS.get()) is not None:
            process.has_written()
        await asyncio.gather(*under_way)
        if faults:
            raise BulkWriteError({"writeErrors": faults, "writeConcernErrors": []})

    def _request(self, one: ReplaceOne[Document], faults: list[Document]) -> asyncio.Future[None]:
        losses = self.losses

        def land() -> None:
            if losses == self.losses and not self._replace(dict(one._filter), dict(one._doc)):
                faults.append({"code": DUPLICATE_KEY})

        return self.network.request(land, _away)

    def _replace(self, wanted: Document, new: Document) -> bool:
        """One upsert. False where a document that does not match stands under its id."""
        old = self.documents.get(new["_id"])
        if old is not None and not matches(old, wanted):
            return False
        self.documents[new["_id"]] = new
        return True

    async def _found(self, wanted: Document) -> list[Document]:
        def read() -> list[Document]:
            return [each for each in self.documents.values() if matches(each, wanted)]

        return await self.network.request(read, _away)

    def find(self, wanted: Document, _names: Any = None, *, limit: int | None = None) -> Cursor:
        return Cursor(self, wanted, limit)


@dataclass
class Cursor:
    """What a question finds, all at one moment."""

    collection: Collection
    wanted: Document
    limit: int | None
    found: list[Document] | None = None

    async def __aiter__(self) -> AsyncIterator[Document]:
        for document in await self.to_list(None):
            yield document

    async def to_list(self, most: int | None) -> list[Document]:
        if self.found is None:
            self.found = (await self.collection._found(self.wanted))[: self.limit]
        portion, self.found = self.found[:most], self.found[len(self.found[:most]) :]
        return portion


def _away() -> Exception:
    process = PROCESS.get()
    return AutoReconnect(f"the database is away for {process.name if process else 'all'}")


def matches(document: Document, wanted: Document) -> bool:
    """Equality, ``$lt``, ``$gt``, ``$gte``, ``$in``, ``$ne``, ``$regex``, ``$or``: all that `Snapshots` asks."""
    return all(_holds(document, name, what) for name, what in wanted.items())


def _holds(document: Document, name: str, wanted: Any) -> bool:
    if name == "$or":
        return any(matches(document, each) for each in wanted)
    if isinstance(wanted, dict):
        return all(_compare(document.get(name), sign, value) for sign, value in wanted.items())
    return bool(document.get(name) == wanted)


def _compare(found: Any, sign: str, value: Any) -> bool:
    match sign:
        case "$lt":
            return bool(found < value)
        case "$gt":
            return found is not None and bool(found > value)
        case "$gte":
            return found is not None and bool(found >= value)
        case "$regex":
            return re.search(value, found) is not None
        case "$in":
            return found in value
        case "$ne":
            return bool(found != value)
        case _:
            raise NotImplementedError(f"this store knows no {sign}: teach it")


@dataclass
class Store:
    """A database: collections by name."""

    network: Network
    collections: dict[str, Collection] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Collection:
        return self.collections.setdefault(name, Collection(self.network))

    def is_lost(self) -> None:
        """An empty one takes its place."""
        for collection in self.collections.values():
            collection.documents.clear()
            collection.losses += 1

    def __iter__(self) -> Iterator[str]:
        return iter(self.collections)
