"""A topic's records on more partitions. Pure: where each goes, and how far services had answered.

    records, together by their time ─► place ─► the partition of the key, as every client finds it
                                    ─► answered(group) ─► what the group has behind it over there

The rule to remember: **records of one key stay in their order, with nothing between them lost**. They
come from one partition and go to one partition, so no more is needed than to keep each partition's
own order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heapify, heappop, heapreplace
from typing import Any

from services.shell.publishing import partition_of_bytes

Offsets = Mapping[int, int]
"""By partition, the offset below which all is answered."""


async def together(streams: Iterable[AsyncIterator[Any]]) -> AsyncIterator[Any]:
    """The records of several partitions as one stream, by their timestamps, each partition's in its
    own order."""
    heads = [(record, stream) for stream in streams if (record := await anext(stream, None))]
    heap = [
        (record.timestamp, number, record, stream) for number, (record, stream) in enumerate(heads)
    ]
    heapify(heap)
    while heap:
        _, number, record, stream = heap[0]
        yield record
        following = await anext(stream, None)
        if following is None:
            heappop(heap)
        else:
            heapreplace(heap, (following.timestamp, number, following, stream))


@dataclass
class Places:
    """Where the records of one topic go, in the order in which they are placed."""

    partitions: int
    committed: Mapping[str, Offsets]
    """Of each group that reads the topic."""
    ends: Counter[int] = field(default_factory=Counter)
    _first_open: dict[str, dict[int, int]] = field(default_factory=dict)
    """Of each group and new partition, the first record that was not answered."""

    def place(self, record: Any) -> int:
        """The record's new partition; its offset there is the partition's end so far."""
        if record.key is None:
            to = int(record.partition)  # nobody's: it is skipped wherever it lies
        else:
            to = partition_of_bytes(record.key, self.partitions)
        for group, answered in self.committed.items():
            if record.offset >= answered.get(record.partition, 0):
                self._first_open.setdefault(group, {}).setdefault(to, self.ends[to])
        self.ends[to] += 1
        return to

    def answered(self, group: str) -> dict[int, int]:
        """What the group is to commit: nothing that it had not answered lies below."""
        still_open = self._first_open.get(group, {})
        return {n: still_open.get(n, self.ends[n]) for n in range(self.partitions)}


@dataclass
class Fingerprints:
    """What was read of each key, in its order: equal for two topics that hold the same."""

    records: int = 0
    keys: dict[bytes | None, bytes] = field(default_factory=dict)

    def add(self, record: Any) -> None:
        self.records += 1
        digest = blake2b(self.keys.get(record.key, b""), digest_size=16)
        for part in (record.value, *(part for header in record.headers for part in header)):
            written = part.encode() if isinstance(part, str) else part
            digest.update(b"-" if written is None else b"%d:" % len(written) + written)
        digest.update(str(record.timestamp).encode())
        self.keys[record.key] = digest.digest()
