"""The file formats of a folder of reference data: text in, rows with their line numbers out.

Tables are CSV, the rest is YAML. The rule to remember: every value is read as **text**, and its
model says what it means. YAML's own guesses would make a code of digits a number, ``no`` false and
``14:00`` the number 840.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import yaml

Found = Iterator[tuple[str, int, Any]]
"""Field of `Reference`, line in the file, and the row as plain data."""


class FormError(ValueError):
    """A file's text has not the form of its format. The message begins with the line."""


def _csv_rows(field: str) -> Callable[[str], Found]:
    def read(text: str) -> Found:
        table = csv.DictReader(StringIO(text), strict=True)
        try:
            for row in table:
                if None in row:
                    raise FormError(f"{table.line_num}: has more cells than the header")
                yield field, table.line_num, {name: cell for name, cell in row.items() if cell}
        except csv.Error as error:
            raise FormError(f"{table.line_num}: {error}") from error

    return read


def _yaml_rows(field: str) -> Callable[[str], Found]:
    return lambda text: _rows(field, *_composed(text))


def _yaml_row(field: str) -> Callable[[str], Found]:
    def read(text: str) -> Found:
        loader, node = _composed(text)
        yield field, 1, _plain(loader.construct_object(node, deep=True)) if node else {}

    return read


def _yaml_fields(text: str) -> Found:
    """``settings.yaml``: each key is a field of `Reference`."""
    loader, node = _composed(text)
    for key, value in _entries(node):
        if key.value not in SETTINGS_FIELDS:
            line, known = key.start_mark.line + 1, ", ".join(SETTINGS_FIELDS)
            raise FormError(f"{line}: {key.value!r} is none of {known}")
        yield from _rows(key.value, loader, value)


SETTINGS_FIELDS = ("settings", "pause_reasons", "return_reasons")

FILES: dict[str, Callable[[str], Found]] = {
    "manifest.yaml": _yaml_row("manifest"),
    "areas.csv": _csv_rows("areas"),
    "departments.csv": _csv_rows("departments"),
    "categories.csv": _csv_rows("categories"),
    "rules.yaml": _yaml_rows("rules"),
    "deadlines.yaml": _yaml_rows("deadlines"),
    "calendar.yaml": _yaml_rows("calendars"),
    "keywords.yaml": _yaml_rows("keywords"),
    "handling.yaml": _yaml_rows("handling"),
    "appraisal.yaml": _yaml_rows("appraisal"),
    "settings.yaml": _yaml_fields,
}
OPTIONAL = ("keywords.yaml", "handling.yaml", "appraisal.yaml", "settings.yaml")


def _composed(text: str) -> tuple[yaml.BaseLoader, yaml.Node | None]:
    loader = yaml.BaseLoader(text)
    try:
        return loader, loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FormError(f"{line}: {error.problem}") from error


def _rows(field: str, loader: yaml.BaseLoader, node: yaml.Node | None) -> Found:
    """The items of a list, or a mapping as the only row."""
    for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if item is not None and item.value != "":
            data = _plain(loader.construct_object(item, deep=True))
            yield field, item.start_mark.line + 1, data


def _entries(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise FormError(f"1: should have the keys {', '.join(SETTINGS_FIELDS)}")
    return node.value if node is not None else []


def _plain(value: Any) -> Any:
    """Without entries left empty, and with ``null`` as nothing."""
    match value:
        case dict():
            return {key: _plain(entry) for key, entry in value.items() if entry != ""}
        case list():
            return [_plain(entry) for entry in value]
        case "null" | "~":
            return None
        case _:
            return value
