"""The pages that every service has: metrics, health, readiness, quiet, timers, one case."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
from faststream.asgi import AsgiResponse, Request, get, post
from prometheus_client import make_asgi_app
from pymongo.errors import PyMongoError

from schemas.envelope import in_utc
from schemas.topics import CLOCK
from services.shell.access import LOOKS, Refused
from services.shell.desk import COMMANDS, LOG
from services.shell.limits import TooLarge
from services.shell.runtime import Runtime

logger = logging.getLogger(__name__)
Page = Callable[[dict[str, str]], Awaitable[AsgiResponse]]
Deed = Callable[[Request], Awaitable[AsgiResponse]]
Guard = Callable[[Mapping[str, str]], object]
"""Raises `Refused` for headers of somebody who may not."""
OURS = "a fault of ours: it is in the service's log"


def as_json(value: Any, status: int = 200) -> AsgiResponse:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str)
    return AsgiResponse(body, status, {"content-type": "application/json; charset=utf-8"})


def as_html(text: str) -> AsgiResponse:
    return AsgiResponse(text.encode(), 200, {"content-type": "text/html; charset=utf-8"})


def as_refusal(refused: Refused) -> AsgiResponse:
    headers = {"content-type": "application/json; charset=utf-8"} | refused.headers
    return AsgiResponse(orjson.dumps({"error": refused.words}), refused.status, headers)


def everybody(_headers: Mapping[str, str]) -> None:
    """Nobody is kept out."""


def page(answer: Page, guard: Guard = everybody) -> Any:
    """A GET page that is given its query as a dictionary (the first value of each name)."""

    async def handler(scope: Any) -> AsgiResponse:
        query = parse_qs(scope.get("query_string", b"").decode("utf-8", "replace"))
        try:
            guard(headers_of(scope))
            return await answer({name: values[0] for name, values in query.items()})
        except Refused as refused:
            return as_refusal(refused)
        except KeyError as error:
            return as_json({"error": f"the query lacks {error}"}, 400)
        except ValueError as error:
            return as_json({"error": str(error)}, 400)
        except PyMongoError:
            return as_json({"error": "the database does not answer: ask again in a moment"}, 503)
        except Exception:
            return _fault(scope["path"])

    return get(handler, include_in_schema=False)


def deed(answer: Deed) -> Any:
    """A POST door; what it raises as `Refused` is its answer."""

    async def handler(request: Request) -> AsgiResponse:
        try:
            return await answer(request)
        except Refused as refused:
            return as_refusal(refused)
        except TooLarge:
            raise
        except Exception:
            return _fault(answer.__qualname__)

    return post(handler, include_in_schema=False)


def headers_of(scope: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]}


def _fault(where: str) -> AsgiResponse:
    logger.exception("%s failed", where)
    return as_json({"error": OURS}, 500)


_prometheus = make_asgi_app()


async def _metrics(scope: Any, receive: Any, send: Any) -> None:
    """Prometheus' own page, which takes it that headers are ASCII."""
    headers = [(name, value) for name, value in scope["headers"] if value.isascii()]
    await _prometheus(scope | {"headers": headers}, receive, send)


def common(runtime: Runtime[Any]) -> list[tuple[str, Any]]:
    def looks(headers: Mapping[str, str]) -> object:
        return runtime.access.person(headers, *LOOKS)

    return [
        ("/metrics", _metrics),
        ("/healthz", page(lambda _query: _health(runtime))),
        ("/readyz", page(lambda _query: _ready(runtime))),
        ("/quiet", page(lambda _query: _quiet(runtime))),
        ("/timers", page(lambda query: _timers(runtime, query))),
        ("/case", page(lambda query: _case(runtime, query), looks)),
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
    until = in_utc(datetime.fromisoformat(query["until"]))
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
