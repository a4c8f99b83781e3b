"""`gridcase serve SERVICE`: one service in the foreground, for containers and by hand."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer


class Name(StrEnum):
    INTAKE = "intake"
    ROUTER = "router"
    SLA = "sla"
    RATING = "rating"


def serve(
    service: Annotated[Name, typer.Argument(help="Which of the four services to run.")],
    port: Annotated[int | None, typer.Option(help="HTTP port; 8001 to 8004 by default.")] = None,
) -> None:
    """Run one service until it is told to stop.

    Settings come from the environment: KAFKA_BOOTSTRAP_SERVERS, MONGO_URL, CLOCK, GRIDCASE_PREFIX.
    GRIDCASE_LOG_LEVEL=debug writes a line for each message, with its case, event and cause.

    Example: `KAFKA_BOOTSTRAP_SERVERS=localhost:9092 gridcase serve router`
    """
    from services.shell.app import serve as run
    from services.shell.logs import configure
    from services.shell.settings import Settings

    settings = Settings()
    configure(service.value, settings.log_level)
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    run(import_module(f"services.{service.value}.app").SERVICE, settings)
