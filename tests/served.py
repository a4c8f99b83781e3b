"""A service's pages in one process: the application that is served, on a platform that is none.

app = application(SERVICE)         no Kafka, no MongoDB; what it publishes is in `app.broker`
answer = await app.ask("GET", "/triage")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from services.shell.app import assemble
from services.shell.finding import Finding
from services.shell.runtime import Runtime
from services.shell.settings import Settings
from tests.fuzz import worlds
from tests.site import InMemory

Headers = Sequence[tuple[bytes, bytes]]
LOCAL = [(b"host", b"127.0.0.1:8000")]
PUBLISHED = ("2022-06", "2022-07")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class Application:
    runtime: Runtime[Any]
    broker: worlds.Broker
    asgi: Any

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Headers = LOCAL,
        query: bytes | None = None,
        chunks: int = 1,
    ) -> Answer:
        """One request; whatever the application raises is raised."""
        parts = urlsplit(path)
        size = max(-(-len(body) // chunks), 1)
        pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not pieces:
                return {"type": "http.disconnect"}
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(errors="replace"), "root_path": "",
            "query_string": parts.query.encode() if query is None else query,
            "headers": list(headers), "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await self.asgi(scope, receive, send)
        begun = next(m for m in sent if m["type"] == "http.response.start")
        content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return Answer(begun["status"], dict(begun["headers"]), content)


def application(name: str, **settings: Any) -> Application:
    """The service of that name, with cases of the demo month."""
    service = import_module(f"services.{name}.app").SERVICE
    broker = worlds.Broker()
    runtime: Any = Runtime(service, Settings(**({"clock": "stream"} | settings)), _fatal)
    runtime.producer = broker
    runtime.feed.rulebooks = worlds.books()
    runtime.step = worlds.step_of(service.decider, runtime.settings)
    runtime.snapshots = worlds.Snapshots()
    runtime.finding = Finding(service.decider, runtime.step.desks, runtime.snapshots)
    runtime.vault = worlds.NoVault()
    if name == "rating":
        _publish(runtime)
    return Application(runtime, broker, assemble(runtime))


def _fatal(error: BaseException) -> None:
    raise error


def _publish(runtime: Any) -> None:
    """Editions in memory; looking back reads nothing, and no paper is printed."""
    site, memory = runtime.busy.__self__, _editions()
    for question in ("editions", "newest", "cards", "history"):
        setattr(site.published, question, getattr(memory, question))


@cache
def _editions() -> InMemory:
    memory = InMemory()
    for period in PUBLISHED:
        memory.publish(list(worlds.facts().items()), worlds.books().at(worlds.NOW), period)
    return memory


def as_bytes(**headers: str) -> list[tuple[bytes, bytes]]:
    """Headers as they go over the wire: ``x_api_key="…"``."""
    made = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return [*LOCAL, *made]
