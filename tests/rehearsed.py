"""The demo month, rehearsed once for all tests that read its log."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lab.demo.rehearsals import july
from lab.rehearsal import Rehearsal
from schemas import envelope
from schemas.reference import Reference
from services.shell.reference import read_folder

HANYIN = Path(__file__).parents[1] / "deploy/hanyin"


@cache
def hanyin() -> Reference:
    return read_folder(HANYIN)


@cache
def month() -> Rehearsal:
    return july(hanyin())[0]


@cache
def lines() -> tuple[bytes, ...]:
    """Its log, as `gridcase log export` writes it."""
    return tuple(envelope.write(event) + b"\n" for event in month().log)


def written(to: Path, log: tuple[bytes, ...] | list[bytes] | None = None) -> Path:
    file = to / "log.jsonl"
    file.write_bytes(b"".join(lines() if log is None else log))
    return file
