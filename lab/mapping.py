"""The mapping language: how the rows of another system's CSV become reports.

    mapping.yaml ──read_mapping──► Mapping ──(lab.importing)──► a report for each row

The rule to remember: **a value is a template, a table or a slug**, and there is nothing else.

    text: "{subject}: {detail}"             a template; `{subject}` is the row's cell of that column
    kind: resident                          a template without columns is a fixed value
    grid: {column: area, table: {North: north-1}, otherwise: ""}
                                            a table; a cell that it lacks becomes `otherwise`, and
                                            where there is none the row is rejected
    category: {slug: TYPE}                  the cell as a code: "Sign  Repair" is sign-repair
    category: {slug: TYPE, also: {column: TITLE, begins: {"Parks:": parks}}}
                                            the same, with a word behind it where the other cell
                                            begins so: Comment, "Parks: Complaint" is comment-parks;
                                            `only_for: [Comment]` leaves other types alone

A value that comes out empty is left out. A mapping has these parts:

    source      who sent the reports; with `report_id` it makes the case's id
    encoding    of the file; utf-8 if not given
    times       the `zone` of times that name none, and the `formats` (of strptime) that are tried in
                turn; a format without hours means the beginning of that day
    report      the fields of `schemas.inputs.Report`
    resolution  optional: `at`, `by`, `result` of the row's own ending. An empty `at`: it stays open.
                `settlement`, settled or failed: how it ended if it was a dispute, which is not
                resolved without
                `if_before_report` (at-once, leave-open, reject) and `if_unreadable` (leave-open,
                reject) say what becomes of an ending that cannot be
    held        optional, for cases that are half way when they come in: `department`, a code of the
                reference data, that has it; `since` when; `signed_at`, if it has; `note`, how far it
                is. An empty `department`: the rules of today place it
    expect      optional, for `gridcase compare`: what the other system decided. `department`, a code
                of the reference data; `due`, a time; `on_time`, true or false, of rows that are
                still open as it was at the time `as_of`; `transferred`, true where it sent the row
                on later, to a department that the kind does not tell. Empty: it does not say
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError
from pydantic import field_validator as validates

from schemas.inputs import Identifier

Cells = dict[str, str]
"""One row: column → cell, without white space around it."""

_COLUMN = re.compile(r"\{([^{}]+)\}")


class CannotImport(ValueError):  # noqa: N818 - it says what cannot be done
    """A file or its mapping cannot be used. The text names the file, and the field or line."""


class RowRejected(ValueError):  # noqa: N818 - it names the row's fate
    """One row cannot become a report; the text says why."""


class Part(BaseModel):
    """A part of a mapping. A name that it does not know is a slip of the pen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(Part):
    column: str
    table: dict[str, str]
    otherwise: str | None = None

    def find(self, row: Cells) -> str:
        found = self.table.get(row[self.column], self.otherwise)
        if found is None:
            raise RowRejected(f"{self.column}: the mapping has no {row[self.column]!r}")
        return found


class Begins(Part):
    """What a cell begins with, where forms put a choice before the words; else nothing."""

    column: str
    begins: dict[str, str]
    only_for: tuple[str, ...] = ()
    """Cells of the slug's own column to which it is added; none named: to all."""

    def find(self, row: Cells) -> str:
        cell = row[self.column]
        fitting = [start for start in self.begins if cell.startswith(start)]
        return self.begins[max(fitting, key=len)] if fitting else ""


class Slug(Part):
    slug: str
    also: Begins | None = None

    def find(self, row: Cells) -> str:
        cell, more = row[self.slug], ""
        if self.also is not None and (not self.also.only_for or cell in self.also.only_for):
            more = self.also.find(row)
        words = f"{cell} {more}"
        return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _form(value: Any) -> str:
    if isinstance(value, str):
        return "(template)"
    return "(slug)" if isinstance(value, Slug) or "slug" in value else "(table)"


Value = Annotated[
    Annotated[str, Tag("(template)")]
    | Annotated[Table, Tag("(table)")]
    | Annotated[Slug, Tag("(slug)")],
    Discriminator(_form),
]
_FORMS = ("(template)", "(table)", "(slug)")


def fill(value: Value, row: Cells) -> str:
    """What `value` is for this row. Raises `RowRejected` for a cell that a table lacks."""
    match value:
        case Table() | Slug():
            return value.find(row)
        case _:
            return _COLUMN.sub(lambda found: row[found[1]], value).strip()


class Times(Part):
    zone: str
    formats: tuple[str, ...] = Field(min_length=1)

    @validates("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone {zone!r}") from None
        return zone

    def read(self, text: str) -> datetime | None:
        """The moment in UTC, or None if no format fits. Of an hour that the clocks pass twice in
        autumn, the first is meant."""
        for form in self.formats:
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - the next line adds it
                return _in_zone(moment, self.zone).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
        return None


def _in_zone(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=ZoneInfo(zone)) if moment.tzinfo is None else moment


class LocationFields(Part):
    grid: Value = ""
    village: Value = ""
    town: Value = ""
    lat: Value = ""
    lon: Value = ""
    address: Value = ""


class ReporterFields(Part):
    kind: Value
    id: Value
    name: Value = ""
    phone: Value = ""
    household_tier: Value = ""


class ReportFields(Part):
    report_id: Value
    submitted_at: Value
    text: Value
    service: Value = ""
    category: Value = ""
    """Empty: intake's keyword rules tell it from the text."""
    channel: Value = ""
    urgency: Value = ""
    location: LocationFields = LocationFields()
    reporter: ReporterFields


class ResolutionFields(Part):
    at: Value
    by: Value
    result: Value = ""
    settlement: Value = ""
    if_before_report: Literal["at-once", "leave-open", "reject"] = "reject"
    if_unreadable: Literal["leave-open", "reject"] = "reject"


class HeldFields(Part):
    department: Value
    since: Value = ""
    signed_at: Value = ""
    by: Value = ""
    note: Value = ""


class ExpectFields(Part):
    department: Value = ""
    due: Value = ""
    on_time: Value = ""
    transferred: Value = ""
    as_of: str = ""


class Mapping(Part):
    source: Identifier
    encoding: str = "utf-8-sig"
    times: Times
    report: ReportFields
    resolution: ResolutionFields | None = None
    held: HeldFields | None = None
    expect: ExpectFields | None = None

    @validates("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise ValueError(f"there is no encoding {encoding!r}") from None
        return encoding

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each column that an import reads, with the field that reads it."""
        yield from _columns(self.report, "report")
        if self.resolution is not None:
            yield from _columns(self.resolution, "resolution")
        if self.held is not None:
            yield from _columns(self.held, "held")

    def expected_columns(self) -> Iterator[tuple[str, str]]:
        """Each further column that a comparison reads."""
        if self.expect is not None:
            yield from _columns(self.expect, "expect")


def _columns(part: Part, path: str) -> Iterator[tuple[str, str]]:
    for name, value in part:
        match value:
            case str():
                yield from ((f"{path}.{name}", column) for column in _COLUMN.findall(value))
            case Table():
                yield f"{path}.{name}", value.column
            case Slug():
                yield f"{path}.{name}", value.slug
                if value.also is not None:
                    yield f"{path}.{name}.also", value.also.column
            case Part():
                yield from _columns(value, f"{path}.{name}")


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file, all values read as text. Raises `CannotImport` with each problem
    as ``file: field: what``."""
    try:
        return Mapping.model_validate(yaml.load(path.read_text("utf-8"), yaml.BaseLoader) or {})  # nosec B506: text alone
    except FileNotFoundError:
        raise CannotImport(f"{path}: there is no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CannotImport(f"{path}: is not YAML in UTF-8: {error}") from error
    except ValidationError as error:
        raise CannotImport("\n".join(f"{path}: {fault}" for fault in _faults(error))) from None


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        field = ".".join(str(part) for part in fault["loc"] if part not in _FORMS)
        yield f"{field or 'the whole'}: {fault['msg']}"
