"""References in JSON documents: found, and followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(target := value.get("$ref"), str):
                yield target
            for part in value.values():
                yield from references(part)
        case list():
            for part in value:
                yield from references(part)


def resolves(document: Any, ref: str) -> bool:
    root, *path = ref.split("/")
    for part in path:
        if not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return root == "#"
