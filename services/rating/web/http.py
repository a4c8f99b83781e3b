"""Pages by HTTP: the query and the reader's language in, an answer with its tag out.

    request ─► Request (query, language) ─► Answer ─► 200 with ETag, or 304 where the reader has it

The rule to remember: **a reader's mistake is told as such**: 400 with words, 404 for what is not there.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import orjson
from faststream.asgi import AsgiResponse, get

from services.rating.time_machine import TooMany
from services.rating.web.layout import POLICY
from services.rating.web.parts import Lang

logger = logging.getLogger(__name__)
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=utf-8"
PDF = "application/pdf"
MARKDOWN = "text/markdown; charset=utf-8"
SOON, LONG = 5, 300
"""Seconds for which an answer may be kept: figures as they are now, and published ones."""


class NotThere(Exception):  # noqa: N818 - it says what is the case
    """What was asked for does not exist; the text says what."""


@dataclass(frozen=True, slots=True)
class Request:
    query: dict[str, str]
    """The first value of each name."""
    lang: Lang

    def number(self, name: str, otherwise: int = 0) -> int:
        """A number of the query, not below nought. ValueError for anything else."""
        try:
            found = int(self.query.get(name, otherwise))
        except ValueError:
            raise ValueError(f"{name} should be a number") from None
        return max(found, 0)


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    type: str = HTML
    status: int = 200
    keep: int = SOON
    headers: dict[str, str] = field(default_factory=dict)


def as_html(text: str, *, keep: int = SOON, status: int = 200) -> Answer:
    return Answer(text.encode(), HTML, status, keep)


def as_json(value: Any, *, keep: int = SOON, status: int = 200) -> Answer:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str)
    return Answer(body, JSON, status, keep)


def as_file(body: bytes, type: str, name: str, *, keep: int = SOON) -> Answer:
    return Answer(body, type, 200, keep, {"content-disposition": f'inline; filename="{name}"'})


def route(answer: Callable[[Request], Awaitable[Answer]]) -> Any:
    """A GET handler for one page."""

    async def handler(scope: Any) -> AsgiResponse:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            made = await answer(_request(scope, headers))
        except NotThere as error:
            made = as_json({"error": str(error)}, status=404)
        except TooMany as error:
            made = as_json({"error": str(error)}, status=503)
        except KeyError as error:
            made = as_json(
                {"error": f"the query lacks {error}, or nothing has that name"}, status=400
            )
        except ValueError as error:
            made = as_json({"error": str(error)}, status=400)
        except Exception:
            logger.exception("%s could not be made", scope["path"])
            raise
        return _response(made, headers.get("if-none-match", ""))

    return get(handler, include_in_schema=False)


def _request(scope: Any, headers: dict[str, str]) -> Request:
    asked = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
    query = {name: values[0] for name, values in asked.items() if values[0]}
    return Request(query, _language(query.get("lang"), headers.get("accept-language", "")))


def _language(chosen: str | None, accepted: str) -> Lang:
    """Chinese, unless English is chosen, or is what the browser asks for first."""
    if chosen in ("zh", "en"):
        return "en" if chosen == "en" else "zh"
    return "en" if accepted.lower().startswith("en") else "zh"


def _response(made: Answer, known: str) -> AsgiResponse:
    tag = f'"{sha256(made.body).hexdigest()[:20]}"'
    headers = made.headers | {
        "content-type": made.type,
        "etag": tag,
        "cache-control": f"public, max-age={made.keep}",
        "vary": "accept-language",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }
    if made.status == 200 and tag in known:
        return AsgiResponse(b"", 304, headers)
    return AsgiResponse(made.body, made.status, headers)
