"""The contract in two languages: every message and every field says what it means in both."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from schemas import json_schemas
from schemas.publish import PUBLISHED
from schemas.topics import PAYLOADS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")
WHERE = "give it its words in schemas/glossary.yaml"


def published(name: str) -> Any:
    return orjson.loads((PUBLISHED / "json" / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_message_is_described_in_both_languages_and_has_an_example(name: str) -> None:
    schema = published(name)
    assert CHINESE.search(schema["description"]), f"{name}: {WHERE}"
    assert schema["examples"][0]["type"] == name


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_field_is_described_in_both_languages(name: str) -> None:
    envelope = {k: v for k, v in published(name)["properties"].items() if k != "data"}
    for model, schema in {**published(name)["$defs"], "envelope": {"properties": envelope}}.items():
        for field, about in schema.get("properties", {}).items():
            said = about.get("description", "")
            assert CHINESE.search(said), f"{model}.{field}: {WHERE}"
            assert LATIN.search(said), f"{model}.{field}: {WHERE}"


def test_a_fields_own_words_come_before_the_glossarys() -> None:
    words = {"en": "the usual", "zh": "通常"}
    assert json_schemas.in_both("its own", words) == "its own\n通常"
    assert json_schemas.in_both(None, words) == "the usual\n通常"
    assert json_schemas.in_both(None, None) == ""
