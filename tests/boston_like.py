"""A small city's export, made up: what a test of imports can read without anybody's real rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from lab.account import Account
from lab.import_log import write_log
from lab.importing import Accepted, read_export
from lab.mapping import read_mapping
from schemas.reference import DeadlineKind, DeadlinePolicy, Reference
from tests.county import small_county

MAPPING = """\
source: desk
times: {zone: Asia/Shanghai, formats: ["%Y-%m-%d %H:%M:%S"]}
report:
  report_id: "{no}"
  submitted_at: "{on}"
  text: "{what}"
  category: {slug: what}
  location: {grid: g111}
  reporter: {kind: resident, id: nobody}
resolution: {at: "{done}", by: desk, result: "filled {what}", if_before_report: at-once}
"""
FIRST = datetime(2022, 3, 1, 9, 0)  # noqa: DTZ001 - as the export writes it, in local time
END = datetime(2022, 12, 31, tzinfo=UTC)
SPOKEN = "%Y-%m-%d %H:%M:%S"
Row = tuple[datetime, datetime | None]
"""When it came in, and when it was done, in local time."""


def rows(count: int, seed: int = 1, *, to_the_second: bool = True) -> list[Row]:
    """Some done within the hour, some after weeks, a few on a limit to the second (or just after),
    some never."""
    chance, found, more = Random(seed), [], 0 if to_the_second else 1
    for _ in range(count):
        opened = FIRST + timedelta(seconds=chance.randrange(200 * 86_400))
        lasted = chance.choice([None, 3 * 86_400 + more, 9 * 86_400 + more])
        if chance.random() < 0.8:
            lasted = int(chance.expovariate(1 / (5 * 86_400)))
        found.append((opened, None if lasted is None else opened + timedelta(seconds=lasted)))
    return found


def export(folder: Path, found: list[Row]) -> list[Accepted]:
    """The rows as a file, read as an import reads it; row n has the report id n."""
    lines = [
        f"{n},{opened:{SPOKEN}},potholes,{f'{done:{SPOKEN}}' if done else ''}"
        for n, (opened, done) in enumerate(found)
    ]
    (folder / "rows.csv").write_text("\n".join(["no,on,what,done", *lines]) + "\n")
    (folder / "mapping.yaml").write_text(MAPPING)
    outcomes = read_export(folder / "rows.csv", read_mapping(folder / "mapping.yaml"))
    return [outcome for outcome in outcomes if isinstance(outcome, Accepted)]


def limited(resolve: str, *climbs: DeadlineKind) -> Reference:
    """The small county with one limit for everything, under a version of its own."""
    policy = DeadlinePolicy(id="usual", resolve=resolve, climbs=climbs)
    return small_county(version=f"limit-{resolve}", deadlines=(policy,))


def log_of(folder: Path, accepted: list[Accepted], reference: Reference, jobs: int = 1) -> Path:
    log = folder / "log.jsonl"
    write_log(accepted, reference, END, log, Account("desk"), jobs)
    return log
