"""The lab's examples run, on little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lab.examples import boston_2015, county_of_the_paper

HEADER = (
    "CASE_ENQUIRY_ID,OPEN_DT,CLOSED_DT,CLOSURE_REASON,CASE_TITLE,TYPE,QUEUE,neighborhood,Source"
)
KIND = "Sidewalk Repair (Make Safe)"


def requests(file: Path) -> None:
    """A made-up year: two a day from May to August; every other takes a day, the rest twenty."""
    lines = [HEADER]
    for n in range(240):
        came = datetime(2015, 5, 1, 9, tzinfo=UTC) + timedelta(hours=12 * n)
        done = came + timedelta(days=1 if n % 2 else 20)
        days = (f"{each:%Y-%m-%d %H:%M:%S}" for each in (came, done))
        cells = (n, *days, "Done", "Sidewalk", KIND, "Q", "Roxbury", "Self Service")
        lines.append(",".join(map(str, cells)))
    file.write_text("\n".join(lines) + "\n", "utf-8")


def test_boston_is_compared_by_department(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, svg = tmp_path / "requests.csv", tmp_path / "boston.svg"
    requests(file)
    boston_2015.main([str(file), "--at-least", "50", "--svg", str(svg)])
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.startswith("| department | due | real | simulated")
    assert row.startswith("| pwdx | 118 |")
    words = {each.text for each in ElementTree.parse(svg).iter() if each.text}
    assert {"Public Works", "实际 real"} <= words
    assert any("% of those due" in each for each in words)


def test_what_does_not_change_is_met_but_for_chance(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    requests(file)
    (row,) = boston_2015.compared(file, 50, seed=1)
    assert row.handled == pytest.approx(0, abs=12)  # 118 cases: one in nine is chance
    assert row.drift == pytest.approx(0, abs=5)


def test_the_county_of_the_paper_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    svg = tmp_path / "county.svg"
    county_of_the_paper.main(["--cases", "40", "--days", "40", "--svg", str(svg)])
    assert "40 cases" in capsys.readouterr().out
    words = {each.text for each in ElementTree.parse(svg).iter() if each.text}
    assert {"2022-01", "2022-02", "件 cases"} <= words
    assert any("made-up habits" in each for each in words), "nobody takes it for a real county"
