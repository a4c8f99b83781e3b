"""Comparing: what another system has recorded against what the services' functions decide."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.compare import ALWAYS, Comparison, Period, as_json, compare
from lab.deciding import decide
from lab.mapping import CannotImport, read_mapping
from schemas.inputs import Location, Report, Reporter, ReporterKind
from schemas.rulebook import Rulebook
from services.sla.clocks import kept
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
resolution: {at: "{done}", by: desk}
expect:
  department: {slug: unit}
  due: "{due}"
  on_time: {column: verdict, table: {kept: "true", missed: "false"}, otherwise: ""}
  as_of: "2022-12-31 00:00:00"
"""
HEADER = "no,on,what,done,unit,due,verdict\n"
# Potholes are the village's, within three working days (Monday to Friday, 08-12 and 14-18).
GOOD = "1,2022-07-04 09:00:00,potholes,2022-07-05 09:00:00,vc-v11,2022-07-07 09:00:30,kept\n"
RULES = Rulebook(small_county())


def compared(
    folder: Path, rows: str, mapping: str = MAPPING, period: Period = ALWAYS
) -> Comparison:
    (folder / "mapping.yaml").write_text(mapping, "utf-8")
    (folder / "rows.csv").write_text(HEADER + rows, "utf-8")
    return compare(folder / "rows.csv", read_mapping(folder / "mapping.yaml"), RULES, period)


def test_a_row_is_equal_in_department_in_due_time_to_the_minute_and_in_verdict(
    tmp_path: Path,
) -> None:
    said = as_json(compared(tmp_path, GOOD))
    assert said["rows"] == 1
    assert said["department"] == {"n": 1, "equal": 1, "transferred": 0, "misses": []}
    assert said["due"] == {
        "n": 1,
        "equal": 1,
        "per_kind": {"potholes": {"n": 1, "equal": 1, "ours": {"3wd": 1}}},
    }
    assert said["on_time"] == {"n": 1, "equal": 1}


def test_another_minute_and_another_department_differ_and_are_named(tmp_path: Path) -> None:
    row = GOOD.replace("09:00:30,kept", "09:01:00,kept").replace("vc-v11", "vc-v12")
    said = as_json(compared(tmp_path, row))
    assert (said["department"]["equal"], said["due"]["equal"]) == (0, 0)
    [miss] = said["department"]["misses"]
    named = {"category": "potholes", "expected": "vc-v12", "ours": "vc-v11"}
    assert miss == {**named, "n": 1, "transferred": 0, "reports": ["1"]}


def test_a_miss_that_the_other_system_sent_on_later_is_shown_as_such(tmp_path: Path) -> None:
    later = 'transferred: {column: verdict, table: {kept: "true"}, otherwise: ""}'
    mapping = MAPPING.replace("  as_of", f"  {later}\n  as_of")
    said = as_json(compared(tmp_path, GOOD.replace("vc-v11", "vc-v12"), mapping))["department"]
    assert (said["transferred"], said["misses"][0]["transferred"]) == (1, 1)


def test_a_kind_that_the_rules_have_never_heard_of_goes_to_triage_and_is_not_equal(
    tmp_path: Path,
) -> None:
    said = as_json(compared(tmp_path, GOOD.replace("potholes", "dragons")))
    assert (said["department"]["n"], said["department"]["equal"]) == (1, 0)
    assert said["department"]["misses"][0]["ours"] == "triage"
    assert said["due"]["per_kind"]["dragons"] == {
        "n": 1,
        "equal": 0,
        "ours": {"triage": 1},
        "why": {"a date of its own": 1},
    }


def test_where_the_other_system_says_nothing_there_is_nothing_to_be_equal_to(
    tmp_path: Path,
) -> None:
    said = as_json(compared(tmp_path, "1,2022-07-04 09:00:00,potholes,,,,\n"))
    assert said["rows"] == 1
    assert [said[part]["n"] for part in ("department", "due", "on_time")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("done", "due", "verdict"),
    [
        ("2022-07-05 09:00:00", "2022-07-05 09:00:00", "kept"),
        ("2022-07-05 09:00:01", "2022-07-05 09:00:00", "missed"),
        ("2022-07-05 09:00:00", "", "kept"),
        ("", "2022-12-30 23:59:59", "missed"),
        ("", "2022-12-31 00:00:00", "kept"),
    ],
)
def test_a_verdict_is_our_clocks_on_the_other_systems_due_time(
    tmp_path: Path, done: str, due: str, verdict: str
) -> None:
    row = f"1,2022-07-04 09:00:00,potholes,{done},vc-v11,{due},{verdict}\n"
    assert as_json(compared(tmp_path, row))["on_time"] == {"n": 1, "equal": 1}


def test_late_follows_from_times_alone() -> None:
    due = datetime(2022, 7, 4, tzinfo=UTC)
    assert kept(due, due, due + timedelta(days=9))
    assert not kept(due, None, due + timedelta(seconds=1))


def test_a_period_is_local_days_both_included(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},{on},potholes,,vc-v11,,\n"
        for n, on in enumerate(
            [
                "2022-06-30 23:59:59",
                "2022-07-01 00:00:00",
                "2022-07-31 23:59:59",
                "2022-08-01 00:00:00",
            ]
        )
    )
    july = Period(date(2022, 7, 1), date(2022, 7, 31))
    assert compared(tmp_path, rows, period=july).rows == 2
    assert compared(tmp_path, rows, period=Period(last=july.last)).rows == 3


def test_a_mapping_that_expects_nothing_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match="no `expect:`"):
        compared(tmp_path, GOOD, MAPPING.split("expect:")[0])


def test_a_column_that_is_expected_and_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match=r"expect\.due needs one column 'until'"):
        compared(tmp_path, GOOD, MAPPING.replace("{due}", "{until}"))


def test_a_cell_that_cannot_be_read_is_counted_with_its_reason(tmp_path: Path) -> None:
    found = compared(tmp_path, GOOD.replace("2022-07-07 09:00:30", "soon"))
    assert found.rejected == {"expect.due: 'soon' is in none of the formats": 1}


def test_a_report_without_a_place_or_kind_still_gets_an_answer() -> None:
    report = Report(
        report_id="1", source="desk", submitted_at=datetime(2022, 7, 4, tzinfo=UTC), text="hm",
        location=Location(), reporter=Reporter(kind=ReporterKind.RESIDENT, id="x"),
    )  # fmt: skip
    decided = decide(report, RULES)
    assert (decided.department, decided.due) == (None, None)
    assert decided.why


def test_the_command_reads_a_packed_file_and_speaks_json(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(BOSTON, "utf-8")
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress((HEADER + ROW_OF_BOSTON).encode()))
    deploy = Path(__file__).parents[2] / "deploy/boston"
    asked = ["compare", str(packed), "--mapping", str(tmp_path / "mapping.yaml")]
    told = CliRunner().invoke(app, [*asked, "--reference", str(deploy), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["department"] == {
        "n": 1,
        "equal": 1,
        "transferred": 0,
        "misses": [],
    }


BOSTON = MAPPING.replace("Asia/Shanghai", "America/New_York").replace("g111", "roxbury-1")
ROW_OF_BOSTON = "1,2015-07-01 09:00:00,Building Inspection Request,,isd,2015-07-06 09:00:00,\n"
