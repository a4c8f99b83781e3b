"""Doors: what comes from outside is read, validated, stamped, and re-keyed by case.

    records of an outside topic ─► Arrival ─► the input model ─► a command on `<service>.commands`
                                                └► a refusal to its sender, or a dead letter

The relay holds no state. It publishes, waits for the acknowledgements, and only then commits; the
command's id follows from the record, so a repeat after a crash is recognised by the step.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from faststream.kafka.message import KafkaMessage
from pydantic import ValidationError

from schemas import envelope, ids, topics
from schemas.envelope import Input, Message, Payload, Unreadable
from schemas.topics import Topic
from services.decider import Notice
from services.shell import metrics
from services.shell.dead_letters import DeadLetters
from services.shell.settings import Settings
from services.shell.tracing import of_record

logger = logging.getLogger(__name__)
I = TypeVar("I", bound=Input)  # noqa: E741
LARGEST = topics.MAX_OWN_BYTES - 1024
"""What the broker takes, less the frame of a record. A refused send would cost the producer its
place in the sequence, and the process its life."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record as it came in, and when the broker received it."""

    topic: str
    partition: int
    offset: int
    received_at: datetime
    key: bytes | None
    value: bytes | None
    traceparent: str | None = None

    @property
    def department(self) -> str:
        """The department is the topic's name, never a field of the message."""
        return self.topic.partition(".")[2]

    def command_id(self, sender_id: str | None) -> str:
        return ids.command_id(self.topic, sender_id, self.partition, self.offset)


Admitted = Message[Payload] | Notice | None
"""A command, a notice that refuses, or None: not for this service."""
Admit = Callable[[Sequence[tuple[Arrival, I]]], Awaitable[list[Admitted]]]
Refuse = Callable[[Arrival, dict[str, Any], str], Notice | None]
"""A notice to the sender of a message that is JSON but not valid; None: to the dead letters."""


@dataclass(frozen=True, slots=True)
class Door(Generic[I]):
    """One outside topic of one service: what it carries, and what becomes of it."""

    topic: Topic
    reads: type[I]
    admit: Admit[I]
    refuse: Refuse


def to_dead_letters(_arrival: Arrival, _data: dict[str, Any], _reason: str) -> None:
    """For topics on which nobody waits for an answer."""


def effective_time(at: datetime, received: datetime, tolerance: timedelta | None) -> datetime:
    """The moment that counts: the sender's, unless it lies further from the broker's receipt time
    than the tolerance (nobody backdates). Without a tolerance, in stream time, it is the sender's.
    """
    if tolerance is not None and abs(at - received) > tolerance:
        return received
    return at


class Relay:
    """Carries the records of one door to its service's commands."""

    def __init__(
        self,
        service: str,
        door: Door[Any],
        settings: Settings,
        producer: AIOKafkaProducer,
        dead_letters: DeadLetters,
    ) -> None:
        self.service = service
        self.door = door
        self.settings = settings
        self.producer = producer
        self.dead_letters = dead_letters
        self.commands = settings.topic(topics.COMMANDS_OF[service].name)
        self.positions: dict[TopicPartition, int] = {}
        """The next offset to relay of each partition, for those who wait for quiet."""
        self.subscriber: Any = None
        """FastStream's subscriber, which carries the consumer."""

    async def known_positions(self) -> dict[TopicPartition, int]:
        """`positions`, with what was committed before this process began."""
        consumer = self.subscriber.consumer
        for partition in consumer.assignment() - self.positions.keys():
            self.positions.setdefault(partition, await consumer.committed(partition) or 0)
        return self.positions

    async def relay(self, message: KafkaMessage) -> None:
        """One batch: admit, publish, acknowledge, commit. Raises when a send fails, before any
        offset of the batch is committed."""
        raw = message.raw_message
        records = raw if isinstance(raw, tuple) else (raw,)
        arrivals = [self._arrival(record) for record in records]
        admitted = await self._admit(arrivals)
        sends = [self._send(arrival, item) for arrival, item in admitted if item is not None]
        await asyncio.gather(*sends)
        offsets = {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}
        await message.consumer.commit(offsets)  # type: ignore[call-arg]
        self.positions |= offsets

    def _arrival(self, record: Any) -> Arrival:
        return Arrival(
            self.settings.bare_topic(record.topic),
            record.partition,
            record.offset,
            datetime.fromtimestamp(record.timestamp / 1000, UTC),
            record.key,
            record.value,
            of_record(getattr(record, "headers", ()), record.value),
        )

    async def _admit(self, arrivals: list[Arrival]) -> list[tuple[Arrival, Admitted]]:
        good: list[tuple[Arrival, Any]] = []
        out: list[tuple[Arrival, Admitted]] = []
        for arrival in arrivals:
            found = await self._read(arrival)
            if isinstance(found, Input):
                good.append((arrival, found))
            else:
                out.append((arrival, found))
        admitted = await self.door.admit(good) if good else []
        for item in admitted:
            outcome = {True: "refused", False: "admitted"}[isinstance(item, Notice)]
            metrics.MESSAGES.labels(self.service, self.door.topic.name, outcome).inc()
        return out + [(arrival, item) for (arrival, _), item in zip(good, admitted, strict=True)]

    async def _read(self, arrival: Arrival) -> Input | Notice | None:
        """The arrival as its input model, else the refusal to send (None: set aside)."""
        data: dict[str, Any] = {}
        try:
            data, _ = envelope.bare(arrival.value)
            valid: Input = self.door.reads.model_validate(data)
            return valid
        except Unreadable as error:
            reason, notice = str(error), None
        except ValidationError as error:
            reason = envelope.explain(error)
            notice = self.door.refuse(arrival, data, reason)
        if notice is None:
            await self._set_aside(arrival, reason)
        else:
            metrics.MESSAGES.labels(self.service, self.door.topic.name, "refused").inc()
        return notice

    async def _set_aside(self, arrival: Arrival, reason: str) -> None:
        topic = self.settings.topic(arrival.topic)
        await self.dead_letters.put(topic, arrival.key, arrival.value, reason)

    async def _send(self, arrival: Arrival, item: Message[Payload] | Notice) -> None:
        if isinstance(item, Notice):
            metrics.count_refusal(item.data)
            cause = ids.derive(item.data.model_dump_json())
            now = getattr(item.data, "received_at", None) or getattr(item.data, "at", None)
            message: Message[Payload] = Message(
                id=ids.notice_id(cause, item.topic, item.data.TYPE, item.addressee),
                source=f"/services/{self.service}",
                subject=item.key,
                time=now or datetime.now(UTC),
                data=item.data,
            )
            topic, key = self.settings.topic(item.topic), item.key
        else:
            message, topic, key = item, self.commands, item.subject
        if arrival.traceparent is not None:
            message = replace(message, traceparent=arrival.traceparent)
        written = envelope.write(message)
        if len(written) > LARGEST:
            await self._set_aside(arrival, f"with its marks and seals it has {len(written)} bytes")
            return
        await self.producer.send_and_wait(
            topic, written, key=key.encode(), headers=envelope.HEADERS
        )
