"""Changes to reference data: to the rows in memory, and to the text of a county's files.

    {row id: value} ─┬─► Reference, for what-if
                     └─► the same files with those values in place of the old ─► diff

The rule to remember: **only the value is touched**: remarks, order and layout of a file are its
authors'.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

from schemas.reference import Level, Reference

DEADLINES, RULES, MANIFEST = "deadlines.yaml", "rules.yaml", "manifest.yaml"


@dataclass(frozen=True, slots=True)
class Change:
    """What is proposed: longer `resolve` limits by the row's id, other starting levels by the
    rule's id."""

    limits: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)

    def starting(self, rule: str, level: Level) -> Change:
        return replace(self, levels={**self.levels, rule: level})

    def __bool__(self) -> bool:
        return bool(self.limits or self.levels)


def changed(reference: Reference, change: Change, version: str) -> Reference:
    return reference.model_copy(
        update={
            "manifest": reference.manifest.model_copy(update={"version": version}),
            "deadlines": tuple(
                row.model_copy(update={"resolve": change.limits.get(row.id, row.resolve)})
                for row in reference.deadlines
            ),
            "rules": tuple(
                row.model_copy(update={"level": change.levels.get(row.id, row.level)})
                for row in reference.rules
            ),
        }
    )


def written(folder: Path, change: Change, version: str, to: Path) -> str:
    """A copy of the folder with the change, and how it differs. Raises OSError, and FileExistsError
    where `to` is there already."""
    shutil.copytree(folder, to)
    levels = {rule: level.value for rule, level in change.levels.items()}
    edited = {
        MANIFEST: _with_values(folder / MANIFEST, "version", {"": version}),
        DEADLINES: _with_values(folder / DEADLINES, "resolve", change.limits),
        RULES: _with_values(folder / RULES, "level", levels),
    }
    told: list[str] = []
    for name, text in edited.items():
        before = (folder / name).read_text("utf-8-sig")
        (to / name).write_text(text, "utf-8")
        old, new = before.splitlines(keepends=True), text.splitlines(keepends=True)
        told += unified_diff(old, new, f"{folder}/{name}", f"{to}/{name}", n=1)
    return "".join(told)


def _with_values(file: Path, key: str, values: Mapping[str, str]) -> str:
    text = file.read_text("utf-8-sig")
    spots = [(*spot, values[row]) for row, spot in _spots(text, key) if row in values]
    for start, end, value in sorted(spots, reverse=True):  # from the end, so that places hold
        text = text[:start] + value + text[end:]
    return text


def _spots(text: str, key: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Where each row has its value of that key, by the row's id; a file of a single row has none."""
    node: Any = yaml.compose(text, yaml.BaseLoader)
    for row in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        values = {name.value: value for name, value in row.value}
        if key in values:
            place = values[key].start_mark.index, values[key].end_mark.index
            yield values["id"].value if "id" in values else "", place
