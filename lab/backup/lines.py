"""Records and documents as lines of text: what an archive's files are made of.

    record of Kafka      ─► {"at": ms, "key": …, "value": …, "headers": [[name, …], …]}
    document of MongoDB  ─► its extended JSON

The rule to remember: **a line says all, and always in the same way**, so that what was restored can be
written again and must be equal to the byte. Bytes that are text stand as text; others as
``{"base64": …}``.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import orjson
from bson import json_util

Said = str | dict[str, str] | None
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, without its place."""

    at: int | None
    """Milliseconds since 1970; None where the hour of restoring counts (see `keeping`)."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    def line(self) -> bytes:
        said = {"at": self.at, "key": _said(self.key), "value": _said(self.value)}
        headers = [[name, _said(value)] for name, value in self.headers]
        return orjson.dumps(said | ({"headers": headers} if headers else {}))


def record_of(line: bytes) -> Kept:
    """The record that a line says. Raises ValueError or KeyError for one that says none."""
    said = orjson.loads(line)
    headers = tuple((name, _bytes(value) or b"") for name, value in said.get("headers", ()))
    return Kept(said["at"], _bytes(said["key"]), _bytes(said["value"]), headers)


def _said(value: bytes | None) -> Said:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


def _bytes(said: Said) -> bytes | None:
    if isinstance(said, dict):
        return b64decode(said["base64"], validate=True)
    return None if said is None else said.encode()


def document_line(document: Document) -> bytes:
    text = json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)
    return orjson.dumps(orjson.loads(text))


def document_of(line: bytes) -> Document:
    found: Document = json_util.loads(line)
    return found
