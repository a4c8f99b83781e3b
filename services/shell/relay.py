"""The relay: one loop a door, from the outside topic to its service's commands.

    read a batch ─► admit (the door) ─► publish, acknowledged ─► commit, each second

It holds no state. The next batch is admitted while the broker takes in the last; offsets are
committed behind, and only of what is acknowledged. The rule to remember: **a command's id follows
from its record**, so what is read again after a crash is recognised by the step.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from pydantic import ValidationError

from schemas import envelope, ids, topics
from schemas.envelope import Input, Message, Payload, Unreadable
from services.decider import Notice
from services.shell import metrics
from services.shell.consuming import commit
from services.shell.doors import Admitted, Arrival, Door
from services.shell.entries import Outgoing
from services.shell.publishing import Publisher
from services.shell.reading import DeadLetters
from services.shell.settings import Settings
from services.shell.tracing import of_record

logger = logging.getLogger(__name__)
LARGEST = topics.MAX_OWN_BYTES - 1024
"""What the broker takes, less the frame of a record. A refused send would cost the producer its
place in the sequence, and the process its life."""


class Relay(ConsumerRebalanceListener):  # type: ignore[misc]
    """Carries the records of one door to its service's commands."""

    def __init__(
        self,
        service: str,
        door: Door[Any],
        settings: Settings,
        publisher: Publisher,
        dead_letters: DeadLetters,
    ) -> None:
        self.service = service
        self.door = door
        self.settings = settings
        self.publisher = publisher
        self.dead_letters = dead_letters
        self.commands = topics.COMMANDS_OF[service].name
        self.positions: dict[TopicPartition, int] = {}
        """The next offset of each partition to be relayed and acknowledged, for those who wait for
        quiet."""
        self.subscriber: Any = None
        """FastStream's subscriber, which carries the consumer; its listener is this relay."""
        self.stopping = False
        self._committed: dict[TopicPartition, int] = {}
        self._committed_at = monotonic()
        self._busy = asyncio.Lock()
        self._sending: asyncio.Task[None] | None = None
        self._committing: asyncio.Task[None] | None = None

    @property
    def consumer(self) -> AIOKafkaConsumer:
        return self.subscriber.consumer

    async def known_positions(self) -> dict[TopicPartition, int]:
        """`positions`, with what was committed before this process began."""
        for partition in self.consumer.assignment() - self.positions.keys():
            self.positions.setdefault(partition, await self.consumer.committed(partition) or 0)
        return self.positions

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Relay until stopped. Any exception ends the process: what it was at is read again."""
        while not self.stopping:
            if self._sending is not None and self._sending.done():
                self._sending.result()
            batch = await self.consumer.getmany(
                timeout_ms=self.settings.fetch_max_wait_ms,
                max_records=self.settings.max_poll_records,
            )
            async with self._busy:
                if batch:
                    await self.turn(batch)
            if monotonic() - self._committed_at >= self.settings.snapshot_seconds:
                await self._committed_before()
                self._committing = asyncio.create_task(self._commit(), name="door commits")
        await self._finish()

    async def turn(self, batch: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """Admit a batch, while the broker still takes in the one before, and send it."""
        arrivals = [self._arrival(record) for records in batch.values() for record in records]
        out = await self._out(await self._admit(arrivals))
        await self.acknowledged()
        ends = {partition: records[-1].offset + 1 for partition, records in batch.items()}
        self._sending = asyncio.create_task(self._send(out, ends), name="door sends")

    async def _send(self, out: list[Outgoing], ends: Mapping[TopicPartition, int]) -> None:
        await self.publisher.send(out)
        self.positions |= ends

    async def acknowledged(self) -> None:
        """Wait until the broker has taken all that was sent. Raises if it did not."""
        if self._sending is not None:
            await self._sending
            self._sending = None

    async def _commit(self) -> None:
        """What is acknowledged by now. A batch that was in hand when its partition went to another
        instance is no longer ours to commit, and would take the others' commit with it."""
        own = self.consumer.assignment()
        fresh = {
            tp: end
            for tp, end in self.positions.items()
            if tp in own and self._committed.get(tp) != end
        }
        self._committed_at = monotonic()
        if await commit(self.consumer, fresh):
            self._committed |= fresh

    async def _committed_before(self) -> None:
        """Messages do not wait for a commit, but the next one does."""
        if self._committing is not None:
            await self._committing

    async def _finish(self) -> None:
        await self.acknowledged()
        await self._committed_before()
        await self._commit()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The batch in hand is finished and committed: the next owner begins behind it."""
        async with self._busy:
            if revoked:
                await self._finish()
            self.positions.clear()
            self._committed.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None: ...

    # ── a batch ──────────────────────────────────────────────────────────────────────────────

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

    async def _out(self, admitted: Iterable[tuple[Arrival, Admitted]]) -> list[Outgoing]:
        """What is to be sent; what no topic would take is set aside."""
        out = []
        for arrival, item in admitted:
            if item is None:
                continue
            outgoing = self._outgoing(arrival, item)
            size = len(envelope.write(outgoing.message, outgoing.key)) if _large(arrival) else 0
            if size > LARGEST:
                reason = f"with its marks and seals it has {size} bytes"
                await self._set_aside(arrival, reason)
            else:
                out.append(outgoing)
        return out

    def _outgoing(self, arrival: Arrival, item: Message[Payload] | Notice) -> Outgoing:
        if isinstance(item, Notice):
            message, topic, key = self._refusal(item), item.topic, item.key
        else:
            message, topic, key = item, self.commands, item.subject
        if arrival.traceparent is not None:
            message = replace(message, traceparent=arrival.traceparent)
        return Outgoing(topic, key, message)

    def _refusal(self, notice: Notice) -> Message[Payload]:
        metrics.count_refusal(notice.data)
        cause = ids.derive(notice.data.model_dump_json())
        now = getattr(notice.data, "received_at", None) or getattr(notice.data, "at", None)
        return Message(
            id=ids.notice_id(cause, notice.topic, notice.data.TYPE, notice.addressee),
            source=f"/services/{self.service}",
            subject=notice.key,
            time=now or datetime.now(UTC),
            data=notice.data,
        )

    async def _set_aside(self, arrival: Arrival, reason: str) -> None:
        topic = self.settings.topic(arrival.topic)
        await self.dead_letters.put(topic, arrival.key, arrival.value, reason)


def _large(arrival: Arrival) -> bool:
    """Whether what becomes of it might be more than a topic takes: to write it twice costs. Marks
    and seals make a text longer, by less than ten times."""
    return len(arrival.value or b"") * 10 > LARGEST // 2
