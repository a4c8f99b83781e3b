"""The demo's month of reports: valid, complete, of one month, and no text twice.

`lab/demo/reports.jsonl` comes in, line by line. The rule to remember: what the demo shows can only
be as good as its month, so what its README promises is checked here.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from schemas.inputs import Channel, Report
from schemas.reference import Service

ROOT = Path(__file__).parents[2]
SOURCES = {
    "wechat-321",
    "hotline-12345",
    "patrol-phone",
    "video-analytics",
    "deputy-liaison",
    "village-desk",
}
KINDS = {
    "ordinary": 80,
    "silent": 80,
    "paper-18": 18,
    "pole": 1,
    "dispute": 40,
    "late": 20,
    "supervised": 2,
    "bounce": 12,
    "pause": 12,
    "unhappy": 12,
    "whistle-blower": 10,
    "epidemic": 20,
}
"""Each kind of story, and how many there are at least."""

Line = dict[str, Any]


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    text = (ROOT / "lab/demo/reports.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def reports(lines: list[Line]) -> list[Report]:
    return [Report.model_validate(_sent(line)) for line in lines]


@pytest.fixture(scope="module")
def areas() -> dict[str, Line]:
    return {row["code"]: row for row in _table("areas.csv")}


def _sent(line: Line) -> Line:
    return {name: value for name, value in line.items() if name != "story"}


def _table(name: str) -> list[dict[str, str]]:
    with (ROOT / "deploy/hanyin" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _of_kind(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["story"]["kind"] == kind]


def test_there_are_at_least_three_hundred_reports_and_no_id_comes_twice(
    reports: list[Report],
) -> None:
    assert len(reports) >= 300
    assert len({(report.source, report.report_id) for report in reports}) == len(reports)


def test_they_are_all_of_july_2022_local_time_and_in_order(lines: list[Line]) -> None:
    times = [datetime.fromisoformat(line["submitted_at"]) for line in lines]
    assert times == sorted(times)
    assert {(time.year, time.month, time.utcoffset()) for time in times} == {
        (2022, 7, timedelta(hours=8))
    }
    assert {time.day for time in times} == set(range(1, 32))


def test_most_come_by_day_on_weekdays_and_a_few_by_night(lines: list[Line]) -> None:
    times = [datetime.fromisoformat(line["submitted_at"]) for line in lines]
    by_night = sum(time.hour >= 21 or time.hour < 6 for time in times)
    assert 10 <= by_night <= len(times) / 10
    weekday = sum(time.weekday() < 5 for time in times) / 21
    weekend = sum(time.weekday() >= 5 for time in times) / 10
    assert weekday > weekend


def test_all_ten_towns_and_many_villages_occur(lines: list[Line], areas: dict[str, Line]) -> None:
    names = {row["name"]: code for code, row in areas.items() if row["kind"] == "town"}
    towns, places = set(), set()
    for line in lines:
        location = line["location"]
        grid = location.get("grid") or line["story"].get("grid")
        towns.add(grid[:9] if grid else names[location["town"]])
        places.add(grid[:12] if grid else (location["town"], location["village"]))
    assert towns == set(names.values())
    assert len(names) == 10
    assert len(places) >= 100


def test_every_grid_is_one_of_the_countys(lines: list[Line], areas: dict[str, Line]) -> None:
    grids = {line["location"].get("grid") for line in lines}
    grids |= {line["story"].get("grid") for line in lines}
    assert all(areas[grid]["kind"] == "grid" for grid in grids if grid)


def test_all_services_channels_and_sources_occur(reports: list[Report]) -> None:
    assert {report.service for report in reports} == {*Service, None}
    assert {report.channel for report in reports} == set(Channel)
    assert {report.source for report in reports} == SOURCES


def test_categories_are_known_and_most_residents_leave_them_to_the_rules(
    lines: list[Line], reports: list[Report]
) -> None:
    known = {row["code"] for row in _table("categories.csv")}
    assert {report.category for report in reports if report.category} <= known
    assert {line["story"]["category"] for line in lines} <= known
    residents = [report for report in reports if report.reporter.kind == "resident"]
    assert sum(report.category is not None for report in residents) < len(residents) / 20


def test_each_kind_of_story_is_told_often_enough(lines: list[Line]) -> None:
    told = Counter(line["story"]["kind"] for line in lines)
    assert set(told) == set(KINDS)
    assert {kind: told[kind] for kind, least in KINDS.items() if told[kind] < least} == {}


def test_the_studys_eighteen_requests_are_all_that_the_account_received_and_get_five_stars(
    lines: list[Line],
) -> None:
    paper = _of_kind(lines, "paper-18")
    asked = [
        line
        for line in lines
        if (line["source"], line.get("service")) == ("wechat-321", "sentiment")
    ]
    assert len(paper) == 18
    assert paper == asked
    assert {line["story"]["stars"] for line in paper} == {5}
    assert len({line["text"] for line in paper}) == 18


def test_the_fallen_pole_is_put_right_in_under_two_hours(lines: list[Line]) -> None:
    [pole] = _of_kind(lines, "pole")
    assert (pole["location"]["town"], pole["location"]["village"]) == ("蒲溪镇", "盘龙村")
    assert pole["story"]["minutes_to_resolve"] < 120
    assert pole["story"]["stars"] == 5


def test_every_story_says_how_it_ends(lines: list[Line]) -> None:
    for story in (line["story"] for line in lines):
        assert story["resolution"].endswith("。")
        assert story["minutes_to_resolve"] > 0
        assert story["stars"] is None or 1 <= story["stars"] <= 5
        assert (story["kind"] in {"dispute", "late", "supervised"}) == ("settles_at" in story)
        assert (story["kind"] == "bounce") == ("returns" in story)
        assert (story["kind"] == "pause") == ("pause" in story)


def test_the_unhappy_are_happier_after_reopening_and_the_silent_never_rate(
    lines: list[Line],
) -> None:
    for story in (line["story"] for line in _of_kind(lines, "unhappy")):
        assert story["stars"] <= 2 < story["stars_after"]
    assert {line["story"]["stars"] for line in _of_kind(lines, "silent")} == {None}


def test_most_disputes_are_settled_in_the_village_and_few_reach_the_county(
    lines: list[Line],
) -> None:
    levels = Counter(line["story"]["settles_at"] for line in _of_kind(lines, "dispute"))
    assert levels["village"] > levels["town"] > levels["county"] > 0


def test_a_report_of_the_same_matter_names_an_earlier_one(lines: list[Line]) -> None:
    earlier: set[str] = set()
    for line in lines:
        assert line["story"].get("same_as", line["report_id"]) in {*earlier, line["report_id"]}
        earlier.add(line["report_id"])


def test_phones_are_from_the_invented_range(lines: list[Line]) -> None:
    phones = {line["reporter"]["phone"] for line in lines if "phone" in line["reporter"]}
    assert phones
    assert all(19900000001 <= int(phone) <= 19900000999 for phone in phones)


def test_some_texts_say_who_the_reporter_is(lines: list[Line]) -> None:
    said = [(_words(line), line["reporter"]) for line in lines]
    assert sum("name" in by and by["name"] in words for words, by in said) >= 5
    assert sum("phone" in by and by["phone"] in words for words, by in said) >= 5


def test_no_two_reports_are_nearly_the_same(lines: list[Line]) -> None:
    grams = [(line["report_id"], _trigrams(_words(line))) for line in lines]
    near = [(a, b) for (a, x), (b, y) in combinations(grams, 2) if _alike(x, y) > 0.25]
    assert near == []
    assert len({line["story"]["resolution"] for line in lines}) == len(lines)


def _words(line: Line) -> str:
    spoken = (part.get("transcript", "") for part in line.get("attachments", []))
    return "".join([line["text"], *spoken])


def _trigrams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}


def _alike(one: set[str], other: set[str]) -> float:
    """The share of trigrams that two texts have in common (Jaccard)."""
    return len(one & other) / len(one | other)
