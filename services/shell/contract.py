"""The contract as a page that every service serves, without a foreign host and to read only.

    topics table ─► `schemas.asyncapi` ─┬─► /asyncapi.json, /asyncapi.yaml
    vendored/asyncapi (from npm)        └─► /asyncapi, drawn by the official AsyncAPI component

FastStream's own page would describe its subscribers, which read raw bytes, take its scripts from a
foreign host, and offer to publish. This one shows what is published in `schemas/published`, and the
browser is told to ask nobody but this service.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml
from faststream.asgi import AsgiResponse, get

from schemas import asyncapi
from schemas.publish import read_samples

VENDORED = Path(__file__).parent / "vendored" / "asyncapi"
ASSETS = {
    "asyncapi.js": "text/javascript",
    "asyncapi.css": "text/css",
    "show.js": "text/javascript",
}
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
"""The component compiles JSON Schemas into functions, which is what `unsafe-eval` is for."""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>gridcase contract 接口约定</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="asyncapi/asyncapi.css">
<style>body { font-family: system-ui, sans-serif; line-height: 1.5; margin: 0 }</style>
</head>
<body>
<div id="contract"><p style="padding: 2rem">The contract needs JavaScript to be drawn; it is plain
at <a href="asyncapi.yaml">asyncapi.yaml</a>. 需要 JavaScript;原文见 asyncapi.yaml。</p></div>
<script src="asyncapi/asyncapi.js"></script>
<script src="asyncapi/show.js"></script>
</body>
</html>
"""


@cache
def document() -> dict[str, Any]:
    """The AsyncAPI document. It is made when first asked for."""
    return asyncapi.document(read_samples())


@cache
def _as_yaml() -> bytes:
    return yaml.safe_dump(document(), allow_unicode=True, sort_keys=False).encode()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress((VENDORED / name).read_bytes())


def pages() -> list[tuple[str, Any]]:
    """The page, the document in two forms, and what the page is drawn with."""
    assets = [(f"/asyncapi/{name}", _asset(name, type_)) for name, type_ in ASSETS.items()]
    return [
        ("/asyncapi", _serve(PAGE.encode, "text/html", {"content-security-policy": POLICY})),
        ("/asyncapi.json", _serve(lambda: orjson.dumps(document()), "application/json")),
        ("/asyncapi.yaml", _serve(_as_yaml, "application/yaml")),
        *assets,
    ]


def _asset(name: str, type_: str) -> Any:
    kept = {"content-encoding": "gzip", "cache-control": "max-age=86400"}
    return _serve(lambda: _packed(name), type_, kept)


def _serve(body: Any, type_: str, headers: dict[str, str] | None = None) -> Any:
    async def answer(_scope: Any) -> AsgiResponse:
        sent = {"content-type": f"{type_}; charset=utf-8", "x-content-type-options": "nosniff"}
        return AsgiResponse(body(), 200, sent | (headers or {}))

    return get(answer, include_in_schema=False)
