"""What one request may be: its body counted as it comes, whatever its headers promise; its query in
UTF-8, which what lies behind takes for granted.

    request ─► over `most` bytes? ─► 413 with the reason, and nothing more is read
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson

from schemas.topics import MAX_RECORD_BYTES
from services.shell.access import Refused

MOST_BYTES = 2 * MAX_RECORD_BYTES
"""A record of the largest, and what a batch adds around it."""


MOST_IN_RECORD = MAX_RECORD_BYTES - 1024
"""What the broker takes, less the frame of a record."""


class TooLarge(Exception):  # noqa: N818 - it says what is the case
    """More came than may come."""


async def body_of(request: Any, most: int = MOST_IN_RECORD) -> bytes:
    """What becomes one record of a topic. Raises `Refused`."""
    body: bytes = await request.body()
    if len(body) > most:
        raise Refused(413, f"too large: a message has at most {most} bytes")
    return body


def limited(app: Any, most: int = MOST_BYTES) -> Any:
    """An ASGI application that is never handed more than `most` bytes of a request's body."""

    async def limit(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if not _is_utf8(scope.get("query_string", b"")):
            await refuse(send, 400, "the query is not in UTF-8: percent-encode it")
            return
        came, answered = 0, False

        async def receive_some() -> Any:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise TooLarge
            return message

        async def send_once(message: Any) -> None:
            """What an application makes of `TooLarge` (a fault of its own) is not sent."""
            nonlocal answered
            if came <= most or answered:
                answered = True
                await send(message)

        with suppress(TooLarge):
            await app(scope, receive_some, send_once)
        if came > most and not answered:
            await refuse(send, 413, f"too large: a request has at most {most} bytes")

    return limit


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


async def refuse(send: Any, status: int, words: str) -> None:
    """An answer before anything else of the request is read."""
    body = orjson.dumps({"error": words})
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
