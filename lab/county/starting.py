"""Writes a county's starting set: what follows from its places, beside rules that fit anywhere.

    [Place] ─┬─► areas.csv        one grid to each village that has none
             ├─► departments.csv  a committee a village, an office a town, an office of the county
             └─► manifest.yaml
    template/ ──► categories, rules, deadlines, calendar, keywords, settings, README

The rule to remember: **it passes `gridcase reference check` from the first day.** Everything goes
village → town → county until the county says otherwise, so that nothing is ever without an owner.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from string import Template
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lab.county.gazetteer import Place

TEMPLATE = Path(__file__).parent / "template"
UNITS = {
    "village": ("vc", "village-committee", "委会", " committee"),
    "town": ("to", "town-office", "社会治理办公室", " town office"),
    "county": ("county-office", "county-office", "信访局", " petition office"),
}
"""Kind of place to the prefix of the unit's code, its kind, and what is added to its name, in Chinese
or in letters as the name is."""
FROM_THE_PAST = date(2015, 1, 1)
"""So that what another system recorded may be imported under the new rules."""


class WorkingTime(NamedTuple):
    """Whose clock and which public holidays, as `calendar.yaml` names them."""

    timezone: str = "Asia/Shanghai"
    holidays: str = "chinesecalendar"


CHINA = WorkingTime()


def write(
    folder: Path, places: Sequence[Place], today: date, working: WorkingTime = CHINA
) -> list[Path]:
    """The files that were written. Raises FileExistsError for a folder that is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    county = places[0]
    _table(folder / "areas.csv", ("code", "name", "kind", "parent"), _areas(places))
    _table(
        folder / "departments.csv", ("code", "name", "kind", "level", "area"), _departments(places)
    )
    since = datetime.combine(FROM_THE_PAST, time(), ZoneInfo(working.timezone))
    known = {"county": county.code, "name": county.name, "year": str(today.year)}
    known |= {"since": since.isoformat(), **working._asdict()}
    for source in sorted(TEMPLATE.iterdir()):
        text = Template(source.read_text("utf-8")).substitute(known)
        (folder / source.name).write_text(text, "utf-8")
    return sorted(folder.iterdir())


def _areas(places: Sequence[Place]) -> Iterable[tuple[str, ...]]:
    parents = {place.parent for place in places}
    for place in places:
        yield place.code, place.name, place.kind, place.parent
    for place in places:
        if place.kind == "village" and place.code not in parents:
            yield f"{place.code}001", f"{place.name}001网格", "grid", place.code


def _departments(places: Sequence[Place]) -> Iterable[tuple[str, ...]]:
    for place in places:
        if place.kind in UNITS:
            prefix, kind, zh, en = UNITS[place.kind]
            code = prefix if place.kind == "county" else f"{prefix}-{place.code}"
            added = en if place.name.isascii() else zh
            name = place.name if place.name.endswith(added) else f"{place.name}{added}"
            yield code, name, kind, place.kind, place.code


def _table(file: Path, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
