"""Rebuild goes partition by partition, and yet finds every document that is not the fold of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.cases import START
from benchmarks.lives import life
from lab.rebuild import compare, folded
from schemas import envelope
from services.router.domain import DECIDER
from services.shell.entries import Entry
from services.shell.snapshots import Document, States, document_of

CASES = 6
PARTITIONS = 3


async def log() -> AsyncIterator[Any]:
    """The lives of six cases in three partitions, one of which begins with something unreadable."""
    for partition in range(PARTITIONS):
        lives = [life(number, START) for number in range(partition, CASES, PARTITIONS)]
        values = [b"what?"] if partition == 1 else []
        values += [envelope.write(event) for events in lives for event in events]
        for offset, value in enumerate(values):
            yield SimpleNamespace(
                topic="case.events", partition=partition, offset=offset, value=value
            )


class Stored:
    """The documents, as MongoDB finds them."""

    decider = DECIDER

    def __init__(self) -> None:
        self.kept: dict[str, Document] = {}
        self._states = States(DECIDER)

    def document(self, partition: int, entry: Entry[Any]) -> Document:
        return document_of(self._states, partition, entry, "this log")

    async def documents(self, matching: Document) -> AsyncIterator[Document]:
        match matching["partition"]:
            case {"$nin": others}:
                found = [each for each in self.kept.values() if each["partition"] not in others]
            case number:
                found = [each for each in self.kept.values() if each["partition"] == number]
        for each in found:
            yield each


async def filled() -> Any:
    stored = Stored()
    async for desk, _ in folded(DECIDER, log()):
        for entry in desk.entries.values():
            stored.kept[entry.id] = stored.document(desk.partition, entry)
    return stored


async def test_what_is_stored_of_every_partition_equals_the_fold() -> None:
    found = await compare(await filled(), log())
    assert (found.cases, found.equal, found.holds) == (CASES, CASES, True)
    assert found.events == len([record async for record in log()])


async def test_each_partition_is_folded_by_itself() -> None:
    seen = [(desk.partition, len(desk.entries)) async for desk, _ in folded(DECIDER, log())]
    assert seen == [(number, CASES // PARTITIONS) for number in range(PARTITIONS)]


async def test_what_is_missing_different_or_behind_is_found_in_whichever_partition() -> None:
    stored = await filled()
    missing, different, behind, *_ = sorted(stored.kept)
    del stored.kept[missing]
    stored.kept[different]["seen"] = b"others"
    stored.kept[behind]["offset"] -= 1
    found = await compare(stored, log())
    assert (found.missing, found.different, found.behind) == ([missing], [different], 1)


async def test_a_document_in_a_partition_of_which_the_log_says_nothing_is_unexplained() -> None:
    stored = await filled()
    some = next(iter(stored.kept.values()))
    stored.kept["lost"] = some | {"_id": "lost", "partition": PARTITIONS}
    assert (await compare(cast(Any, stored), log())).unexplained == ["lost"]
