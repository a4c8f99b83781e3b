"""Real exports through the mappings that come along: every row is accounted for.

They are no part of the project. `GRIDCASE_DATA` names the folder that holds them, else `shared/data`
beside the project's own; where there is none, these tests are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

import pytest

from lab.account import Account
from lab.importing import Accepted, read_export
from lab.mapping import read_mapping
from schemas.inputs import Location
from schemas.rulebook import Rulebook
from services.intake.place import Place, resolve
from services.shell.reference import read_folder

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GRIDCASE_DATA", ROOT.parent / "shared/data"))
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"there is no folder of real data at {DATA}: set GRIDCASE_DATA"
)


def rows_of(file: str, mapping: str) -> tuple[Account, list[Accepted]]:
    rules = read_mapping(ROOT / f"lab/mappings/{mapping}.yaml")
    account, started = Account(rules.source), perf_counter()
    rows = [row for row in map(account.row, read_export(DATA / file, rules)) if row]
    account.sent, account.seconds = len(rows), perf_counter() - started
    print(f"\n{file}: " + ", ".join(f"{words.strip()} {n:,}" for words, n in account.lines()))
    return account, rows


@pytest.fixture(scope="module")
def requests() -> tuple[Account, list[Accepted]]:
    return rows_of("boston311/2015_01-09.csv.gz", "boston311")


@pytest.fixture(scope="module")
def boston() -> Rulebook:
    return Rulebook(read_folder(ROOT / "deploy/boston"))


def test_every_letter_is_accounted_for_and_every_one_is_answered() -> None:
    account, rows = rows_of("messages/replies.csv", "replies")
    assert account.rows == 2816 == len(rows) + account.rejected.total()
    assert account.rejected.total() == 0
    assert account.endings == len(rows)
    assert all(row.report.reporter.name == row.report.reporter.id for row in rows)


def test_every_request_is_accounted_for(requests: tuple[Account, list[Accepted]]) -> None:
    account, rows = requests
    assert account.rows == 93_963 == len(rows) + account.rejected.total()
    assert account.rejected.total() == 0
    assert account.endings == 79_706
    assert account.notes.total() == 176


def test_every_request_has_a_category_a_place_and_a_department_in_boston(
    requests: tuple[Account, list[Accepted]], boston: Rulebook
) -> None:
    asked = {(row.report.category or "", row.report.location.grid) for row in requests[1]}
    for category, grid in asked:
        place = resolve(boston, Location(grid=grid))
        assert isinstance(place, Place)
        assert place.level == ("grid" if grid else "county")
        assert boston.category_path(category)[1:], f"{category} has no family"
    grids = {area.code for area in boston.reference.areas if area.kind == "grid"}
    assert {grid for _, grid in asked if grid} == grids
