"""Changes to reference data: to the rows in memory, and to the text of a county's files.

    {row id: value} ─┬─► Reference, for what-if
                     └─► the same files with those values in place of the old ─► diff

The rule to remember: **only the value is touched**: remarks, order and layout of a file are its
authors'.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

from schemas.reference import Level, Reference, RoutingRule

DEADLINES, RULES, MANIFEST = "deadlines.yaml", "rules.yaml", "manifest.yaml"


@dataclass(frozen=True, slots=True)
class Change:
    """What is proposed: other `resolve` limits by the row's id; by the rule's id other starting
    levels, and other units that lead where the rule starts today."""

    limits: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.limits or self.levels or self.leads)

    def of(self, rule: RoutingRule) -> dict[str, Any]:
        """What becomes of a rule's fields."""
        lead = self.leads.get(rule.id, rule.ladder.get(rule.level, ""))
        ladder = {**rule.ladder, rule.level: lead} if rule.level in rule.ladder else rule.ladder
        return {"level": self.levels.get(rule.id, rule.level), "ladder": ladder}


def changed(reference: Reference, change: Change, version: str) -> Reference:
    return reference.model_copy(
        update={
            "manifest": reference.manifest.model_copy(update={"version": version}),
            "deadlines": tuple(
                row.model_copy(update={"resolve": change.limits.get(row.id, row.resolve)})
                for row in reference.deadlines
            ),
            "rules": tuple(rule.model_copy(update=change.of(rule)) for rule in reference.rules),
        }
    )


def written(folder: Path, change: Change, version: str, to: Path) -> str:
    """A copy of the folder with the change, and how it differs. Raises OSError, and FileExistsError
    where `to` is there already."""
    shutil.copytree(folder, to)
    levels = {rule: level.value for rule, level in change.levels.items()}
    texts = {name: (folder / name).read_text("utf-8-sig") for name in (MANIFEST, DEADLINES, RULES)}
    led = _with_values(texts[RULES], change.leads, _lead)  # first: it goes by today's level
    edited = {
        MANIFEST: _with_values(texts[MANIFEST], {"": version}, lambda row: row["version"]),
        DEADLINES: _with_values(texts[DEADLINES], change.limits, lambda row: row["resolve"]),
        RULES: _with_values(led, levels, lambda row: row["level"]),
    }
    told: list[str] = []
    for name, text in edited.items():
        (to / name).write_text(text, "utf-8")
        old, new = texts[name].splitlines(keepends=True), text.splitlines(keepends=True)
        file = f"{folder}/{name}"  # on both sides, so that `patch -p0` takes it
        told += unified_diff(old, new, file, file, "today", "proposed", n=1)
    return "".join(told)


Row = Mapping[str, Any]
"""A row's values by name, as nodes that know their place in the text."""


def _lead(row: Row) -> Any:
    """Who leads where a rule starts."""
    return _named(row["ladder"])[row["level"].value]


def _with_values(text: str, values: Mapping[str, str], node: Callable[[Row], Any]) -> str:
    """Other values, by the row's id, in the nodes of those rows."""
    spots = [(*_place(node(row)), values[name]) for name, row in _rows(text) if name in values]
    for start, end, value in sorted(spots, reverse=True):  # from the end, so that places hold
        text = text[:start] + value + text[end:]
    return text


def _rows(text: str) -> Iterator[tuple[str, Row]]:
    """The rows by their ids; a file of a single row has none."""
    node: Any = yaml.compose(text, yaml.BaseLoader)
    for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        row = _named(each)
        yield row["id"].value if "id" in row else "", row


def _named(node: Any) -> Row:
    return {name.value: value for name, value in node.value}


def _place(node: Any) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index
