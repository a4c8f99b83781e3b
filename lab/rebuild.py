"""Rebuild: fold the log again, and compare with what is stored. The proof that MongoDB is a cache.

A stored document may lag behind the log by the second that a snapshot takes; it must then equal the
fold up to its own offset.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from bson import encode

from schemas import envelope
from schemas.envelope import Unreadable
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS, EVENT_TYPES
from services.decider import Decider
from services.shell.consuming import read_to_end
from services.shell.desk import Desk
from services.shell.incarnation import log_of
from services.shell.settings import Settings
from services.shell.snapshots import Document, Snapshots, connect


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
) -> tuple[dict[int, Desk[Any]], int]:
    """The desks that the log makes, by partition, and how many events there were."""
    desks: dict[int, Desk[Any]] = {}
    count = 0
    async for record in records:
        count += 1
        number = record.partition
        desk = desks.setdefault(number, Desk(decider, Rulebooks(), number))
        try:
            desk.fold(record.offset, envelope.read(record.value, EVENT_TYPES))
        except Unreadable:
            desk.skip("log", record.offset, live=False)
    return desks, count


async def compare(snapshots: Snapshots[Any], records: AsyncIterator[Any]) -> Comparison:
    """Fold everything, and hold each stored document against it, to the byte."""
    desks, events = await folded(snapshots.decider, records)
    made: dict[str, Document] = {
        case: snapshots.document(number, entry)
        for number, desk in desks.items()
        for case, entry in desk.entries.items()
    }
    found = Comparison(events=events, cases=len(made))
    async for stored in snapshots.documents():
        _hold_against(stored, made.pop(stored["_id"], None), found)
    found.missing = sorted(made)
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
    before = await snapshots.offsets({})
    desks, _ = await folded(snapshots.decider, _log(settings))
    explained: set[str] = set()
    for number, desk in desks.items():
        explained |= desk.entries.keys()
        await snapshots.replace(snapshots.document(number, e) for e in desk.entries.values())
    await snapshots.forget(before.keys() - explained)
    return len(explained)
