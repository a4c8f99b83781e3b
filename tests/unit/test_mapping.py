"""The mapping language: what a small YAML file may say, and what it is told when it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.mapping import CannotImport, Mapping, RowRejected, Slug, Table, Times, fill, read_mapping
from schemas.reference import CODE_PATTERN

MAPPINGS = Path(__file__).parents[2] / "lab/mappings"
SMALL = """\
source: desk
times: {zone: Asia/Shanghai, formats: ["%Y/%m/%d"]}
report:
  report_id: "{no}"
  submitted_at: "{on}"
  text: "{what}, {where}"
  category: {slug: kind}
  location: {town: {column: where, table: {East: t1}}}
  reporter: {kind: resident, id: nobody}
"""
SHANGHAI = Times(zone="Asia/Shanghai", formats=("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d"))
NEW_YORK = Times(zone="America/New_York", formats=("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"))


def written(folder: Path, text: str) -> Path:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(CannotImport) as caught:
        read_mapping(written(folder, text))
    return str(caught.value)


# ── values ───────────────────────────────────────────────────────────────────────────────────


def test_a_template_is_filled_with_cells_and_one_without_columns_is_a_fixed_value() -> None:
    row = {"subject": "Dark street", "detail": "Three lamps"}
    assert fill("{subject}: {detail}", row) == "Dark street: Three lamps"
    assert fill("resident", row) == "resident"
    assert fill("", row) == ""


def test_what_stands_in_a_cell_is_never_read_as_a_template() -> None:
    assert fill("{a}", {"a": "{b}", "b": "secret"}) == "{b}"


def test_a_table_translates_and_what_it_lacks_becomes_otherwise() -> None:
    table = Table(column="area", table={"North": "n-1", "": "all"}, otherwise="elsewhere")
    found = [fill(table, {"area": cell}) for cell in ("North", "", "South")]
    assert found == ["n-1", "all", "elsewhere"]


def test_a_cell_that_a_table_without_otherwise_lacks_rejects_the_row() -> None:
    with pytest.raises(RowRejected, match="area: the mapping has no 'South'"):
        fill(Table(column="area", table={"North": "n-1"}), {"area": "South"})


def test_a_slug_is_a_code() -> None:
    slug = Slug(slug="type")
    assert fill(slug, {"type": "New Sign  Crosswalk or Marking (Internal)"}) == (
        "new-sign-crosswalk-or-marking-internal"
    )


@given(st.text())
def test_a_slug_is_a_code_or_nothing_whatever_the_cell(cell: str) -> None:
    import re

    code = fill(Slug(slug="type"), {"type": cell})
    assert code == "" or re.match(CODE_PATTERN, code)


# ── times ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2019/4/8 8:37:20", datetime(2019, 4, 8, 0, 37, 20, tzinfo=UTC)),
        ("2019-04-08 08:37", datetime(2019, 4, 8, 0, 37, tzinfo=UTC)),
        ("2019/4/8", datetime(2019, 4, 7, 16, 0, tzinfo=UTC)),
    ],
)
def test_each_format_is_tried_in_turn_and_a_naive_time_is_local(said: str, meant: datetime) -> None:
    assert SHANGHAI.read(said) == meant


@pytest.mark.parametrize(
    "said", ["", "yesterday", "2019/13/1", "0001/01/01", "2019/4/8 8:37:20 pm"]
)
def test_a_time_in_none_of_the_formats_is_no_time(said: str) -> None:
    assert SHANGHAI.read(said) is None


def test_summer_time_and_a_zone_of_its_own_are_kept() -> None:
    assert NEW_YORK.read("2015-07-03 12:00:00") == datetime(2015, 7, 3, 16, 0, tzinfo=UTC)
    assert NEW_YORK.read("2015-01-03 12:00:00") == datetime(2015, 1, 3, 17, 0, tzinfo=UTC)
    assert NEW_YORK.read("2015-07-03T12:00:00+08:00") == datetime(2015, 7, 3, 4, 0, tzinfo=UTC)


def test_of_the_hour_that_comes_twice_the_first_is_meant() -> None:
    assert NEW_YORK.read("2015-11-01 01:30:00") == datetime(2015, 11, 1, 5, 30, tzinfo=UTC)


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_a_mapping_tells_each_column_that_it_reads_and_where(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, SMALL))
    assert sorted(mapping.columns()) == [
        ("report.category", "kind"),
        ("report.location.town", "where"),
        ("report.report_id", "no"),
        ("report.submitted_at", "on"),
        ("report.text", "what"),
        ("report.text", "where"),
    ]


def test_a_mistake_is_told_with_file_and_field(tmp_path: Path) -> None:
    told = refusal(tmp_path, SMALL.replace("text:", "txt:"))
    assert "small.yaml: report.text: Field required" in told
    assert "small.yaml: report.txt: Extra inputs are not permitted" in told


def test_a_table_without_its_table_is_told_with_its_field(tmp_path: Path) -> None:
    told = refusal(tmp_path, SMALL.replace(", table: {East: t1}", ""))
    assert "small.yaml: report.location.town.table: Field required" in told


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("Asia/Shanghai", "Asia/Shangri-La", "times.zone: Value error, there is no time zone"),
        ('["%Y/%m/%d"]', "[]", "times.formats: Tuple should have at least 1 item"),
        ("source: desk", "source: desk\nencoding: utf-88", "encoding: Value error, there is no"),
        ("source: desk", "source: [", "is not YAML"),
        (SMALL, "- a list", "the whole: Input should be"),
        (SMALL, "", "source: Field required"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert told in refusal(tmp_path, SMALL.replace(right, wrong))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match=r"gone\.yaml: there is no such file"):
        read_mapping(tmp_path / "gone.yaml")


def test_yaml_does_not_guess(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, SMALL.replace("{East: t1}", "{no: 007, 12: off}")))
    assert mapping.report.location.town == Table(column="where", table={"no": "007", "12": "off"})


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_mappings_that_come_along_can_be_read(path: Path) -> None:
    assert isinstance(read_mapping(path), Mapping)


def test_a_slug_may_add_what_another_cell_begins_with() -> None:
    slug = Slug.model_validate(
        {"slug": "kind", "also": {"column": "title", "begins": {"Parks:": "parks", "P": "other"}}}
    )
    found = [fill(slug, {"kind": "A  Word", "title": t}) for t in ("Parks: good", "Pay", "", "x")]
    assert found == ["a-word-parks", "a-word-other", "a-word", "a-word"]


def test_what_a_cell_begins_with_is_added_only_for_the_types_that_are_named() -> None:
    also = {"column": "title", "begins": {"Parks:": "parks"}, "only_for": ["Comment"]}
    slug = Slug.model_validate({"slug": "kind", "also": also})
    found = [fill(slug, {"kind": kind, "title": "Parks: x"}) for kind in ("Comment", "Tree")]
    assert found == ["comment-parks", "tree"]
