"""Dead letters: what could not be read goes to `<topic>.dead`, with the reason and the original
bytes as ciphertext (they may hold personal data). Nothing else is disturbed."""

from __future__ import annotations

import logging

from aiokafka import AIOKafkaProducer

from schemas import topics
from services.shell import metrics
from services.shell.seal import seal_bytes
from services.shell.settings import Settings
from services.shell.topic_admin import TopicError, create_topics
from services.shell.topic_plan import dead_letter_topic

logger = logging.getLogger(__name__)


class DeadLetters:
    """Writes dead letters for one service. `secret` is the county's key for them."""

    def __init__(
        self, service: str, settings: Settings, producer: AIOKafkaProducer, secret: bytes
    ) -> None:
        self.service = service
        self.settings = settings
        self.producer = producer
        self.secret = secret
        self._made: set[str] = set()

    async def put(self, topic: str, key: bytes | None, value: bytes | None, reason: str) -> None:
        """Set a record of `topic` aside. Returns when the broker has acknowledged it."""
        bare = self.settings.bare_topic(topic)
        logger.warning("%s: set aside: %s", bare, reason)
        metrics.MESSAGES.labels(self.service, metrics.family(bare), "dead").inc()
        await self._ensure(topic)
        await self.producer.send_and_wait(
            topics.dead(topic),
            None if value is None else seal_bytes(self.secret, value),
            key=key,
            headers=[
                ("reason", reason[:2_000].encode()),
                ("service", self.service.encode()),
                ("alg", b"A256GCM"),
            ],
        )

    async def _ensure(self, topic: str) -> None:
        """Make the dead-letter topic when it is first needed: most departments never need one."""
        if topic in self._made:
            return
        client = self.settings.kafka_client()
        bootstrap = client.pop("bootstrap_servers")
        try:
            await create_topics(bootstrap, [dead_letter_topic(topic)], **client)
        except TopicError as error:  # a mock cluster makes it by itself
            logger.info("%s", error)
        self._made.add(topic)
