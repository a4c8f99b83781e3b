"""JSON Schema (draft 2020-12) of the messages: what others validate and generate code against.

    payload class ─► schema of its `data` ─► schema of the whole CloudEvent

The rule to remember: **a schema says what a reader may rely on**. So a field with a default is
optional, as a writer leaves out what is null, and fields that are not named here may turn up.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise, takewhile
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from schemas.envelope import Input, Payload

DIALECT = GenerateJsonSchema.schema_dialect
LOCAL = "#/$defs/{model}"
Schema = dict[str, Any]


class Described(GenerateJsonSchema):
    """Takes the words under a field as its description, and leaves out what says nothing."""

    def model_schema(self, schema: Any) -> Schema:
        made = super().model_schema(schema)
        own = notes(schema["cls"])
        for name, field in made.get("properties", {}).items():
            words = in_both(
                own.get(name) or field.get("description"), glossary()["fields"].get(name)
            )
            if words:
                field["description"] = words
        if "description" in made:
            made["description"] = plain(made["description"])
        return made

    def default_schema(self, schema: Any) -> Schema:
        made = super().default_schema(schema)
        if made.get("default", "") is None:
            del made["default"]
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def glossary() -> dict[str, dict[str, Any]]:
    """What messages and fields mean, in both languages (`schemas/glossary.yaml`)."""
    text = files("schemas").joinpath("glossary.yaml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return found


def in_both(own: str | None, words: dict[str, str] | None) -> str:
    """English, a field's own if it has any, and below it Chinese."""
    said = words or {}
    return "\n".join(filter(None, [own or said.get("en"), said.get("zh")]))


@cache
def notes(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings under the fields of a model, its bases' included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= dict(_own_notes(base))
    return found


def _own_notes(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    for field, after in pairwise(tree.body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(words))
            ):
                yield name, plain(inspect.cleandoc(words))


def plain(words: str) -> str:
    """Docstrings mark code with two backticks, Markdown with one."""
    return words.replace("``", "`")


def about(model: type[BaseModel]) -> str:
    """The docstring of the class, or of its family; empty if both have none."""
    family = takewhile(lambda base: base not in (Payload, Input, BaseModel), model.__mro__)
    words = (base.__dict__.get("__doc__") for base in family)
    return plain(inspect.cleandoc(next(filter(None, words), "")))


def title(payload: type[Payload]) -> str:
    """``case.report-added.v1`` → ``Case report added``."""
    words = payload.TYPE.rpartition(".")[0].replace(".", " ").replace("-", " ")
    return words.capitalize()


def of_models(models: Iterable[type[BaseModel]], refs: str = LOCAL) -> dict[str, Schema]:
    """The schemas of some models and all that they refer to, by class name; ``refs`` says how one
    refers to another."""
    wanted = [(model, "validation") for model in dict.fromkeys(models)]
    _, made = models_json_schema(wanted, ref_template=refs, schema_generator=Described)  # type: ignore[arg-type]
    named: dict[str, Schema] = made["$defs"]
    return named


def document(payload: type[Payload], sample: Any = None) -> Schema:
    """The schema of one message, on its own: the CloudEvent, with the data's schema inside, and the
    golden sample as its example."""
    head = {"$schema": DIALECT, "$id": f"urn:gridcase:{payload.TYPE}"}
    example = {"examples": [sample]} if sample else {}
    return head | cloud_event(payload) | example | {"$defs": of_models([payload])}


def cloud_event(payload: type[Payload], refs: str = LOCAL) -> Schema:
    """The envelope around one payload. What comes from outside needs only what CloudEvents asks."""
    required = ["specversion", "id", "source", "type", "data"]
    if not issubclass(payload, Input):
        required += ["subject", "time"]
    if payload.RULED:
        required.append("policyversion")
    data = {"$ref": refs.format(model=payload.__name__)}
    return {
        "title": title(payload),
        **said("description", payload),
        "type": "object",
        "properties": {**_attributes(payload.TYPE), "data": data},
        "required": required,
    }


def said(key: str, model: type[BaseModel]) -> dict[str, str]:
    """What there is to say about a class under `key`, if there is anything."""
    chinese = glossary()["messages"].get(getattr(model, "TYPE", ""), "")
    words = in_both(about(model), {"zh": chinese})
    return {key: words} if words else {}


def _attributes(type_: str) -> dict[str, Schema]:
    def text(**more: str) -> Schema:
        return {"type": "string", **more}

    attributes = {
        "specversion": {"const": "1.0"},
        "id": text(),
        "source": text(format="uri-reference"),
        "type": {"const": type_},
        "subject": text(),
        "time": text(format="date-time"),
        "datacontenttype": {"const": "application/json"},
        "partitionkey": text(),
        "causationid": text(),
        "policyversion": text(),
        "traceparent": text(),
    }
    words = glossary()["envelope"]
    return {
        name: schema | {"description": in_both(None, words[name])}
        for name, schema in attributes.items()
    }
