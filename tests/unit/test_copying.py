"""Copying a topic on to more partitions: nothing lost, nothing doubled, no key out of its order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lab.moving.copying import Fingerprints, Places, together
from services.shell.publishing import partition_of

OLD, NEW = 3, 7


@dataclass(frozen=True)
class Record:
    key: bytes
    partition: int
    offset: int
    timestamp: int
    value: bytes = b""
    headers: tuple[tuple[str, bytes], ...] = ()


Topic = list[list[Record]]


@st.composite
def topics(draw: Any) -> Topic:
    """Records of few keys, at times that do not always go forward."""
    topic: Topic = [[] for _ in range(OLD)]
    times = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), max_size=40))
    for number, (case, at) in enumerate(times):
        to = partition_of(f"case {case}", OLD)
        topic[to].append(Record(b"case %d" % case, to, len(topic[to]), at, b"%d" % number))
    return topic


@st.composite
def committed(draw: Any) -> list[int]:
    offsets: list[int] = draw(st.lists(st.integers(0, 20), min_size=OLD, max_size=OLD))
    return offsets


async def _lane(records: list[Record]) -> AsyncIterator[Record]:
    for record in records:
        yield record


async def copied(topic: Topic, places: Places) -> list[list[Record]]:
    """The new partitions; each record as it was."""
    new: list[list[Record]] = [[] for _ in range(NEW)]
    async for record in together([_lane(lane) for lane in topic]):
        new[places.place(record)].append(record)
    return new


@given(topics())
async def test_a_key_keeps_its_order_and_lies_where_every_client_looks_for_it(topic: Topic) -> None:
    new = await copied(topic, Places(NEW, {}))
    before, after = Fingerprints(), Fingerprints()
    for lanes, found in ((topic, before), (new, after)):
        for record in (record for lane in lanes for record in lane):
            found.add(record)
    assert after == before
    for number, lane in enumerate(new):
        assert all(partition_of(str(r.key, "ascii"), NEW) == number for r in lane)


@given(topics(), committed())
async def test_what_was_unanswered_lies_ahead_and_the_first_that_lies_ahead_was_unanswered(
    topic: Topic, answered: list[int]
) -> None:
    places = Places(NEW, {"group": dict(enumerate(answered)), "new": {}})
    new = await copied(topic, places)
    for number, start in places.answered("group").items():
        lane = new[number]
        assert all(r.offset < answered[r.partition] for r in lane[:start])
        assert start == len(lane) or lane[start].offset >= answered[lane[start].partition]
    assert set(places.answered("new").values()) == {0}


async def test_all_that_was_answered_is_answered_after_it() -> None:
    topic = [
        [Record(b"case %d" % n, p, o, o) for o, n in enumerate(range(p, 30, OLD))]
        for p in range(OLD)
    ]
    places = Places(NEW, {"group": {p: len(lane) for p, lane in enumerate(topic)}})
    new = await copied(topic, places)
    assert places.answered("group") == {number: len(lane) for number, lane in enumerate(new)}


@given(topics())
async def test_partitions_are_read_together_by_their_time(topic: Topic) -> None:
    """So that what lies in one new partition from several old ones is in the order of its time,
    wherever the old ones were themselves."""
    ordered = [sorted(lane, key=lambda record: record.timestamp) for lane in topic]
    times = [record.timestamp async for record in together([_lane(lane) for lane in ordered])]
    assert times == sorted(times)


def test_a_record_that_is_changed_doubled_or_overtaken_is_seen() -> None:
    one, two = Record(b"a", 0, 0, 1, b"1"), Record(b"a", 0, 1, 1, b"2")
    right = Fingerprints()
    for record in (one, two):
        right.add(record)
    headed = Record(b"a", 0, 1, 1, b"2", (("k", b"v"),))
    later = Record(b"a", 0, 1, 2, b"2")
    for wrong in ((two, one), (one,), (one, two, two), (one, headed), (one, later)):
        found = Fingerprints()
        for record in wrong:
            found.add(record)
        assert found != right
