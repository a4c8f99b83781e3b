"""Lots: of its two lanes a service reads one at once, and the other every so often.

    fetch of both ─► the unhurried topic is held ─► … the hurried one alone … ─► let go again

Each fetch costs the client and the broker about as much as ten records, and more with each partition
that it asks for. Where few records come, and nobody waits by the millisecond for what the service
makes of them, they are worth gathering. A service that is in no hurry at all leaves that to the
broker (`Runtime`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

SECONDS = 0.04
FEW = 100
"""Records of a fetch; where more come, they are read as fast as they can be."""


class Lots:
    def __init__(self, topic: str | None) -> None:
        """`topic`: the unhurried one; None: there is none."""
        self.topic = topic
        self._held: list[TopicPartition] = []
        self._until = 0.0
        self._looked: dict[TopicPartition, int | None] = {}
        """When each of its partitions had been looked at, as they were let go."""

    def came(
        self, batch: Mapping[TopicPartition, Sequence[Any]], consumer: AIOKafkaConsumer
    ) -> None:
        """Hold the topic once a fetch has looked at all of it. To be called before anything is
        awaited: the client's next fetch is then without it, and nothing of it has come that would
        have to be fetched again."""
        if self.topic is None or self._held or sum(map(len, batch.values())) > FEW:
            return
        own = consumer.assignment() - consumer.paused()
        aside = [tp for tp in own if tp.topic == self.topic]
        if any(consumer.last_poll_timestamp(tp) == self._looked.get(tp) for tp in aside):
            return
        self._held = aside
        consumer.pause(*aside)
        self._until = monotonic() + SECONDS

    def let_go(self, consumer: AIOKafkaConsumer) -> float:
        """Read the topic again if it is time; the seconds until it will be (0: it is read)."""
        if not self._held:
            return 0.0
        rest = self._until - monotonic()
        if rest > 0:
            return rest
        self._looked = {tp: consumer.last_poll_timestamp(tp) for tp in self._held}
        consumer.resume(*self._held)
        self._held = []
        return 0.0

    def forget(self) -> None:
        """The partitions are another's now; whoever takes them pauses and resumes them itself."""
        self._held = []
        self._looked.clear()
