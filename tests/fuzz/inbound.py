"""Every inbound topic, through what reads it: bytes ─► door, reader ─► desk ─► what comes out.

A door's commands go on to the desk of its service, and its events come back from the log, so that
odd words are decided upon, folded and told as well, on cases that much has happened to.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson
from aiokafka import TopicPartition
from pydantic import ValidationError

from schemas import envelope, topics
from schemas.envelope import Message, Reader, Unreadable, write
from schemas.inputs import Action, ClockTick, Verdict
from schemas.publish import read_samples
from services.decider import Decider
from services.intake.domain import DECIDER as INTAKE_DECIDER
from services.intake.doors import doors as intake_doors
from services.intake.nearby import Nearby
from services.rating.domain import DECIDER as RATING_DECIDER
from services.rating.doors import doors as rating_doors
from services.router.domain import DECIDER as ROUTER_DECIDER
from services.router.doors import doors as router_doors
from services.shell.desk import LOG, Desk
from services.shell.doors import Door
from services.shell.incarnation import INCARNATION_KEY
from services.shell.publishing import Publisher
from services.shell.reference import to_records
from services.shell.reference_feed import ReferenceFeed
from services.shell.relay import Relay
from services.shell.settings import Settings
from services.shell.ticking import Ticking
from services.sla.domain import DECIDER as SLA_DECIDER
from tests.county import small_county
from tests.fuzz.mutating import mutated
from tests.fuzz.target import Feed, Target, Wrong
from tests.fuzz.worlds import Broker, desk_of, known, tools
from tests.rehearsed import month

DECIDERS = (INTAKE_DECIDER, ROUTER_DECIDER, SLA_DECIDER, RATING_DECIDER)
DOORS = {
    "intake": lambda given: intake_doors(given, Nearby()),
    "router": router_doors,
    "rating": rating_doors,
}
SAMPLES = read_samples()
JULY = 1_657_000_000_000
STREAM = Settings(clock="stream")


def targets() -> Iterator[Target]:
    for service in DOORS:
        for door in DOORS[service](tools(Broker())):
            yield Target(f"{door.topic.name} {service}", through_door(service, door.topic.name), 6)
    for decider in DECIDERS:
        yield Target(f"case.events {decider.service}", through_log(decider), 8)
        if decider.service in topics.COMMANDS_OF:
            yield Target(f"{decider.service}.commands", through_commands(decider), 6)
    yield Target("reference", through_feed)
    yield Target("clock", through_clock)


# ── doors ────────────────────────────────────────────────────────────────────────────────────


def through_door(service: str, name: str) -> Any:
    decider = next(each for each in DECIDERS if each.service == service)

    def world() -> Feed:
        broker = Broker()
        door = next(d for d in DOORS[service](tools(broker)) if d.topic.name == name)
        given: Any = broker
        relay = Relay(service, door, STREAM, Publisher(service, STREAM, given), given)
        life = Life(decider)
        good = inputs_of(door)
        offset = 0

        async def feed(chance: Random) -> str:
            nonlocal offset
            offset += 1
            value = mutated(chance.choice(good), chance)
            await relay.turn(_batch(door, value, offset))
            await relay.acknowledged()
            return _outcome(broker, life, value)

        return feed

    return world


def _batch(door: Door[Any], value: bytes, offset: int) -> Any:
    lead = str(month().desks["router"].entries[known()[0]].state.lead)
    topic = door.topic.of(lead) if door.topic.per_department else door.topic.name
    record = SimpleNamespace(
        topic=topic, partition=0, offset=offset, timestamp=JULY + offset, key=b"any", value=value,
        headers=(),
    )  # fmt: skip
    return {TopicPartition(topic, 0): [record]}


def inputs_of(door: Door[Any]) -> list[bytes]:
    """Good messages: the published sample, and one for each case and each thing that may be said."""
    sample = SAMPLES[door.reads.TYPE]
    data = sample.get("data", sample)
    verbs: list[dict[str, Any]] = [{}]
    if door.topic is topics.UPDATES:
        verbs = [{"action": action.value} for action in Action]
    if door.topic is topics.TRIAGE_DECISIONS:
        verbs = [{"action": verdict.value, "into": known()[0]} for verdict in Verdict]
    cases = [{"case_id": case} for case in known()] if "case_id" in data else [{}]
    made = [data | verb | case for verb in verbs for case in cases]
    return [orjson.dumps(sample), *map(orjson.dumps, made)]


def _outcome(broker: Broker, life: Life, value: bytes) -> str:
    sent, broker.sent = broker.sent, []
    dead, broker.dead = broker.dead, []
    if not all(dead):
        raise Wrong(f"set aside without a reason: {value!r}")
    for topic, written in sent:
        if topic.endswith(".commands"):
            life.command(written)
        elif not orjson.loads(written)["data"].get("reason"):
            raise Wrong(f"refused without a reason: {value!r}")
    if dead:
        return "set aside"
    commanded = any(topic.endswith(".commands") for topic, _ in sent)
    return "taken" if commanded else "refused" if sent else "another's"


# ── desks ────────────────────────────────────────────────────────────────────────────────────


class Life:
    """A desk, what comes to it, and its answers, which come back from the log."""

    def __init__(self, decider: Decider[Any]) -> None:
        self.desk: Desk[Any] = desk_of(decider)
        commands = topics.COMMANDS_OF.get(decider.service)
        self._commands = Reader({m.TYPE: m for m in commands.messages}) if commands else None
        self._commanded = 0

    def command(self, value: bytes) -> None:
        assert self._commands is not None
        self._commanded += 1
        self.desk.command(self._commanded, self._commands.read(value))
        self.goes_on(value)

    def happens(self, event: Message[Any]) -> None:
        self.desk.read(self.desk.positions[LOG], event)

    def goes_on(self, value: bytes) -> None:
        """Until nothing more follows."""
        while True:
            self.desk.settle()
            if self.desk.needs_log_end():
                self.desk.log_ends_at(self.desk.positions[LOG])
                self.desk.settle()
            self._nothing_broke(value)
            out = self.desk.take_outgoing()
            written = [(item, write(item.message, item.key)) for item in out]
            events = [item.message for item, _ in written if item.topic == topics.CASE_EVENTS.name]
            if not events:
                return
            for event in events:
                self.happens(event)

    def _nothing_broke(self, value: bytes) -> None:
        """A failure sets the cause aside; `Error:` is one that nobody thought of."""
        broken = [f.reason for f in self.desk.take_failures() if "Error:" in f.reason.split(" ")[0]]
        if broken:
            raise Wrong(f"{broken}: {value!r}")


def both_ways(reader: Reader, value: bytes) -> Message[Any] | None:
    """The message, if both ways of reading find one; None if neither does."""
    fast, slow = _read(reader.read, value), _read(lambda v: envelope.read(v, reader.types), value)
    if isinstance(fast, Message) != isinstance(slow, Message):
        raise Wrong(f"read as {fast!r} and as {slow!r}: {value!r}")
    return fast if isinstance(fast, Message) else None


def _read(read: Any, value: bytes) -> Message[Any] | str:
    try:
        found: Message[Any] = read(value)
    except Unreadable as error:
        if not str(error):
            raise Wrong(f"refused without a reason: {value!r}") from None
        return str(error)
    return found


def through_log(decider: Decider[Any]) -> Any:
    def world() -> Feed:
        reader, life = Reader(topics.EVENT_TYPES), Life(decider)
        samples = [orjson.dumps(SAMPLES[name]) for name in topics.EVENT_TYPES]
        happened = [write(event) for event in month().log if event.subject in known()]

        async def feed(chance: Random) -> str:
            good = chance.choice(samples if chance.random() < 0.3 else happened)
            value = mutated(good, chance)
            event = both_ways(reader, value)
            if event is None:
                return "set aside"
            life.happens(event)
            life.goes_on(value)
            return "taken"

        return feed

    return world


def through_commands(decider: Decider[Any]) -> Any:
    def world() -> Feed:
        life = Life(decider)
        messages = topics.COMMANDS_OF[decider.service].messages
        reader = Reader({message.TYPE: message for message in messages})
        samples = [SAMPLES[message.TYPE] for message in messages]
        good = [orjson.dumps(s | {"subject": case}) for s in samples for case in known()]

        async def feed(chance: Random) -> str:
            value = mutated(chance.choice(good), chance)
            if both_ways(reader, value) is None:
                return "set aside"
            life.command(value)
            return "taken"

        return feed

    return world


# ── rules and time ───────────────────────────────────────────────────────────────────────────


def through_feed() -> Feed:
    """Records of a whole version among mutated ones: it is read whole in the end, or not at all."""
    feed_of_rules = ReferenceFeed(STREAM)
    records = [(key.encode(), value) for key, value in to_records(small_county())]
    records.append((INCARNATION_KEY.encode(), orjson.dumps({"id": "log"})))

    async def feed(chance: Random) -> str:
        key, value = chance.choice(records)
        odd_key = mutated(orjson.dumps([key.decode()]), chance) if chance.random() < 0.3 else key
        feed_of_rules.take(odd_key, mutated(value, chance) if chance.random() < 0.9 else None)
        return "whole" if feed_of_rules.rulebooks.versions() else "passed over or gathered"

    return feed


def through_clock() -> Feed:
    ticking, lives = Ticking(STREAM), [Life(decider) for decider in DECIDERS]
    good = [
        orjson.dumps({"now": now, "cases": dict.fromkeys(known()[:3], now)})
        for now in ("2022-08-01T00:00:00Z", "2022-08-09T10:00:00+08:00", "2023-01-01T00:00:00Z")
    ]

    async def feed(chance: Random) -> str:
        value, tick = mutated(chance.choice(good), chance), None
        try:
            tick = ClockTick.model_validate(envelope.bare(value)[0])
        except Unreadable as error:
            assert str(error)
        except ValidationError as error:
            assert envelope.explain(error)
        ticking.came(0, tick)
        desks = {number: life.desk for number, life in enumerate(lives)}
        ticking.turn(desks, list(desks.values()), len(desks), lambda: True)
        for life in lives:
            life.goes_on(value)
        return "set aside" if tick is None else "taken"

    return feed
