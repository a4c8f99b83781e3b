"""Boston's requests under another deadline: decided again from their log, and straight from the CSV.

See `test_real_data` for where the files come from. `GRIDCASE_ROWS` says how many rows are taken.
"""

from __future__ import annotations

import csv
import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from lab.account import Account
from lab.import_log import write_log
from lab.importing import Accepted, read_export
from lab.mapping import read_mapping
from lab.replay.reading import span_of
from lab.replay.replaying import Asked, replay
from lab.replay.running import cores
from lab.whatif.asking import Question, ask
from schemas import ids
from schemas.reference import Reference
from services.shell.reference import read_folder
from tests.data.test_real_data import DATA, ROOT

FILE = DATA / "boston311/2015_01-09.csv.gz"
ROWS = int(os.environ.get("GRIDCASE_ROWS", "3000"))
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"there is no {FILE}: set GRIDCASE_DATA")
TAKEN = datetime(2016, 1, 13, tzinfo=UTC)
BOSTON = ZoneInfo("America/New_York")
WIDER = 45
"""Days, for every kind that has a limit."""


@pytest.fixture(scope="module")
def boston() -> Reference:
    return read_folder(ROOT / "deploy/boston")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, boston: Reference) -> Path:
    mapping = read_mapping(ROOT / "lab/mappings/boston311.yaml")
    every = [row for row in read_export(FILE, mapping) if isinstance(row, Accepted)]
    rows = every[:: max(len(every) // ROWS, 1)][:ROWS]
    to = tmp_path_factory.mktemp("boston") / "log.jsonl"
    write_log(rows, boston, TAKEN, to, Account(mapping.source), cores())
    return to


def test_unchanged_rules_change_nothing_in_boston(log: Path, boston: Reference) -> None:
    answer = ask(log, Question(boston), cores())
    assert (answer.cases, answer.changed) == (ROWS, [])


def test_a_log_of_boston_is_replayed_by_all_four_services(log: Path) -> None:
    found = replay(log, Asked(), 1)
    print(f"\n{found.events:,} events, {found.events / found.cpu:,.0f} a CPU second")
    assert (found.cases, found.tally["accepted"]) == (ROWS, found.events)


def test_with_a_wider_deadline_the_verdicts_are_those_of_the_csv(
    log: Path, boston: Reference
) -> None:
    wider = {"resolve": f"{WIDER}cd", "since": None}
    kinds = {row.category: row.model_copy(update=wider) for row in boston.deadlines}
    started = process_time()
    rules = boston.model_copy(update={"deadlines": tuple(kinds.values())})
    answer = ask(log, Question(rules), cores())
    _, last = span_of(log)
    expected = dict(verdicts(last))
    found = {each.case: each.after.on_time for each in answer.changed}
    compared = {case: expected[case] for case in found}
    print(
        f"\n{len(compared):,} of {ROWS:,} verdicts; {process_time() - started:.0f} s of this core"
    )
    assert len(compared) > ROWS // 2, "most have a limit"
    assert found == compared
    assert {True, False} <= set(compared.values()), "some are in time, others late"


def verdicts(last: datetime) -> list[tuple[str, bool | None]]:
    """By case, straight from the rows: closed within so many days of the same local time."""
    mapping = read_mapping(ROOT / "lab/mappings/boston311.yaml")
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        found = []
        for row in csv.DictReader(file):
            opened, closed = local(row["OPEN_DT"]), local(row["CLOSED_DT"])
            assert opened is not None
            due = opened + timedelta(days=WIDER)  # of the clock on the wall
            case = ids.case_id(mapping.source, row["CASE_ENQUIRY_ID"].strip())
            if closed is not None:
                said: bool | None = closed.astimezone(UTC) <= due.astimezone(UTC)
            else:
                said = False if due.astimezone(UTC) < last else None
            found.append((case, said))
    return found


def local(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BOSTON) if text else None
