"""Where histories lie, and how they are made: every second story of the demo month, rehearsed."""

from __future__ import annotations

import gzip
from pathlib import Path

from lab import inputs
from lab.demo.month import month
from lab.demo.parties import DemoParties
from lab.demo.stories import read_stories
from lab.rehearsal import Rehearsal
from schemas import envelope
from schemas.reference import Reference
from schemas.rulebook import Rulebook

FOLDER = Path(__file__).parent


def names() -> list[str]:
    return sorted(file.name.removesuffix(".jsonl.gz") for file in FOLDER.glob("*.jsonl.gz"))


def log_of(name: str) -> Path:
    return FOLDER / f"{name}.jsonl.gz"


def rules_of(name: str) -> Reference:
    packed = (FOLDER / f"{name}.rules.json.gz").read_bytes()
    return Reference.model_validate_json(gzip.decompress(packed))


def make(name: str, reference: Reference) -> None:
    stories, rules = read_stories()[::2], Rulebook(reference)
    rehearsal = Rehearsal(reference, DemoParties(stories, rules))
    rehearsal.add(inputs.report(report) for report, _ in stories)
    rehearsal.run(month(stories, rules)[1])
    log = b"".join(envelope.write(event) + b"\n" for event in rehearsal.log)
    log_of(name).write_bytes(gzip.compress(log, 9, mtime=0))
    packed = gzip.compress(reference.model_dump_json().encode(), 9, mtime=0)
    (FOLDER / f"{name}.rules.json.gz").write_bytes(packed)


def renew() -> str:
    """Replace each history by one of today under the next name; the new names."""
    from services.shell.reference import read_folder

    reference = read_folder(FOLDER.parents[1] / "deploy/hanyin")
    number = max((int(name.rpartition("-")[2]) for name in names()), default=0) + 1
    for file in FOLDER.glob("*.gz"):
        file.unlink()
    make(f"hanyin-{number}", reference)
    return f"hanyin-{number}"
