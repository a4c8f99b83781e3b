"""Is there a platform to ask? Looked at once, before anything is read, so that nothing waits for ever.

broker answers? ─► topic is there? ─► read on
      └► NoPlatform      └► NoTopic
"""

from __future__ import annotations

import asyncio
import logging

from aiokafka.errors import KafkaError

from schemas.topics import CASE_EVENTS
from services.shell.consuming import partitions_of, reader
from services.shell.settings import Settings

START_SECONDS = 10.0
TOPIC_SECONDS = 5.0


class NoPlatform(RuntimeError):  # noqa: N818 - it names what was not found
    """No broker answers; the text says where it was looked for."""


class NoTopic(NoPlatform):
    """A broker answers, and lacks the topic."""


async def reach(settings: Settings, topic: str = CASE_EVENTS.name) -> None:
    """Make sure that a topic, named without the county's prefix, can be read. Raises `NoPlatform`."""
    name = settings.topic(topic)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is told once, in our words
    consumer = reader(settings)
    try:
        async with asyncio.timeout(START_SECONDS):
            await consumer.start()
    except (KafkaError, TimeoutError) as error:
        await consumer.stop()
        raise NoPlatform(f"no broker answers at {settings.kafka}") from error
    try:
        async with asyncio.timeout(TOPIC_SECONDS):
            await partitions_of(consumer, name)
    except TimeoutError as error:
        raise NoTopic(f"the broker at {settings.kafka} has no topic {name}") from error
    finally:
        await consumer.stop()
