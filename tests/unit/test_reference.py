"""Reference data on its way: from a folder, to records, and back out of them in any order."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reference import Level, Reference, Settings
from services.shell.reference import Collector, ReferenceError, read_folder, to_records
from tests.county import small_county

FOLDER = {
    "manifest.yaml": 'version: one\neffective_from: 2022-01-01T00:00:00+08:00\ncounty: 61\nname: "县"\n',
    "areas.csv": "code,name,kind,parent,note\n61,县,county,,\n61001,镇,town,61,old name\n",
    "departments.csv": "code,name,kind,level,area\nbureau,局,bureau,county,61\n",
    "categories.csv": "code,name,name_en,parent\nroads,道路,Roads,\n",
    "rules.yaml": "- id: roads\n  category: roads\n  level: county\n  ladder: {county: bureau}\n",
    "deadlines.yaml": "- {id: usual, sign: 2h, respond: 1wd, resolve: 3wd, case: 15cd}\n",
    "calendar.yaml": "- id: office\n  timezone: Asia/Shanghai\n  week: {mon: [{start: 14:00, end: 18:00}]}\n",
}
COUNTY = small_county()
RECORDS = to_records(COUNTY)


def folder(path: Path, **changes: str | bytes) -> Path:
    """The folder above with some files changed: ``areas_csv="…"``; empty text leaves it out."""
    for file, text in (
        FOLDER | {key.replace("_", "."): text for key, text in changes.items()}
    ).items():
        content = text if isinstance(text, bytes) else text.encode()
        if content:
            (path / file).write_bytes(content)
    return path


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(ReferenceError) as refused:
        read_folder(path)
    return refused.value.problems


def collected(records: list[tuple[str, bytes]]) -> list[Reference]:
    collector = Collector()
    found = (collector.add(key, value) for key, value in records)
    return [reference for reference in found if reference is not None]


def without_count(reference: Reference) -> Reference:
    plain = reference.manifest.model_copy(update={"records": 0, "digest": ""})
    return reference.model_copy(update={"manifest": plain})


def test_a_folder_is_read_with_all_its_columns(tmp_path: Path) -> None:
    reference = read_folder(folder(tmp_path))
    assert reference.areas[1].model_extra == {"note": "old name"}
    assert reference.rules[0].ladder == {Level.COUNTY: "bureau"}
    assert reference.settings == Settings()


def test_digits_and_clock_times_without_quotes_stay_what_they_are(tmp_path: Path) -> None:
    reference = read_folder(folder(tmp_path))
    assert reference.manifest.county == "61"
    assert reference.calendars[0].week["mon"][0].start.hour == 14


def test_null_in_the_settings_switches_a_default_off(tmp_path: Path) -> None:
    path = folder(tmp_path, settings_yaml="settings: {remind_before: null, low_stars: 1}\n")
    settings = read_folder(path).settings
    assert (settings.remind_before, settings.low_stars) == (None, 1)


def test_the_reasons_stand_beside_the_settings(tmp_path: Path) -> None:
    path = folder(
        tmp_path, settings_yaml="pause_reasons:\n  - {code: rain, name: 雨, limit: 5wd}\n"
    )
    reference = read_folder(path)
    assert [reason.code for reason in reference.pause_reasons] == ["rain"]
    assert reference.return_reasons == ()


def test_a_table_saved_with_a_byte_order_mark_reads_the_same(tmp_path: Path) -> None:
    path = folder(tmp_path, areas_csv=b"\xef\xbb\xbf" + FOLDER["areas.csv"].encode())
    assert read_folder(path).areas[0].code == "61"


def test_every_problem_is_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        areas_csv="code,name,kind,parent\n61,县,country,\n61001,镇,town,61\nA.1,镇,town,61\n",
        rules_yaml="- id: roads\n  level: county\n  ladder: {county: bureau}\n\n- id: more\n",
        deadlines_yaml="- {id: usual, sign: 2 hours}\n",
    )
    found = problems(path)
    places = [problem.split(": ")[0] for problem in found]
    assert places == [
        "areas.csv:2",
        "areas.csv:4",
        "rules.yaml:5",
        "rules.yaml:5",
        "deadlines.yaml:1",
    ]
    assert "country" in found[0]
    assert "2 hours" in found[4]


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("areas_csv", "", "areas.csv: is missing"),
        ("areas_csv", "名称".encode("gbk"), "areas.csv: is not UTF-8; save it as UTF-8"),
        ("areas_csv", "code,name\n61,a,b\n", "areas.csv:2: has more cells than the header"),
        ("manifest_yaml", " ", "manifest.yaml:1: version: Field required"),
        ("settings_yaml", "warn_at: 1\n", "settings.yaml:1: 'warn_at' is none of settings,"),
        ("settings_yaml", "- 1\n", "settings.yaml:1: should have the keys settings,"),
        ("rules_yaml", "- {id: a\n- b\n", "rules.yaml:3: expected"),
    ],
)
def test_a_file_out_of_form_is_one_problem_among_others(
    tmp_path: Path, file: str, text: str | bytes, problem: str
) -> None:
    path = folder(tmp_path, **{file: text, "categories_csv": ""})
    found = problems(path)
    assert "categories.csv: is missing" in found
    assert any(told.startswith(problem) for told in found), found


def test_a_start_without_a_time_zone_is_refused(tmp_path: Path) -> None:
    naive = FOLDER["manifest.yaml"].replace("+08:00", "")
    (problem,) = problems(folder(tmp_path, manifest_yaml=naive))
    assert problem.startswith("manifest.yaml:1: effective_from:")


def test_the_manifest_comes_last_and_counts_the_others() -> None:
    key, value = RECORDS[-1]
    assert key == "county-1/manifest/county-1"
    assert orjson.loads(value)["records"] == len(RECORDS) - 1
    assert [key for key, _ in RECORDS if "/area/" in key][:2] == [
        "county-1/area/c",
        "county-1/area/t1",
    ]


@settings(deadline=None)
@given(st.permutations(RECORDS))
def test_records_in_any_order_give_the_same_reference_once(
    records: list[tuple[str, bytes]],
) -> None:
    (found,) = collected(records)
    assert without_count(found) == COUNTY
    assert collected(records[:-1]) == []


def test_what_was_read_back_is_published_as_the_same_records() -> None:
    (found,) = collected(RECORDS)
    assert to_records(found) == RECORDS


def test_rows_keep_their_own_fields_and_settings_what_they_switch_off() -> None:
    area = COUNTY.areas[0].model_copy(update={"population": 310_000})
    county = small_county(areas=(area,), settings=Settings(remind_before=None))
    (found,) = collected(to_records(county))
    assert found.areas[0].model_dump()["population"] == 310_000
    assert found.settings.remind_before is None


def test_two_versions_on_one_topic_are_kept_apart() -> None:
    mixed = [
        record
        for pair in zip(RECORDS, to_records(small_county("county-2")), strict=True)
        for record in pair
    ]
    assert [found.manifest.version for found in collected(mixed)] == ["county-1", "county-2"]


def test_a_version_with_a_record_changed_on_the_way_never_exists() -> None:
    key, value = RECORDS[3]
    assert collected([*RECORDS[:3], (key, value.replace(b"v11", b"v12")), *RECORDS[4:]]) == []


def test_a_deleted_record_is_missed() -> None:
    collector = Collector()
    for key, value in RECORDS[:-1]:
        collector.add(key, value)
    assert collector.add(RECORDS[0][0], None) is None
    assert collector.add(*RECORDS[-1]) is None
    assert collector.add(*RECORDS[0]) is not None


def test_a_version_read_a_second_time_is_not_told_again() -> None:
    assert len(collected(RECORDS * 2)) == 1


def test_a_version_published_anew_with_other_rules_is_told() -> None:
    first, second = collected(RECORDS + to_records(small_county(keywords=())))
    assert (len(first.keywords), second.keywords) == (3, ())


def test_other_records_on_the_topic_are_passed_over() -> None:
    assert collected(
        [("log/incarnation", b'{"id": "x"}'), ("county-1/weather/today", b"?"), *RECORDS]
    )


def test_two_rows_with_one_id_are_not_published() -> None:
    with pytest.raises(ValueError, match="county-1/area/c"):
        to_records(small_county(areas=(COUNTY.areas[0], COUNTY.areas[0])))
