"""The contract as AsyncAPI, for the page that every service shows.

    topics table ─► `schemas.asyncapi` ─► the page, and `schemas/published/asyncapi.yaml`

FastStream would describe its own subscribers, which read raw bytes. It is given the one document of
the whole system instead, so that the page of each service is what is published.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import yaml
from faststream.specification.base import Specification, SpecificationFactory

from schemas import asyncapi
from schemas.publish import read_samples


class Document:
    """The document in the forms that FastStream's pages ask for."""

    title = "gridcase"

    @cached_property
    def _document(self) -> dict[str, Any]:
        return asyncapi.document(read_samples())

    def to_jsonable(self) -> dict[str, Any]:
        return self._document

    def to_json(self) -> str:
        return json.dumps(self._document, ensure_ascii=False)

    def to_yaml(self) -> str:
        text: str = yaml.safe_dump(self._document, allow_unicode=True, sort_keys=False)
        return text


class Contract(SpecificationFactory):
    """The same document, whatever brokers and routes there are. It is made when first asked for."""

    def __init__(self) -> None:
        self.title = Document.title
        self.description = asyncapi.ABOUT
        self.version = asyncapi.VERSION
        self.contact = None
        self.license = None
        self._document = Document()

    def add_broker(self, _broker: Any, /) -> Contract:
        return self

    def add_http_route(self, path: str, handler: Any) -> Contract:
        return self

    def to_specification(self) -> Specification:
        return self._document


def specification() -> Contract:
    return Contract()
