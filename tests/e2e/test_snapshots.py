"""What the real database answers about stored cases, and how much it has to read for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from lab.replay.case_fold import CaseFold
from services.decider import Decider
from services.shell.entries import Entry
from services.shell.newer import NewerThanThis
from services.shell.snapshots import Snapshots, connect
from services.sla.domain import DECIDER
from tests.story import CASE, moment
from tests.unit.held_case import held

STATE = CaseFold(CASE)
for _offset, _event in enumerate(held()):
    STATE.fold(_offset, _event)
Stored = Callable[..., Snapshots[Any]]


@pytest.fixture
async def stored(mongo_url: str) -> Any:
    """Snapshots of sla, or of another revision of it, in a database of the test's own."""
    database = connect(mongo_url, f"snapshots-{uuid4().hex[:8]}")

    def snapshots(decider: Decider[Any] = DECIDER, log: str = "this log") -> Snapshots[Any]:
        return Snapshots(database, decider, log)

    await snapshots().prepare()
    yield snapshots
    await database.client.drop_database(database.name)


def entry(case: str, offset: int = 3) -> Entry[Any]:
    due = DECIDER.due(STATE.states["sla"])
    return Entry(case, STATE.states["sla"], offset=offset, due=due.at if due else None)


def labelled(*labels: str, revision: int = 1) -> Decider[Any]:
    return replace(DECIDER, labels=lambda _: labels, revision=revision)


async def put(snapshots: Snapshots[Any], *entries: Entry[Any], partition: int = 0) -> None:
    await snapshots.write(snapshots.document(partition, each) for each in entries)


async def test_what_a_later_revision_has_stored_is_left_alone(stored: Stored) -> None:
    await put(stored(labelled("more", revision=2)), entry("a"))
    with pytest.raises(NewerThanThis, match="revision 2, and this version knows 1"):
        await stored(labelled(revision=1)).renew(0)
    assert (await stored().one("a") or {})["labels"] == "more"


async def test_up_to_where_the_log_is_in_them_is_known_and_only_moves_forward(
    stored: Stored,
) -> None:
    assert await stored().folded(0) == 0, "nothing is stored"
    await put(stored(), entry("a"))
    assert await stored().folded(0) == 0, "and what came after it was asked is not the whole"
    for said in (7, 5):
        await stored().keep_folded({0: said})
        assert await stored().folded(0) == 7
    await put(stored(), entry("b"), partition=1)
    assert await stored().folded(1) is None, "an older release stored it, and did not say"
    assert await stored(log="another").folded(0) == 0


async def test_timers_come_back_to_the_microsecond(stored: Stored) -> None:
    precise = replace(entry("a"), due=moment(1) + timedelta(microseconds=1))
    await put(stored(), precise, replace(entry("b"), due=None))
    await put(stored(), entry("c"), partition=1)
    timers = await stored().timers(0)
    assert timers.until(moment(100)) == {"a": precise.due}


async def test_timers_and_gauges_are_read_from_indexes_alone(stored: Stored) -> None:
    snapshots = stored(labelled("supervised"))
    await put(snapshots, *(entry(f"case {number}") for number in range(50)))
    wanted = {"incarnation": "this log", "partition": 0, "revision": 1, "due": {"$gt": 0}}
    plan = await snapshots.collection.find(wanted, {"_id": True, "due": True}).explain()
    assert plan["executionStats"]["nReturned"] == 50
    assert plan["executionStats"]["totalDocsExamined"] == 0


async def test_cases_are_counted_by_label_in_their_partitions(stored: Stored) -> None:
    await put(stored(labelled("late/vc/town", "supervised")), entry("a"), entry("b"))
    await put(stored(labelled("supervised")), entry("c"))
    await put(stored(labelled("supervised")), entry("d"), partition=1)
    await put(stored(labelled()), entry("e"))
    assert await stored().labelled([0]) == {"late/vc/town": 2, "supervised": 3}
    assert (await stored().labelled([0, 1]))["supervised"] == 4


async def test_what_another_revision_has_stored_is_said_anew(stored: Stored) -> None:
    """Also what an older release has stored, which knew no revisions."""
    old = stored(replace(labelled("old", revision=0), due=lambda _: None))
    await put(old, replace(entry("a"), due=None))
    ancient = old.document(0, entry("b")) | {"due": moment(5)}
    del ancient["revision"]
    await old.collection.insert_one(ancient)
    new = stored(labelled("new", revision=2))
    await new.renew(0)
    assert (await new.timers(0)).until(moment(100)) == {"a": entry("a").due, "b": entry("b").due}
    assert await new.labelled([0]) == {"new": 2}


async def test_what_is_not_stored_of_this_log_is_not_found(stored: Stored) -> None:
    await put(stored(), entry("a"))
    await put(stored(log="another log"), entry("b"))
    found = await stored().entries(["a", "b", "c"])
    assert [(each.id, each.offset, each.stored) for each in found] == [("a", 3, 3)]
    assert await stored().are_at_most(0, 1)
    assert not await stored().are_at_most(0, 0)


async def test_a_rebuild_puts_back_what_was_changed_and_spares_what_is_newer(
    stored: Stored,
) -> None:
    snapshots = stored()
    await put(snapshots, entry("a"), entry("newer", offset=9), entry("stranger"))
    await put(stored(log="another log"), entry("of another log"))
    await snapshots.collection.update_one({"_id": "a"}, {"$set": {"state": {}}})
    await snapshots.replace(snapshots.document(0, each) for each in (entry("a"), entry("newer")))
    await snapshots.forget({"stranger"})
    documents = {each["_id"]: each async for each in snapshots.collection.find({})}
    assert documents.keys() == {"a", "newer"}
    assert documents["a"]["state"] != {}
    assert documents["newer"]["offset"] == 9
