"""The shell around a service: one ASGI process that carries its doors, its step and its pages.

A service names its decider, its doors and its pages (`services/<name>/app.py`); the rest is here.
A step or a door that fails ends the process with exit code 1, so that what it was at is read again.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker

from schemas.topics import MAX_DEAD_BYTES
from services.shell import contract, pages
from services.shell.runtime import Runtime, Service
from services.shell.security import broker_security
from services.shell.settings import PORTS, Settings

logger = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0005
"""How long a thread that talks to the database may keep the step from going on; Python's own 5 ms
would be felt at every save."""


def build(service: Service[Any], settings: Settings, fatal: Any) -> Any:
    """The ASGI application of one service."""
    client = settings.kafka_client()
    runtime = Runtime(service, settings, fatal)
    broker = KafkaBroker(
        client["bootstrap_servers"].split(","),
        security=broker_security(settings),
        allow_auto_create_topics=False,
        metadata_max_age_ms=settings.metadata_max_age_ms,
        max_request_size=MAX_DEAD_BYTES,
        logger=None,
    )

    async def prepare() -> None:
        await runtime.prepare(broker)

    async def run() -> None:
        try:
            await runtime.run()
        except Exception as error:  # the server would stay up without a step
            runtime.fail(error)

    exact = [(path, page) for path, page in runtime.pages if not path.endswith("*")]
    inner = AsgiFastStream(
        broker,
        logger=None,
        on_startup=[prepare],
        after_startup=[run],
        on_shutdown=[runtime.stop],
        asgi_routes=[*pages.common(runtime), *contract.pages(), *exact],
    )
    whole = {path.rstrip("*"): page for path, page in runtime.pages if path.endswith("*")}
    return below(whole, inner)


def below(mounts: dict[str, Any], rest: Any) -> Any:
    """An ASGI application that leaves all paths under a prefix to one page; FastStream knows only
    whole paths."""

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "") if scope["type"] == "http" else ""
        page = next((page for prefix, page in mounts.items() if path.startswith(prefix)), rest)
        await page(scope, receive, send)

    return dispatch if mounts else rest


def serve(service: Service[Any], settings: Settings | None = None) -> None:
    """Run one service until it is told to stop; exit code 1 when something broke."""
    settings = settings or Settings()
    sys.setswitchinterval(SWITCH_SECONDS)
    failures: list[BaseException] = []
    server: uvicorn.Server

    def fatal(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    config = uvicorn.Config(
        build(service, settings, fatal),
        host=settings.host,
        port=settings.port or PORTS[service.name],
        log_level="warning",
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    server.run()
    if failures or not server.started:
        sys.exit(1)
