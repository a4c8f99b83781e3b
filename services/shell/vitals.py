"""What operators watch beside the messages: how far reading is behind, and what never comes back.

    consumers' ends and positions ─► gridcase_consumer_lag_records
    what each desk may commit     ─► gridcase_oldest_pending_seconds

The rule to remember: **a cause that has no answer holds the commit back.** So the place up to which
a desk may commit shows, without a look inside, whether something is stuck, and since when.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.shell import metrics
from services.shell.desk import COMMANDS, LOG, Desk
from services.shell.relay import Relay
from services.shell.settings import Settings
from services.shell.step import Step

logger = logging.getLogger(__name__)
Positions = Mapping[TopicPartition, int]


class Stuck:
    """Since when each lane of each desk has been held back at the same place."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since: dict[tuple[int, str], tuple[int, float]] = {}

    def oldest(self, desks: Mapping[int, Desk[Any]]) -> float:
        """Seconds since the oldest cause without an answer was first seen to wait; 0 for none."""
        now, held = self._clock(), {}
        for number, desk in desks.items():
            for lane, offset in desk.committable().items():
                if offset < desk.positions[lane]:
                    before = self._since.get((number, lane))
                    same = before is not None and before[0] == offset
                    held[number, lane] = before if before and same else (offset, now)
        self._since = held
        return max((now - since for _, since in held.values()), default=0.0)


class Vitals:
    def __init__(
        self, service: str, settings: Settings, step: Step[Any], relays: Iterable[Relay]
    ) -> None:
        self.service = service
        self.settings = settings
        self.step = step
        self.relays = relays
        self.stuck = Stuck()
        self._shown: set[str] = set()

    async def look(self) -> None:
        """Set the gauges. A broker that is away leaves them as they were."""
        metrics.OLDEST_PENDING.labels(self.service).set(self.stuck.oldest(self.step.desks))
        lags: Counter[str] = Counter(dict.fromkeys(self._shown, 0))
        try:
            await self._lag(self.step.consumer, self._positions(), lags)
            for relay in self.relays:
                consumer = relay.subscriber.consumer
                await self._lag(consumer, await relay.known_positions(), lags)
        except KafkaError as error:
            logger.warning("the lag is not known: %s", error)
            return
        for topic, lag in lags.items():
            metrics.LAG.labels(self.service, topic).set(lag)
        self._shown |= lags.keys()

    def _positions(self) -> Positions:
        lanes = ((LOG, self.step.log), (COMMANDS, self.step.commands))
        return {
            TopicPartition(topic, number): desk.positions[lane]
            for number, desk in self.step.desks.items()
            for lane, topic in lanes
            if topic
        }

    async def _lag(
        self, consumer: AIOKafkaConsumer, positions: Positions, lags: Counter[str]
    ) -> None:
        """Add what lies between where the consumer is and the ends of what is its own now."""
        own = [partition for partition in positions if partition in consumer.assignment()]
        ends = await consumer.end_offsets(own) if own else {}
        for partition, end in ends.items():
            topic = metrics.family(self.settings.bare_topic(partition.topic))
            lags[topic] += max(end - positions[partition], 0)
