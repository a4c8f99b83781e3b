"""Two JSON Schemas of one message, an older and a newer: what the newer takes less of, or more.

    less   something that the older took is refused: a reader of today fails on what was written
    more   something that the older refused is taken: a reader of yesterday fails on what is written

The rule to remember: **fields that nobody named may always turn up**, so a new optional field is
neither; a field that is gone is both, since somebody may have read it.

Knows the keywords that pydantic writes for our models, and stops at others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Schema = Mapping[str, Any]
SILENT = frozenset({"title", "description", "examples", "discriminator", "$defs", "$id", "$schema"})
AT_MOST = ("maxLength", "maximum", "exclusiveMaximum", "maxItems")
AT_LEAST = ("minLength", "minimum", "minItems")
EXACTLY = ("format", "pattern", "const", "default")
STRUCTURE = ("type", "anyOf", "$ref", "properties", "required", "items", "enum")
KNOWN = SILENT | {*AT_MOST, *AT_LEAST, *EXACTLY, *STRUCTURE, "additionalProperties", "prefixItems"}


@dataclass(frozen=True, slots=True)
class Difference:
    path: str
    """Where in the message: ``data.deadlines[].kind``."""
    takes: Literal["less", "more"]
    what: str


def differences(older: Schema, newer: Schema) -> list[Difference]:
    """All differences between two whole schemas, each with its own `$defs`."""
    return list(_Comparison(older, newer).of(older, newer, ""))


class _Comparison:
    def __init__(self, older: Schema, newer: Schema) -> None:
        self._older = older.get("$defs", {})
        self._newer = newer.get("$defs", {})
        self._under_way: set[tuple[str, str]] = set()
        """Models that lie within themselves."""

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[Difference]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._under_way:
                return
            self._under_way.add(pair)
        olds, news = _alternatives(old, self._older), _alternatives(new, self._newer)
        yield from _both_ways(olds, news, path, "may be {}")
        for kind in olds.keys() & news.keys():
            yield from self._same_kind(olds[kind], news[kind], path)
        self._under_way.discard(pair)

    def _same_kind(self, old: Schema, new: Schema, path: str) -> Iterator[Difference]:
        if unknown := (old.keys() | new.keys()) - KNOWN:
            raise NotImplementedError(f"{path}: what does {sorted(unknown)} mean to a reader?")
        yield from _both_ways(old.get("enum", ()), new.get("enum", ()), path, "the value {}")
        yield from _limits(old, new, path)
        for keyword in EXACTLY:
            if old.get(keyword) != new.get(keyword):
                what = f"{keyword} was {old.get(keyword)} and is {new.get(keyword)}"
                yield from (Difference(path, takes, what) for takes in ("less", "more"))
        for keyword in ("items", "additionalProperties"):
            within = (old.get(keyword, {}), new.get(keyword, {}))
            if within == ({}, {}):
                continue
            if isinstance(within[0], bool) or isinstance(within[1], bool):
                yield from _both_ways(_is_open(within[0]), _is_open(within[1]), path, "{}")
            else:
                yield from self.of(*within, f"{path}[]")
        yield from self._fields(old, new, path)

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[Difference]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        for name in sorted(olds.keys() - news.keys()):
            at = f"{path}.{name}".lstrip(".")
            yield from (Difference(at, takes, "the field is gone") for takes in ("less", "more"))
        must, had = set(new.get("required", ())), set(old.get("required", ()))
        for name in sorted(must - had):
            yield Difference(f"{path}.{name}".lstrip("."), "less", "the field must be there now")
        for name in sorted((had - must) & news.keys()):
            yield Difference(f"{path}.{name}".lstrip("."), "more", "the field may be missing now")
        for name in sorted(olds.keys() & news.keys()):
            yield from self.of(olds[name], news[name], f"{path}.{name}".lstrip("."))


def _alternatives(schema: Schema, models: Mapping[str, Schema]) -> dict[str, Schema]:
    """What a value may be: kind to schema, references followed."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return {f"{kind} {name}": each for kind, each in _alternatives(models[name], {}).items()}
    if "anyOf" in schema:
        found: dict[str, Schema] = {}
        for each in schema["anyOf"]:
            found |= _alternatives(each, models)
        return found
    return {str(schema.get("type", "anything")): schema}


def _both_ways(
    old: Iterable[str], new: Iterable[str], path: str, what: str
) -> Iterator[Difference]:
    for each in sorted(set(old) - set(new)):
        yield Difference(path, "less", f"no longer: {what.format(each)}")
    for each in sorted(set(new) - set(old)):
        yield Difference(path, "more", f"new: {what.format(each)}")


def _limits(old: Schema, new: Schema, path: str) -> Iterator[Difference]:
    for keywords, none, sign in ((AT_MOST, float("inf"), 1), (AT_LEAST, float("-inf"), -1)):
        for keyword in keywords:
            was, now = old.get(keyword, none), new.get(keyword, none)
            if was != now:
                takes: Literal["less", "more"] = "less" if (now - was) * sign < 0 else "more"
                yield Difference(path, takes, f"{keyword} was {was} and is {now}")


def _is_open(within: Any) -> tuple[str, ...]:
    return () if within is False else ("other fields",)
