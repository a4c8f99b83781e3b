"""Lots: a service whose commands are answered at once, and which reads the log only so often.

    fetch ─► records of the log ─► its partitions are held ─► … commands alone … ─► let go again

Each fetch costs the client and the broker about as much as ten records. Where few records come, and
nobody waits for what the service makes of the log by the millisecond, they are worth gathering. A
service without commands leaves that to the broker (`Runtime`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

FEW = 100
"""Records of a fetch; where more come, they are read as fast as they can be."""


class Lots:
    def __init__(self, log: str, seconds: float) -> None:
        """`seconds`: how long the log is left alone after some of it was read; 0: never."""
        self.log = log
        self.seconds = seconds
        self._held: list[TopicPartition] = []
        self._until = 0.0

    def came(
        self, batch: Mapping[TopicPartition, Sequence[Any]], consumer: AIOKafkaConsumer
    ) -> None:
        """Hold the log after a fetch that brought some of it. To be called before anything is
        awaited: the client's next fetch is then without it."""
        if not self.seconds or self._held or not any(tp.topic == self.log for tp in batch):
            return
        if sum(map(len, batch.values())) > FEW:
            return
        own = consumer.assignment() - consumer.paused()
        self._held = [tp for tp in own if tp.topic == self.log]
        consumer.pause(*self._held)
        self._until = monotonic() + self.seconds

    def let_go(self, consumer: AIOKafkaConsumer) -> float:
        """Read the log again if it is time; the seconds until it will be (0: it is read)."""
        rest = self._until - monotonic()
        if not self._held:
            return 0.0
        if rest > 0:
            return rest
        consumer.resume(*self._held)
        self._held = []
        return 0.0

    def forget(self) -> None:
        """The partitions are another's now; whoever takes them pauses and resumes them itself."""
        self._held = []
