"""The reports of the demo month, and what their stories say of how the parties behave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from schemas import ids
from schemas.inputs import Report
from schemas.reference import Level

FILE = Path(__file__).parent / "reports.jsonl"


class Because(BaseModel):
    """A reason by its code in the reference data, and in words."""

    model_config = ConfigDict(frozen=True)

    code: str
    text: str


class Break(BaseModel):
    model_config = ConfigDict(frozen=True)

    reason: str
    text: str
    days: float


class Story(BaseModel):
    """How the parties behave in one case; see the README for the meaning of each field."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    category: str | None = None
    grid: str | None = None
    minutes_to_resolve: int = 480
    settles_at: Level | None = None
    late_in: str | None = None
    returns: int = 0
    return_reasons: tuple[Because, ...] = ()
    pause: Break | None = None
    stars: int | None = None
    comment: str | None = None
    stars_after: int | None = None
    comment_after: str | None = None
    resolution: str = ""
    resolution_after: str | None = None


def read_stories(file: Path = FILE) -> list[tuple[Report, Story]]:
    """All reports with their stories, in the order of time."""
    return [_split(orjson.loads(line)) for line in file.read_bytes().splitlines()]


def _split(line: dict[str, Any]) -> tuple[Report, Story]:
    story = Story.model_validate(line.pop("story"))
    return Report.model_validate(line), story


def by_case(stories: list[tuple[Report, Story]]) -> dict[str, tuple[Report, Story]]:
    return {
        ids.case_id(report.source, report.report_id): (report, story) for report, story in stories
    }
