"""The shell around a service: one ASGI process that carries its doors, its step and its pages.

A service names its decider, its doors and its pages (`services/<name>/app.py`); the rest is here.
A step or a door that fails ends the process with exit code 1, so that what it was at is read again.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker

from schemas.topics import MAX_DEAD_BYTES
from services.shell import contract, pages
from services.shell.limits import limited, refuse
from services.shell.runtime import Runtime, Service
from services.shell.security import broker_security
from services.shell.settings import PORTS, Settings

logger = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0005
"""How long a thread beside the step, that makes a board or seals contacts, may keep it from going on;
Python's own 5 ms would be felt."""


def assemble(runtime: Runtime[Any]) -> Any:
    """Its pages, and what starts and stops it, as an application."""
    settings, client = runtime.settings, runtime.settings.kafka_client()
    broker = KafkaBroker(
        client["bootstrap_servers"].split(","),
        security=broker_security(settings),
        allow_auto_create_topics=False,
        metadata_max_age_ms=settings.metadata_max_age_ms,
        max_request_size=MAX_DEAD_BYTES,
        logger=None,
    )

    async def prepare() -> None:
        try:
            await runtime.prepare(broker)
        except Exception as error:  # who started it is told in words (`cli.troubles`)
            logging.getLogger("uvicorn.error").disabled = True
            runtime.fatal(error)
            raise

    async def run() -> None:
        try:
            await runtime.run()
        except Exception as error:  # the server would stay up without a step
            runtime.fail(error)

    exact = [(path, page) for path, page in runtime.pages if not path.endswith("*")]
    routes = [*pages.common(runtime), *contract.pages(), *exact]
    inner = AsgiFastStream(
        broker,
        logger=None,
        on_startup=[prepare],
        after_startup=[run],
        on_shutdown=[runtime.stop],
        asgi_routes=routes,
    )
    whole = {path.rstrip("*"): page for path, page in runtime.pages if path.endswith("*")}
    return limited(below(whole, inner, {path for path, _ in routes}))


def below(mounts: dict[str, Any], rest: Any, known: set[str]) -> Any:
    """An ASGI application that leaves all paths under a prefix to one page, and the `known` ones to
    the rest: FastStream knows only whole paths, and has no words for the others."""

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"] if scope["type"] == "http" else None
        page = next(
            (page for prefix, page in mounts.items() if path and path.startswith(prefix)), rest
        )
        if page is rest and path is not None and path not in known:
            await refuse(send, 404, "there is no such page here; the contract is at /asyncapi")
            return
        await page(scope, receive, send)

    return dispatch


def serve(service: Service[Any], settings: Settings | None = None) -> None:
    """Run one service until it is told to stop; exit code 1 when something broke. Raises what kept
    it from starting."""
    settings = settings or Settings()
    sys.setswitchinterval(SWITCH_SECONDS)
    failures: list[BaseException] = []
    server: uvicorn.Server

    def fatal(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    runtime, port = Runtime(service, settings, fatal), settings.port or PORTS[service.name]
    runtime.access.say(service.name, f"{settings.host}:{port}")
    config = uvicorn.Config(
        assemble(runtime),
        host=settings.host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    with suppress(SystemExit):  # the server's own word for a start that failed
        server.run()
    if failures and not server.started:
        raise failures[0]
    if failures or not server.started:
        sys.exit(1)
