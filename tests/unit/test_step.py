"""The step's doing, with a broker and a database that are only written down."""

from __future__ import annotations

import asyncio
from math import inf
from typing import Any, cast

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from pymongo.errors import AutoReconnect

from schemas import ids, topics
from schemas.envelope import Message, read
from schemas.topics import PAYLOADS
from services.shell import lots
from services.shell.desk import Outgoing
from services.shell.lots import Lots
from services.shell.publishing import Publisher
from services.shell.settings import Settings
from services.shell.step import LostRecords
from tests.log import Log
from tests.story import CASE, START
from tests.unit.imagined_step import COMMANDS, LOG, Owner, Producer, World, made, types
from tests.unit.router_words import opened


@pytest.fixture
def world() -> World:
    world = World()
    world.log.happened(opened(), name="opened")
    return world


async def test_offsets_are_committed_only_after_the_snapshots_that_cover_them(
    world: World,
) -> None:
    owner = await (await world.owner()).turns(3)
    world.store.away = True
    await owner.step.save()
    assert owner.committed is None, "the database is away: nothing is committed"
    world.store.away = False
    await owner.step.save()
    assert owner.committed == len(world.log.records)
    assert world.store.documents


async def test_a_database_that_is_away_stops_no_message(world: World) -> None:
    owner = await world.owner()
    world.store.away = True
    await owner.turns(2)
    await owner.step.save()
    assert types(world.log) == ["case.opened.v1", "case.assigned.v1"]


async def test_a_database_that_is_away_is_left_alone_for_longer_each_time(world: World) -> None:
    owner = await (await world.owner()).turns(3)
    world.store.away = True
    rests = []
    for _ in range(4):
        await owner.step.save()
        rests.append(owner.step.saver.rest())
    assert rests == sorted(rests)
    assert rests[-1] > 2 * rests[0] > 0
    world.store.away = False
    await owner.step.save()
    assert owner.step.saver.rest() == 0


async def test_what_was_not_stored_is_stored_by_the_next_snapshot(world: World) -> None:
    owner = await (await world.owner()).turns(3)
    world.store.away = True
    await owner.step.save()
    world.store.away = False
    await owner.step.save()
    (kept,) = world.store.documents.values()
    assert kept.offset == len(world.log.records) - 1


async def test_a_save_that_is_cut_short_leaves_its_documents_to_the_next(world: World) -> None:
    owner = await (await world.owner()).turns(3)
    world.store.slow = asyncio.get_running_loop().create_future()
    saving = asyncio.create_task(owner.step.save())
    await asyncio.sleep(0)
    saving.cancel()
    world.store.slow = None
    await owner.step.save()
    assert owner.committed == len(world.log.records)
    assert world.store.documents, "what is committed is stored"


async def test_a_save_waits_for_the_one_before_it_and_stores_what_that_could_not(
    world: World,
) -> None:
    owner = await (await world.owner()).turns(3)
    world.store.slow = asyncio.get_running_loop().create_future()
    first = asyncio.create_task(owner.step.save())
    await asyncio.sleep(0)
    second = asyncio.create_task(owner.step.save())
    await asyncio.sleep(0)
    slow, world.store.slow = world.store.slow, None
    slow.set_exception(AutoReconnect("away"))
    await first
    await second
    assert owner.committed == len(world.log.records)
    assert world.store.documents, "what is committed is stored"


async def test_what_fails_while_partitions_are_taken_ends_the_process(world: World) -> None:
    """The client would only write it down, and leave the partitions paused for ever."""
    owner = Owner(world, Settings(clock="stream"))
    world.store.away = True
    with pytest.raises(AutoReconnect):
        await owner.step.on_partitions_assigned([LOG, COMMANDS])
    with pytest.raises(AutoReconnect):
        await asyncio.wait_for(owner.step.run(), 5)


async def test_a_send_that_fails_ends_the_step_and_commits_nothing(world: World) -> None:
    owner = await world.owner()
    owner.producer.refuses = True
    with pytest.raises(ConnectionError):
        await owner.turns(2)
    assert owner.committed is None


async def test_nothing_is_committed_before_the_broker_acknowledged_what_was_said(
    world: World,
) -> None:
    """The next turn goes on meanwhile; a save waits."""
    owner = await world.owner()
    owner.producer.acknowledged = asyncio.get_running_loop().create_future()
    await owner.step._turn(owner.consumer.batch())
    await owner.step._turn(owner.consumer.batch())
    saving = asyncio.create_task(owner.step.save())
    await asyncio.sleep(0)
    assert owner.step.unanswered() > 0
    assert (owner.committed, world.store.documents) == (None, {})
    owner.producer.acknowledged.set_result(None)
    await saving
    assert world.store.documents


def event(name: str, **facts: Any) -> Message[Any]:
    return Message(ids.derive("test", name), "/services/intake", CASE, START, opened(**facts))


async def test_messages_of_a_case_stay_in_order_where_they_need_several_batches(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "services.shell.publishing")
    log = Log()
    publisher = Publisher("router", Settings(), cast(Any, Producer(log)))
    said = [event(f"event {number}") for number in range(7)]
    await publisher.send([Outgoing(LOG.topic, CASE, message, 0) for message in said])
    assert [read(record, PAYLOADS).id for record in log.records] == [each.id for each in said]
    logged = [(vars(line)["case"], vars(line)["event"]) for line in caplog.records]
    assert logged == [(CASE, each.id) for each in said], "at debug, each has a line with its ids"


async def test_a_message_that_no_topic_takes_is_refused_before_it_is_sent() -> None:
    publisher = Publisher("router", Settings(), cast(Any, Producer(log := Log())))
    huge = event("huge", text="长" * topics.MAX_DEAD_BYTES)
    with pytest.raises(MessageSizeTooLargeError, match=r"case\.opened\.v1 of case"):
        await publisher.send([Outgoing(LOG.topic, CASE, huge, 0)])
    assert log.records == []


async def test_a_batch_from_before_a_rebalance_is_dropped_and_read_again(world: World) -> None:
    owner = await world.owner()
    await owner.turns(3)
    stale = made(LOG, 7, [world.log.records[0]])
    await owner.step._turn({LOG: stale})
    assert owner.consumer.positions[LOG] == len(world.log.records), "back to where reading was"
    assert owner.step.desks[0].positions["log"] == len(world.log.records)


async def test_records_that_the_broker_no_longer_has_stop_the_service(world: World) -> None:
    owner = await world.owner()
    owner.consumer.start = 5
    gone = made(LOG, 5, [world.log.records[0]])
    await owner.step._turn({LOG: gone})
    with pytest.raises(LostRecords, match="offset 0 is unanswered, but the topic now begins at 5"):
        await owner.step._turn({LOG: gone})


async def test_a_new_owner_folds_to_the_end_before_it_decides(world: World) -> None:
    """The old owner answered and died before it committed; the new one must not answer again."""
    await (await world.owner()).turns(2)
    successor = await world.owner()
    await successor.step._turn(successor.consumer.batch())
    assert types(world.log) == ["case.opened.v1", "case.assigned.v1"]
    await successor.turns(3)
    assert types(world.log) == ["case.opened.v1", "case.assigned.v1"]


async def test_commands_wait_while_the_log_is_folded(world: World) -> None:
    owner = await world.owner()
    assert COMMANDS in owner.consumer.stopped
    await owner.turns(2)
    assert COMMANDS not in owner.consumer.stopped


async def test_a_restart_begins_from_the_snapshot_and_the_committed_offset(world: World) -> None:
    owner = await (await world.owner()).turns(3)
    await owner.step.save()
    successor = await world.owner()
    successor.consumer.committed_offsets = owner.consumer.committed_offsets
    await successor.step.on_partitions_revoked([LOG, COMMANDS])
    await successor.step.on_partitions_assigned([LOG, COMMANDS])
    assert not successor.step.folding, "nothing is left to fold"
    (entry,) = successor.step.desks[0].entries.values()
    assert entry.state == next(iter(owner.step.desks[0].entries.values())).state


async def test_a_topic_that_is_held_when_its_partitions_go_is_not_let_go_for_who_has_them_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await (await world.owner()).turns(2)
    owner.step.lots = Lots(LOG.topic)
    owner.step.lots.came({}, cast(Any, owner.consumer))
    assert owner.consumer.stopped == {LOG}, "it is held"
    await owner.step.on_partitions_revoked([LOG, COMMANDS])
    monkeypatch.setattr(lots, "monotonic", lambda: inf)
    owner.step.lots.let_go(cast(Any, owner.consumer))
    assert owner.consumer.stopped == {LOG}


async def test_under_the_wall_clock_timers_wait_for_a_grace_after_catching_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await world.owner(timer_grace_seconds=5.0)
    owner.step.ticking.settings = owner.step.settings.model_copy(update={"clock": "wall"})
    seconds = [100.0]
    monkeypatch.setattr("services.shell.ticking.monotonic", lambda: seconds[0])
    await owner.turns(3)
    assert owner.step.ticking.now(owner.step._caught_up) is None, "caught up just now"
    seconds[0] += 4.9
    assert owner.step.ticking.now(owner.step._caught_up) is None
    seconds[0] += 0.2
    assert owner.step.ticking.now(owner.step._caught_up) is not None


async def test_a_database_that_was_lost_is_made_again_from_the_log(world: World) -> None:
    """Also where the one who began it died half-way: what it stored is not taken for the whole."""
    owner = await (await world.owner()).turns(3)
    await owner.step.save()
    kept = dict(world.store.documents)
    world.store.is_lost()
    said = len(world.log.records)

    first = await after(world, owner)
    first.consumer.batch()  # it has read, and nothing of it is folded
    await first.step.save()
    second = await (await after(world, owner)).turns(3)
    await second.step.save()
    assert (world.store.documents, len(world.log.records)) == (kept, said)


async def test_a_database_that_was_put_back_as_it_was_is_brought_forward(world: World) -> None:
    owner = await (await world.owner()).turns(1)
    await owner.step.save()
    before = dict(world.store.documents), world.store.offset
    await owner.turns(2)
    await owner.step.save()
    kept = dict(world.store.documents)
    assert kept != before[0]
    world.store.documents, world.store.offset = before
    said = len(world.log.records)
    successor = await (await after(world, owner)).turns(3)
    await successor.step.save()
    assert (world.store.documents, len(world.log.records)) == (kept, said)


async def after(world: World, owner: Owner) -> Owner:
    """The next owner of what that one had committed."""
    successor = Owner(world, owner.step.settings)
    successor.consumer.committed_offsets = dict(owner.consumer.committed_offsets)
    await successor.step.on_partitions_assigned([LOG, COMMANDS])
    return successor
