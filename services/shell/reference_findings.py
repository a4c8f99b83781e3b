"""What a check of reference data finds: each finding names its place and says it in two languages."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """``place`` is file and row, as ``rules/garbage``. With an error the version is not published;
    a warning may be meant so."""

    severity: Literal["error", "warning"]
    place: str
    message: str
    zh: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.message} ({self.zh})"


def error(place: str, message: str, zh: str) -> Finding:
    return Finding("error", place, message, zh)


def warning(place: str, message: str, zh: str) -> Finding:
    return Finding("warning", place, message, zh)
