"""An ASGI application on a free port, for clients that are programs of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from services.shell.embedded.child import choose_port


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Its address. What the application would do at start and stop is left out."""
    port = choose_port()
    config = uvicorn.Config(app, port=port, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn says it no other way
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
