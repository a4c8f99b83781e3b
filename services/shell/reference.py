"""Reference data on its way: from a county's folder, and to and from the topic ``reference``.

    folder ──read_folder──► Reference ──to_records──► topic ──Collector──► Reference

The rule to remember: the three are **equal**. What the folder says, in its order, is what every
service reads, or it reads nothing: a version exists once its manifest and all the records that the
manifest counts are there and their digest is right, in whatever order they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas import reference as model
from schemas.envelope import explain
from schemas.reference import Manifest, Reference, Row
from services.shell.reference_files import FILES, OPTIONAL, FormError

POSITION = "_position"
"""A record's place among its kind, as a compacted topic keeps no order. Not part of the row."""


class Part(NamedTuple):
    """One kind of row: its name in a record's key, its model, and the field that identifies it.
    Keyword rows have no id of their own, so their place is their id."""

    kind: str
    row: type[Row]
    id: str = "code"

    def record_id(self, row: Row, position: int) -> str:
        return str(getattr(row, self.id)) if self.id else f"{position:04}"


PARTS = {
    "areas": Part("area", model.Area),
    "departments": Part("department", model.Department),
    "categories": Part("category", model.Category),
    "rules": Part("rule", model.RoutingRule, "id"),
    "deadlines": Part("deadline", model.DeadlinePolicy, "id"),
    "calendars": Part("calendar", model.Calendar, "id"),
    "pause_reasons": Part("pause-reason", model.PauseReason),
    "return_reasons": Part("return-reason", model.ReturnReason),
    "keywords": Part("keyword", model.KeywordRule, ""),
    "handling": Part("handling", model.HandlingTimes, "id"),
    "appraisal": Part("point", model.PointRule, "code"),
    "rosters": Part("roster", model.Roster, "id"),
    "settings": Part("settings", model.Settings, ""),
}
"""Each field of `Reference` but the manifest."""

MANIFEST = "manifest"
SINGLE = ("settings", MANIFEST)
FIELD_OF_KIND = {part.kind: field for field, part in PARTS.items()}
ROWS = {
    field: TypeAdapter[tuple[Row, ...]](tuple[part.row, ...])  # type: ignore[name-defined]
    for field, part in PARTS.items()
}


class ReferenceError(ValueError):
    """A folder cannot be read as reference data. ``problems`` lists all that is wrong, each as
    ``file:line: field: what``."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def read_folder(folder: Path) -> Reference:
    """Read the files named in `FILES`. Raises `ReferenceError` with every problem in every file.
    What the rows mean together is for `services.shell.reference_check` to judge."""
    rows: dict[str, list[Row]] = {field: [] for field in (*PARTS, MANIFEST)}
    problems: list[str] = []
    for file in FILES:
        _read_file(folder / file, rows, problems)
    if problems:
        raise ReferenceError(problems)
    return _assembled(rows)


def _read_file(path: Path, rows: dict[str, list[Row]], problems: list[str]) -> None:
    try:
        for field, line, data in FILES[path.name](path.read_text("utf-8-sig")):
            try:
                rows[field].append(_model(field).model_validate(data))
            except ValidationError as error:
                place = f"{path.name}:{line}"
                problems.extend(f"{place}: {_told(one)}" for one in error.errors())
    except FileNotFoundError:
        if path.name not in OPTIONAL:
            problems.append(f"{path.name}: is missing")
    except UnicodeDecodeError:
        problems.append(f"{path.name}: is not UTF-8; save it as UTF-8")
    except FormError as error:
        problems.append(f"{path.name}:{error}")


def _model(field: str) -> type[Row]:
    return Manifest if field == MANIFEST else PARTS[field].row


def _told(error: Mapping[str, Any]) -> str:
    """``level: Input should be 'village', 'town' or 'county' (here: 'country')``."""
    field = ".".join(str(part) for part in error["loc"])
    here = f" (here: {error['input']!r})" if isinstance(error["input"], str) else ""
    return f"{field}: {error['msg']}{here}"


def _assembled(rows: Mapping[str, Iterable[Row]]) -> Reference:
    fields: dict[str, Any] = {field: tuple(found) for field, found in rows.items()}
    for field in SINGLE:
        found = fields.pop(field)
        if found:
            fields[field] = found[0]
    return Reference(**fields)


def to_records(reference: Reference) -> list[tuple[str, bytes]]:
    """Key and JSON value of each record, the manifest last: it counts the others and carries their
    `digest`. Raises ValueError if two rows share an id, as one would overwrite the other."""
    version = reference.manifest.version
    records: dict[str, bytes] = {}
    for field, part in PARTS.items():
        for position, row in enumerate(_rows_of(reference, field)):
            key = f"{version}/{part.kind}/{part.record_id(row, position)}"
            if key in records:
                raise ValueError(f"two rows have the same key {key}")
            records[key] = orjson.dumps({**row.model_dump(mode="json"), POSITION: position})
    last = {"records": len(records), "digest": digest(records)}
    manifest = orjson.dumps(reference.manifest.model_dump(mode="json") | last)
    return [*records.items(), (f"{version}/{MANIFEST}/{version}", manifest)]


def _rows_of(reference: Reference, field: str) -> tuple[Row, ...]:
    found = getattr(reference, field)
    return (found,) if field in SINGLE else cast("tuple[Row, ...]", found)


def digest(records: Mapping[str, bytes]) -> str:
    """SHA-256 in hex over ``key NUL value NUL`` of all records in the order of their keys, the
    manifest left out."""
    sha = hashlib.sha256()
    for key in sorted(records):
        sha.update(key.encode() + b"\0" + records[key] + b"\0")
    return sha.hexdigest()


class UnreadableRecord(ValueError):  # noqa: N818 - it names the record's state
    """A record of the topic is none of reference data; the text says why."""


class Collector:
    """Gathers the records of the topic until a version is whole. A complete version is told once,
    and then its records are let go; read again, it is gathered again and not told twice."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, bytes]] = {}
        self._manifests: dict[str, Manifest] = {}
        self._told: set[tuple[str, str]] = set()

    def add(self, key: str, value: bytes | None) -> Reference | None:
        """Take one record; the `Reference` if it was the last that its version lacked. ``None`` as
        value deletes. Other keys on the topic are passed over. Raises `UnreadableRecord` for a
        manifest that is none, and ValueError for a complete version that this program does not
        understand."""
        version, kind, _ = (*key.split("/", 2), "", "")[:3]
        if kind != MANIFEST and kind not in FIELD_OF_KIND:
            return None
        records = self._records.setdefault(version, {})
        if value is None:
            records.pop(key, None)
        elif kind == MANIFEST:
            self._manifests[version] = _manifest(value)
        else:
            records[key] = value
        return self._whole(version)

    def _whole(self, version: str) -> Reference | None:
        manifest, records = self._manifests.get(version), self._records[version]
        if manifest is None or manifest.records != len(records):
            return None
        if digest(records) != manifest.digest:
            return None
        del self._records[version], self._manifests[version]
        if (version, manifest.digest) in self._told:
            return None
        self._told.add((version, manifest.digest))
        return _parsed(manifest, records)


def _manifest(value: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(value)
    except ValidationError as error:
        raise UnreadableRecord(f"a manifest that is none: {explain(error)}") from None


def _parsed(manifest: Manifest, records: Mapping[str, bytes]) -> Reference:
    by_field: dict[str, list[dict[str, Any]]] = {}
    for key, value in records.items():
        field = FIELD_OF_KIND[key.split("/", 2)[1]]
        by_field.setdefault(field, []).append(orjson.loads(value))
    rows = {field: _in_order(field, found) for field, found in by_field.items()}
    return _assembled({**rows, MANIFEST: [manifest]})


def _in_order(field: str, found: list[dict[str, Any]]) -> Iterable[Row]:
    found.sort(key=lambda data: data.pop(POSITION))
    return ROWS[field].validate_python(found)
