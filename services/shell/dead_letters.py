"""Dead letters: what could not be read goes to `<topic>.dead`, with the reason and the original
bytes as ciphertext (they may hold personal data). Nothing else is disturbed."""

from __future__ import annotations

import logging

from aiokafka import AIOKafkaProducer

from schemas import topics
from services.intake.seal import seal_bytes
from services.shell import metrics
from services.shell.settings import Settings

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

    async def put(self, topic: str, key: bytes | None, value: bytes | None, reason: str) -> None:
        """Set a record of `topic` aside. Returns when the broker has acknowledged it."""
        bare = self.settings.bare_topic(topic)
        logger.warning("%s: set aside: %s", bare, reason)
        metrics.MESSAGES.labels(self.service, bare, "dead").inc()
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
