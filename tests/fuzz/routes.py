"""Every route of the four services: odd queries, headers, bodies and methods at the applications
themselves.

The rule to remember: **no answer is a fault of ours** (500, or an exception), and each that refuses
says why.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode

import orjson

from schemas.inputs import Verdict
from schemas.publish import read_samples
from schemas.topics import SERVICES
from services.rating import printing, time_machine
from tests.fuzz.mutating import ODD, TEXTS, TIMES, mutated
from tests.fuzz.target import Feed, Target, Wrong
from tests.fuzz.worlds import known
from tests.served import LOCAL, Application, Headers, application

KEY = "k" * 20
METHODS = ("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH")
FINE = 399
SAMPLES = read_samples()
FORM = {
    "api_key": KEY, "service_code": "street-lights", "lat": "32.9", "long": "108.5",
    "description": "路灯坏了", "first_name": "小明", "phone": "13800001111", "account_id": "u1",
    "media_url": "https://example.org/a.jpg",
}  # fmt: skip
JSON, FORMS = b"application/json", b"application/x-www-form-urlencoded"
BATCH = b"application/cloudevents-batch+json"
MULTIPART = b'multipart/form-data; boundary="x"'
PERIODS = ("2022-07", "2022-Q3", "2022", "2022-06")
ODD_PERIODS = (
    "0000",
    "9999-12",
    "2022-13",
    "2022-Q9",
    "-1",
    "2022-7",
    "１９００",
    "2022-06-31",
    "0001-01",
)
REFUSING = (400, 401, 403, 404, 405, 406, 413, 415, 422, 429, 503)


@dataclass(frozen=True, slots=True)
class Good:
    """A request that is answered."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    type: bytes = b""
    method: str = "GET"


def targets() -> Iterator[Target]:
    for service in SERVICES:
        for good in requests(service):
            heavy = service == "rating" and good.path in HEAVY
            name = f"{good.method} {good.path} {service}{good.type.decode()[:30]}".replace("/", "|")
            yield Target(name, world_of(service, good), 0.1 if heavy else 3 if good.body else 1)


HEAVY = ("/bulletin", "/bulletin.csv", "/bulletin.pdf")
"""They cost some 50 ms each."""


def requests(service: str) -> Iterator[Good]:
    yield from (Good(f"/{name}") for name in ("metrics", "healthz", "readyz", "quiet"))
    yield from (Good(f"/asyncapi{name}") for name in ("", ".json", ".yaml", "/show.js"))
    yield Good("/timers", {"until": "2022-08-02T00:00:00Z"})
    yield Good("/case", {"id": known()[0]})
    yield from OWN[service]()


def of_intake() -> Iterator[Good]:
    report = orjson.dumps(SAMPLES["report.submitted.v1"])
    yield Good("/reports", {}, report, JSON, "POST")
    yield Good("/reports", {}, orjson.dumps([event_of(report)] * 3), BATCH, "POST")
    yield Good("/erase", {}, orjson.dumps({"case_id": known()[0], "by": "li"}), JSON, "POST")
    root = "/open311/v2"
    place = {"jurisdiction_id": "610921"}
    for fmt in ("json", "xml"):
        for page in ("discovery", "services", "services/street-lights", "tokens/1"):
            yield Good(f"{root}/{page}.{fmt}", place)
        asked = {"status": "open", "start_date": "2022-07-01T00:00:00Z", "page": "2"}
        asked |= {"end_date": "2022-07-02T00:00:00Z", "service_code": "street-lights"}
        yield Good(f"{root}/requests.{fmt}", place | asked | {"page_size": "5"})
        yield Good(f"{root}/requests/{known()[0]}.{fmt}", place)
        yield Good(f"{root}/requests.{fmt}", place, urlencode(FORM).encode(), FORMS, "POST")
        yield Good(f"{root}/requests.{fmt}", place, multipart(FORM), MULTIPART, "POST")


def event_of(report: bytes) -> dict[str, Any]:
    data = orjson.loads(report)
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "/s",
        "type": "t",
        "data": data.get("data", data),
    }


def multipart(form: dict[str, str]) -> bytes:
    parts = [
        f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    ]
    return "".join([*parts, "--x--\r\n"]).encode()


def of_router() -> Iterator[Good]:
    decision = SAMPLES["triage.decided.v1"]
    bare = decision.get("data", decision) | {"case_id": known()[0]}
    yield Good("/triage")
    yield Good("/ledger", {"case": known()[0]})
    for verdict in (Verdict.ASSIGN, Verdict.MERGE, Verdict.CORRECT):
        body = orjson.dumps(bare | {"action": verdict.value})
        yield Good("/triage/decisions", {}, body, JSON, "POST")


def of_rating() -> Iterator[Good]:
    cell = {"period": "2022-07", "scope": "county", "id": "610921", "measure": "on_time"}
    yield Good("/", {"period": "2022-07", "table": "towns", "measure": "on_time", "lang": "en"})
    yield Good("/unit", {"period": "2022-07", "scope": "county", "id": "610921"})
    for page in ("/cases", "/api/cases"):
        yield Good(page, cell | {"part": "numerator", "start": "0", "most": "5"})
    yield Good("/progress", {"case": known()[0]})
    yield Good("/about")
    for page in (
        "/bulletin",
        "/bulletin.csv",
        "/bulletin.pdf",
        "/analysis",
        "/analysis.md",
        "/analysis.pdf",
    ):
        yield Good(page, {"period": "2022-07", "as_of": "2022-07-20T00:00:00Z"})
    for page in ("scorecards", "scorecards.csv"):
        yield Good(
            f"/api/{page}", {"period": "2022-Q3", "scope": "town", "live": "1", "id": "610921100"}
        )
    yield from (Good(f"/api/{name}") for name in ("measures", "periods", "openapi.json"))


def nothing() -> Iterator[Good]:
    yield from ()


OWN = {"intake": of_intake, "router": of_router, "sla": nothing, "rating": of_rating}


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@cache
def served(service: str) -> Application:
    """Made once: no request changes what another is answered, but for the bucket of calls."""
    keys = f"{KEY}=city-app"
    return application(service, api_keys=keys, calls_per_minute=10**9)


def world_of(service: str, good: Good) -> Any:
    def world() -> Feed:
        async def feed(chance: Random) -> str:
            asked = odd(good, chance)
            app = served(service)
            with _alone():
                answer = await app.ask(**asked)
            app.broker.sent.clear()
            if answer.status > FINE and answer.status not in REFUSING:
                raise Wrong(f"{answer.status} {answer.body[:200]!r}: {asked!r}")
            if answer.status > FINE and not answer.body and asked["method"] != "HEAD":
                raise Wrong(f"{answer.status} without a reason: {asked!r}")
            return str(answer.status)

        return feed

    return world


def odd(good: Good, chance: Random) -> dict[str, Any]:
    """A request that is a little, or very, wrong."""
    headers: list[tuple[bytes, bytes]] = [*LOCAL, (b"x-api-key", KEY.encode())]
    if good.type:
        headers.append((b"content-type", good.type))
    path, method, query, body = good.path, good.method, dict(good.query), good.body
    raw: bytes | None = None
    for _ in range(chance.choice((1, 1, 2, 3))):
        match chance.randrange(8):
            case 0 | 1 | 2 if query:
                query[chance.choice(list(query))] = _odd_value(chance)
            case 3 if query:
                raw = _odd_bytes(_written(query), chance)
            case 3:
                raw = _odd_bytes(b"a=1&b=%e8%af", chance)
            case 4:
                headers = _odd_headers(headers, chance)
            case 5 if chance.random() < 0.2:
                method = chance.choice(METHODS)
            case 6 if chance.random() < 0.2:
                path = _odd_path(path, chance)
            case _ if body:
                body = _odd_body(body, good.type, chance)
    return {
        "method": method, "path": quote(path, safe="/.%"), "body": body, "headers": headers,
        "query": _written(query) if raw is None else raw, "chunks": chance.choice((1, 1, 1, 7)),
    }  # fmt: skip


def _written(form: dict[str, str]) -> bytes:
    return urlencode(form, errors="surrogatepass").encode()


def _odd_value(chance: Random) -> str:
    kinds: Sequence[Sequence[Any]] = (
        ODD,
        TEXTS,
        TIMES,
        PERIODS,
        ODD_PERIODS,
        ("-1", "1e9", "9" * 30),
    )
    return str(chance.choice(chance.choice(kinds)))


def _odd_bytes(value: bytes, chance: Random) -> bytes:
    found = bytearray(value)
    for _ in range(chance.randrange(1, 5)):
        found.insert(chance.randrange(len(found) + 1), chance.choice(b"%&=;+\x00\xff\xe8#?[]ae0"))
    return bytes(found)


def _odd_path(path: str, chance: Random) -> str:
    return path + chance.choice(
        ("/", "/..", ".xml", "%00", "//", ".json.json", "/%2e%2e/etc/passwd", "长")
    )


def _odd_headers(headers: Headers, chance: Random) -> list[tuple[bytes, bytes]]:
    name = chance.choice(
        (b"content-type", b"x-api-key", b"authorization", b"content-length", b"accept-language",
         b"if-none-match", b"idempotency-key", b"host", b"origin", b"accept-encoding")
    )  # fmt: skip
    values = (b"", b"\xff\xfe", b"Bearer", b"Bearer " + b"x" * 9000, b"0", b"-1", b"1e9", b"99999999999999999999999",
              b"multipart/form-data", FORMS, BATCH, JSON, b"text/xml; charset=utf-7", b"\xe9", b"[::1", b"en", b"*")  # fmt: skip
    kept = [header for header in headers if header[0] != name or chance.random() < 0.3]
    return [*kept, (name, chance.choice(values))]


def _odd_body(body: bytes, type_: bytes, chance: Random) -> bytes:
    if type_ in (JSON, BATCH) and body[:1] in b"{[":
        try:
            return mutated(body, chance)
        except orjson.JSONDecodeError:  # twice is too often
            pass
    if type_ == FORMS and chance.random() < 0.6:
        form = FORM | {chance.choice(list(FORM)): _odd_value(chance)}
        return _written(form)
    return _odd_bytes(body, chance) if chance.random() < 0.9 else body * chance.choice((0, 2, 300))


async def _nothing(*_more: Any) -> AsyncIterator[Any]:
    """The log of the past is empty."""
    records: tuple[Any, ...] = ()
    for record in records:
        yield record


@contextmanager
def _alone() -> Iterator[None]:
    """Looking back reads nothing, and there is no browser to print with."""
    with (
        patch.object(time_machine, "read_to_end", _nothing),
        patch.object(printing, "chromium", lambda: None),
    ):
        yield
