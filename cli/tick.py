"""`gridcase tick TIME`: say what time it is, where the clock is the stream's."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer


def tick(
    time: Annotated[str, typer.Argument(help="RFC 3339, with its zone.")],
) -> None:
    """Let stream time come to TIME: every timer up to it runs out.

    Example: `gridcase tick 2022-07-31T18:00:00+08:00`
    """
    try:
        now = datetime.fromisoformat(time)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write 2022-07-31T18:00:00+08:00") from error
    if now.tzinfo is None:
        raise typer.BadParameter("the time has no zone: add +08:00 or Z")
    asyncio.run(_tick(now))


async def _tick(now: datetime) -> None:
    from aiokafka import AIOKafkaProducer

    from lab.driver import clock_message
    from schemas import envelope, topics
    from services.shell.endpoints import settings_at

    settings = settings_at()
    async with AIOKafkaProducer(**settings.kafka_client(), acks="all") as producer:
        await producer.send_and_wait(
            settings.topic(topics.CLOCK.name), envelope.write(clock_message(now)), key=b"clock"
        )
