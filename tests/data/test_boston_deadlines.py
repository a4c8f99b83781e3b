"""Boston's due times: learnt from half a year, held against the next quarter.

See `test_real_data` for where the files come from.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from lab.compare import Comparison, Period, as_json, compare
from lab.infer.policies import infer
from lab.infer.reading import history
from lab.infer.writing import write
from lab.mapping import read_mapping
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder
from services.sla.calendar import WorkCalendar

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GRIDCASE_DATA", ROOT.parent / "shared/data"))
FILE = DATA / "boston311/2015_01-09.csv.gz"
BOSTON = ROOT / "deploy/boston"
MAPPING = read_mapping(ROOT / "lab/mappings/boston311.yaml")
FIRST_HALF = Period(date(2015, 1, 1), date(2015, 6, 30))
THIRD_QUARTER = Period(date(2015, 7, 1), date(2015, 9, 30))
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"there is no {FILE}: set GRIDCASE_DATA")


@pytest.fixture(scope="module")
def next_quarter(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("boston")
    for file in BOSTON.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    rules = Rulebook(read_folder(BOSTON))
    found = infer(history(FILE, MAPPING, FIRST_HALF), WorkCalendar.of(rules.calendar()))
    write(found, rules, FILE.name, folder)
    return compare(FILE, MAPPING, Rulebook(read_folder(folder)), THIRD_QUARTER)


def test_limits_of_half_a_year_give_the_next_quarters_due_times_to_the_minute(
    next_quarter: Comparison,
) -> None:
    due = as_json(next_quarter)["due"]
    print(f"\n{due['equal']:,} of {due['n']:,} due times equal, {due['equal'] / due['n']:.2%}")
    assert due["n"] > 28_000
    assert due["equal"] / due["n"] >= 0.94
    assert all("why" in kind for kind in due["per_kind"].values() if kind["equal"] < kind["n"])


def test_our_clocks_judge_the_citys_due_times_as_the_city_does(next_quarter: Comparison) -> None:
    on_time = as_json(next_quarter)["on_time"]
    assert on_time["equal"] / on_time["n"] >= 0.999


def test_what_is_shipped_is_what_all_nine_months_say() -> None:
    rules = Rulebook(read_folder(BOSTON))
    found = infer(history(FILE, MAPPING), WorkCalendar.of(rules.calendar()))
    inferred = {(each.kind, each.duration, each.since) for each in found}
    shipped = {(row.category, row.resolve, row.since) for row in rules.reference.deadlines}
    assert shipped == inferred
