"""From a world at rest to the history that is judged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from schemas import envelope, topics
from schemas.envelope import Payload
from tests.history import History, Record
from tests.simulation.broker import Stored
from tests.story import START

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.world import World

COMMANDS = {topic.name: service for service, topic in topics.COMMANDS_OF.items()}


def told(world: World) -> History:
    history = History(world.rulebooks)
    log: list[Record] = []
    commands: dict[str, list[Record]] = {service: [] for service in COMMANDS.values()}
    outside: list[Record] = []
    aside: list[str] = []
    for partition, records in sorted(world.broker.logs.items()):
        topic = partition.topic
        if topic == topics.CASE_EVENTS.name:
            log += [_record(each, topics.EVENT_TYPES) for each in records]
        elif topic in COMMANDS:
            commands[COMMANDS[topic]] += [_record(each, topics.PAYLOADS) for each in records]
        elif topic.endswith(".dead"):
            aside += [m.id for each in records if (m := _record(each, topics.PAYLOADS).message)]
        else:
            outside += [_record(each, topics.PAYLOADS) for each in records]
    history.log, history.commands = log, commands
    history.outside = sorted(outside, key=lambda record: record.at or 0)
    history.set_aside = frozenset(aside)
    history.reasons = world.dead_letters.reasons
    history.documents = {
        service: world.store[f"{service}_cases"].documents for service in world.deciders
    }
    history.committed = {
        service: {(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
        for service in world.deciders
        for offsets in [world.broker.committed.get(service, {})]
    }
    history.behind = {
        f"{group.name} at {partition}": len(world.broker.log(partition))
        - world.broker.committed.get(group.name, {}).get(partition, 0)
        for group in world.groups.values()
        for partition in group.partitions
    }
    history.timers_until = world.today - timedelta(seconds=30)
    history.clocks_differ = timedelta(hours=1, seconds=1)
    return history


def _record(stored: Stored, types: Mapping[str, type[Payload]]) -> Record:
    try:
        message = envelope.read(stored.value, types)
    except envelope.Unreadable:
        message = None
    key = (stored.key or b"").decode()
    written = START + timedelta(seconds=stored.wall)
    where = (stored.topic, stored.partition, stored.offset)
    return Record(*where, key, message, stored.at, written, stored.value)
