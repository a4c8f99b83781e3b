"""Answers in the two writings of GeoReport v2: a list of flat objects, as JSON or as XML."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from starlette.responses import Response

from services.intake.writing import plain_writing

Item = dict[str, Any]
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}


def write(fmt: str, root: str, each: str, items: list[Item], status: int = 200) -> Response:
    """`items` as a list named `root` of elements named `each`."""
    if fmt == "json":
        return Response(orjson.dumps(items), status, media_type=TYPES["json"])
    tree = Element(root)
    for item in items:
        _put(SubElement(tree, each), item)
    return _xml(tree, status)


def write_one(fmt: str, root: str, item: Item) -> Response:
    if fmt == "json":
        return Response(orjson.dumps(item), 200, media_type=TYPES["json"])
    tree = Element(root)
    _put(tree, item)
    return _xml(tree, 200)


def fault(fmt: str, status: int, words: str, **headers: str) -> Response:
    """An error as the standard has it: code and description."""
    answer = write(fmt, "errors", "error", [{"code": status, "description": words}], status)
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return answer


def _put(element: Element, item: Item) -> None:
    for name, value in item.items():
        child = SubElement(element, name)
        if isinstance(value, list):
            for each in value:
                _put(SubElement(child, name.removesuffix("s")), each)
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            child.text = plain_writing(text)  # XML cannot hold control characters


def _xml(tree: Element, status: int) -> Response:
    body = tostring(tree, encoding="utf-8", xml_declaration=True)
    return Response(body, status, media_type=TYPES["xml"])
