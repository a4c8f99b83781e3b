"""The pages that every service has: metrics, health, readiness, quiet, timers, one case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
from faststream.asgi import AsgiResponse, get
from prometheus_client import make_asgi_app

from schemas.topics import CLOCK
from services.shell.desk import COMMANDS, LOG
from services.shell.runtime import Runtime

Page = Callable[[dict[str, str]], Awaitable[AsgiResponse]]


def as_json(value: Any, status: int = 200) -> AsgiResponse:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str)
    return AsgiResponse(body, status, {"content-type": "application/json; charset=utf-8"})


def as_html(text: str) -> AsgiResponse:
    return AsgiResponse(text.encode(), 200, {"content-type": "text/html; charset=utf-8"})


def page(answer: Page) -> Any:
    """A GET page that is given its query as a dictionary (the first value of each name)."""

    async def handler(scope: Any) -> AsgiResponse:
        query = parse_qs(scope.get("query_string", b"").decode())
        try:
            return await answer({name: values[0] for name, values in query.items()})
        except KeyError as error:
            return as_json({"error": f"the query lacks {error}"}, 400)
        except ValueError as error:
            return as_json({"error": str(error)}, 400)

    return get(handler, include_in_schema=False)


def common(runtime: Runtime[Any]) -> list[tuple[str, Any]]:
    return [
        ("/metrics", make_asgi_app()),
        ("/healthz", page(lambda _query: _health(runtime))),
        ("/readyz", page(lambda _query: _ready(runtime))),
        ("/quiet", page(lambda _query: _quiet(runtime))),
        ("/timers", page(lambda query: _timers(runtime, query))),
        ("/case", page(lambda query: _case(runtime, query))),
    ]


async def _health(runtime: Runtime[Any]) -> AsgiResponse:
    healthy = not runtime.failed and runtime.alive
    return as_json({"service": runtime.service.name, "alive": healthy}, 200 if healthy else 503)


def _is_ready(runtime: Runtime[Any]) -> bool:
    """Every partition is taken, and its log folded to the end: all cases are known."""
    return runtime.step.taken.is_set() and not runtime.step.folding


async def _ready(runtime: Runtime[Any]) -> AsgiResponse:
    """Whether it can do its work; if not, what it waits for, since when, and why."""
    waits = [
        {"for": away.dependency, "since": away.since, "why": away.why}
        for away in runtime.dependencies.away
    ]
    if not _is_ready(runtime):
        reads = sorted(runtime.step.owned.folding)
        why = f"partitions {reads} are read to their end" if reads else "no partition is taken yet"
        waits.append({"for": "log", "since": None, "why": why})
    ready = not waits and not runtime.failed
    told = {"service": runtime.service.name, "ready": ready, "waits": waits}
    return as_json(told, 200 if ready else 503)


async def _quiet(runtime: Runtime[Any]) -> AsgiResponse:
    """Read positions, what is in flight, and the clock: for drivers that wait for quiet."""
    step = runtime.step
    positions: dict[str, dict[int, int]] = {step.log: {}}
    for number, desk in step.desks.items():
        for lane, topic in ((LOG, step.log), (COMMANDS, step.commands)):
            if topic:
                positions.setdefault(topic, {})[number] = desk.positions[lane]
    for relay in runtime.relays:
        for partition, offset in (await relay.known_positions()).items():
            positions.setdefault(partition.topic, {})[partition.partition] = offset
    if runtime.settings.clock == "stream":
        positions[runtime.settings.topic(CLOCK.name)] = {0: step.clock_position}
    return as_json(
        {
            "service": runtime.service.name,
            "ready": _is_ready(runtime),
            "clock": step.ticked,
            "unanswered": step.unanswered() + runtime.busy(),
            "positions": positions,
        }
    )


async def _timers(runtime: Runtime[Any], query: dict[str, str]) -> AsgiResponse:
    """The cases that have a timer up to `until`, and the earliest of all. A service that has just
    been started says so instead: half of the timers are worse than none."""
    if not _is_ready(runtime):
        return as_json({"error": "the log is being read: ask again in a moment"}, 503)
    until = datetime.fromisoformat(query["until"])
    cases: dict[str, datetime] = {}
    earliest: list[datetime] = []
    for desk in runtime.step.desks.values():
        earliest += [at for at in [desk.next_due()] if at]
        cases |= desk.due_until(until)
    return as_json({"earliest": min(earliest, default=None), "cases": cases})


async def _case(runtime: Runtime[Any], query: dict[str, str]) -> AsgiResponse:
    """One case's stored document, as of the last snapshot."""
    document = await runtime.snapshots.one(query["id"])
    if document is None:
        return as_json({"error": "no such case here (yet): try again in a second"}, 404)
    return as_json({name: document[name] for name in ("_id", "offset", "state")})
