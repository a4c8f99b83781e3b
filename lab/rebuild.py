"""Rebuild: fold the log again, and compare with what is stored. The proof that MongoDB is a cache.

A stored document may lag behind the log by the second that a snapshot takes; it must then equal the
fold up to its own offset.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from bson import encode

from schemas.envelope import Reader, Unreadable
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS, EVENT_TYPES
from services.decider import Decider
from services.shell.consuming import read_to_end
from services.shell.desk import Desk
from services.shell.incarnation import log_of
from services.shell.newer import must_not_be_newer
from services.shell.settings import Settings
from services.shell.snapshots import Document, Snapshots, connect
from services.shell.step import COLLECT_RARELY


@dataclass(slots=True)
class Comparison:
    """How the stored documents compare with the fold of the log."""

    events: int = 0
    cases: int = 0
    equal: int = 0
    behind: int = 0
    """Stored before the log's last event of the case: a snapshot is on its way."""
    different: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    """Stored, but not on the log."""

    @property
    def holds(self) -> bool:
        return not (self.different or self.missing or self.unexplained or self.behind)


async def folded(
    decider: Decider[Any], records: AsyncIterator[Any]
) -> AsyncIterator[tuple[Desk[Any], int]]:
    """The desk that each partition of the log makes, and how many events there were. The records come
    partition by partition, so that no more than one of them is in memory."""
    gc.set_threshold(*COLLECT_RARELY)
    reader, desk, count = Reader(EVENT_TYPES), Desk(decider, Rulebooks(), -1), 0
    async for record in records:
        if record.partition != desk.partition:
            if count:
                yield desk, count
            desk, count = Desk(decider, Rulebooks(), record.partition), 0
        count += 1
        try:
            desk.fold(record.offset, reader.read(record.value))
        except Unreadable:
            must_not_be_newer(
                record.value, EVENT_TYPES, f"{record.topic}/{record.partition}@{record.offset}"
            )
            desk.skip("log", record.offset, live=False)
    if count:
        yield desk, count


async def compare(snapshots: Snapshots[Any], records: AsyncIterator[Any]) -> Comparison:
    """Fold everything, and hold each stored document against it, to the byte."""
    found, on_log = Comparison(), set[int]()
    async for desk, events in folded(snapshots.decider, records):
        number = desk.partition
        on_log.add(number)
        made = {case: snapshots.document(number, e) for case, e in desk.entries.items()}
        found.events += events
        found.cases += len(made)
        async for stored in snapshots.documents({"partition": number}):
            _hold_against(stored, made.pop(stored["_id"], None), found)
        found.missing += sorted(made)
    async for stored in snapshots.documents({"partition": {"$nin": list(on_log)}}):
        _hold_against(stored, None, found)
    return found


def _hold_against(stored: Document, made: Document | None, found: Comparison) -> None:
    if made is None:
        found.unexplained.append(stored["_id"])
    elif snapshot_bytes(stored) == snapshot_bytes(made):
        found.equal += 1
    elif stored["offset"] < made["offset"]:
        found.behind += 1
    else:
        found.different.append(stored["_id"])


def snapshot_bytes(document: Document) -> bytes:
    """The document as MongoDB keeps it, without the incarnation, which the log does not tell."""
    told = {name: document[name] for name in sorted(document) if name != "incarnation"}
    return bytes(encode(told))


def _log(settings: Settings) -> AsyncIterator[Any]:
    return read_to_end(settings, settings.topic(CASE_EVENTS.name))


async def run(service: str, settings: Settings, *, write: bool = False) -> Comparison:
    """`compare` for one service of the running platform; with `write`, put the fold in place."""
    decider: Decider[Any] = import_module(f"services.{service}.domain").DECIDER
    log = await log_of(settings)
    snapshots: Snapshots[Any] = Snapshots(
        connect(settings.mongo, settings.database), decider, log.copy
    )
    if write:
        await write_all(snapshots, settings)
    return await compare(snapshots, _log(settings))


async def write_all(snapshots: Snapshots[Any], settings: Settings) -> int:
    """Put the fold of the log in the place of what is stored; returns how many cases there are.

    Document by document, and at no moment is one missing that the log explains: a running service
    would take its case for a new one."""
    on_log, cases = set[int](), 0
    async for desk, _ in folded(snapshots.decider, _log(settings)):
        number = desk.partition
        on_log.add(number)
        cases += len(desk.entries)
        before = await snapshots.offsets({"partition": number})
        await snapshots.replace(snapshots.document(number, e) for e in desk.entries.values())
        await snapshots.forget(before.keys() - desk.entries.keys())
    left = await snapshots.offsets({"partition": {"$nin": list(on_log)}})
    await snapshots.forget(left)
    return cases
