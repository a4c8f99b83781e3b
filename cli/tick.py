"""`gridcase tick TIME`: say what time it is, where the clock is the stream's."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.as_json import AsJson, print_json
from cli.troubles import fail

if TYPE_CHECKING:
    from services.shell.settings import Settings

console = Console(highlight=False)


def tick(
    time: Annotated[str, typer.Argument(help="RFC 3339, with its zone.")],
    as_json: AsJson = False,
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
    from services.shell.endpoints import settings_at

    settings = settings_at()
    if settings.clock != "stream":
        fail(
            "time there is the machine's own: it ticks by itself",
            "`gridcase up --clock stream` starts a platform that is told the time; CLOCK=stream "
            "says so of one that runs elsewhere",
        )
    asyncio.run(_tick(settings, now))
    print_json({"now": now}) if as_json else console.print(f"it is {now.isoformat()} there now")


async def _tick(settings: Settings, now: datetime) -> None:
    from aiokafka import AIOKafkaProducer

    from lab.driver import clock_message
    from lab.reaching import reach
    from schemas import envelope, topics

    await reach(settings, topics.CLOCK.name)
    async with AIOKafkaProducer(**settings.kafka_client(), acks="all") as producer:
        await producer.send_and_wait(
            settings.topic(topics.CLOCK.name), envelope.write(clock_message(now)), key=b"clock"
        )
