"""The check: the small county is clean; each thing broken in it is found, and told where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.reference import (
    Area,
    Calendar,
    Category,
    DeadlinePolicy,
    Department,
    HandlingTimes,
    KeywordRule,
    Level,
    Reference,
    RoutingRule,
    Service,
)
from services.shell.reference_check import check
from services.shell.reference_findings import Finding
from tests.county import CLIMB, small_county

COUNTY = small_county()
USUAL = COUNTY.deadlines[0]


def rule(id: str = "new", **fields: Any) -> RoutingRule:
    return RoutingRule.model_validate({"id": id, "level": "village", "ladder": CLIMB} | fields)


def policy(**fields: Any) -> DeadlinePolicy:
    return DeadlinePolicy.model_validate({"id": "new"} | fields)


def plus(part: str, *rows: Any) -> Reference:
    return COUNTY.model_copy(update={part: (*getattr(COUNTY, part), *rows)})


def without(part: str, code: str) -> Reference:
    key = "id" if part == "rules" else "code"
    kept = tuple(row for row in getattr(COUNTY, part) if getattr(row, key) != code)
    return COUNTY.model_copy(update={part: kept})


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0]


def test_the_small_county_is_clean() -> None:
    assert check(COUNTY) == []


BUREAU = COUNTY.departments[-2]
GRID = Area(code="g999", name="网格", kind="grid", parent="v11")


@pytest.mark.parametrize(
    ("reference", "place", "words"),
    [
        (plus("calendars", COUNTY.calendars[0]), "calendar/office", "2 times"),
        (
            plus("areas", GRID.model_copy(update={"parent": "v99"})),
            "areas/g999",
            "in village, not in v99",
        ),
        (
            plus("areas", GRID.model_copy(update={"parent": "t1"})),
            "areas/g999",
            "in village, not in t1",
        ),
        (plus("areas", Area(code="d", name="d", kind="county")), "areas/d", "not the county c"),
        (
            plus("categories", Category(code="x", name="x", parent="nope")),
            "categories/x",
            "unknown category nope",
        ),
        (
            plus("departments", BUREAU.model_copy(update={"code": "x", "area": "z"})),
            "departments/x",
            "unknown area z",
        ),
        (
            plus("departments", BUREAU.model_copy(update={"code": "x"})),
            "departments/x",
            "as county-bureau",
        ),
        (plus("rules", rule(area="z")), "rules/new", "unknown area z"),
        (plus("rules", rule(category="nope")), "rules/new", "unknown category nope"),
        (
            plus("rules", rule(ladder={"village": "village-committee", "county": "county-bureau"})),
            "rules/new",
            "nobody at town level",
        ),
        (
            plus("rules", rule(level="county", ladder={"county": "village-committee"})),
            "rules/new",
            "is a unit of village level",
        ),
        (plus("rules", rule("tied", category="roads")), "rules/tied", "ties with roads"),
        (
            plus("deadlines", policy(category="nope", sign="1h")),
            "deadlines/new",
            "unknown category nope",
        ),
        (plus("deadlines", policy(level="town", case="9cd")), "deadlines/new", "binds `case`"),
        (
            plus("deadlines", policy(level="county", resolve="9wd")),
            "deadlines/new",
            "ties with county",
        ),
        (plus("deadlines", policy(category="roads")), "deadlines/new", "names no limit"),
        (
            plus("keywords", KeywordRule(category="nope", words=("x",))),
            "keywords/4 nope",
            "unknown category nope",
        ),
        (
            plus("keywords", KeywordRule(category="land", words=("x", " "))),
            "keywords/4 land",
            "empty word",
        ),
        (
            plus("keywords", KeywordRule(category="land", words=("车", "公交车"))),
            "keywords/4 land",
            "both count",
        ),
        (small_county(calendars=()), "calendar", "there is none"),
        (
            small_county(
                calendars=(Calendar(id="x", timezone="Moon", week=COUNTY.calendars[0].week),)
            ),
            "calendar/x",
            "Moon",
        ),
        (
            small_county(calendars=(Calendar(id="x", timezone="UTC", week={}),)),
            "calendar/x",
            "no working hours",
        ),
    ],
)
def test_what_is_broken_is_found_where_it_is(reference: Reference, place: str, words: str) -> None:
    finding = only([finding for finding in check(reference) if finding.place == place])
    assert words in finding.message
    assert finding.zh


def test_a_category_under_a_leaf_is_refused_and_takes_the_leaf_s_place() -> None:
    places = {
        found.place
        for found in check(plus("categories", Category(code="x", name="x", parent="land")))
    }
    assert "categories/x" in places


def test_a_ladder_with_an_unknown_kind_leaves_its_first_step_empty_everywhere() -> None:
    ladder = CLIMB | {Level.VILLAGE: "village-elders"}
    unknown, nobody = check(plus("rules", rule(category="potholes", ladder=ladder)))
    assert unknown.message == "no department is a village-elders"
    assert nobody.message == "no village-elders to start in 小县 c"


def test_a_broken_tree_is_not_told_again_as_holes() -> None:
    orphan = GRID.model_copy(update={"parent": "v99"})
    assert [finding.place for finding in check(plus("areas", orphan))] == ["areas/g999"]


def test_rows_that_complete_each_other_do_not_tie() -> None:
    assert check(plus("deadlines", policy(urgency="emergency", respond="20m"))) == []


def test_a_county_that_is_not_among_the_areas_is_found() -> None:
    other = COUNTY.manifest.model_copy(update={"county": "elsewhere"})
    places = [found.place for found in check(COUNTY.model_copy(update={"manifest": other}))]
    assert places == ["areas/c", "manifest/county"]


def test_a_category_that_no_rule_serves_is_a_hole_in_the_whole_county() -> None:
    hole = only(check(without("rules", "disputes")))
    assert hole.severity == "error"
    assert hole.message == (
        "no rule for land (deputy, epidemic, no service, risk, sentiment) in 小县 c"
    )


def test_a_rule_for_one_town_leaves_a_hole_in_the_other() -> None:
    rules = (*without("rules", "disputes").rules, rule("disputes", category="disputes", area="t1"))
    hole = only(check(small_county(rules=rules)))
    assert hole.message.endswith(" in t2镇 t2")


def test_a_village_without_the_unit_that_starts_is_a_hole() -> None:
    holes = check(without("departments", "vc-v12"))
    assert {hole.place for hole in holes if hole.severity == "error"} == {
        "rules/roads",
        "rules/disputes",
    }
    assert holes[0].message == "no village-committee to start in v12村委会 v12"


def test_a_unit_that_is_only_missing_to_assist_is_a_warning() -> None:
    holes = check(without("departments", "vc-v12"))
    assert {hole.place for hole in holes if hole.severity == "warning"} == {
        "rules/roads-emergency",
        "rules/enforcement",
    }


def test_a_town_without_the_unit_to_climb_to_is_a_hole() -> None:
    holes = check(without("departments", "governance-t2"))
    assert "no town-governance-office to climb to, at town level, in t2镇 t2" in [
        hole.message for hole in holes
    ]


def test_a_grid_with_a_rule_of_its_own_is_tried_by_itself() -> None:
    nobody = rule(
        "here",
        area="g111",
        level="county",
        ladder={"county": "=county-bureau"},
        assist=["town-band"],
    )
    unknown, lacking = check(plus("rules", nobody))
    assert unknown.message == "no department is a town-band"
    assert lacking.message.endswith("in v11村第1网格 g111")


def test_a_kind_of_deadline_without_a_limit_is_a_hole() -> None:
    rows = (USUAL.model_copy(update={"respond": None}), *COUNTY.deadlines[1:])
    hole = only(check(small_county(deadlines=rows)))
    assert hole.severity == "warning"
    assert "no `respond` limit" in hole.message


def test_a_limit_for_one_service_alone_leaves_the_others_without() -> None:
    rows = (USUAL.model_copy(update={"service": Service.RISK}),)
    kinds = [found.message.split("`")[1] for found in check(small_county(deadlines=rows))]
    assert kinds == ["sign", "respond", "resolve", "case"]


def test_a_department_of_nobody_s_rules_is_no_finding() -> None:
    museum = Department(code="museum", name="馆", kind="museum", level=Level.COUNTY, area="c")
    assert check(plus("departments", museum)) == []


# ── handling times ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"category": "dragons"}, "unknown category dragons"),
        ({"department": "dragons"}, "unknown department dragons"),
        ({"hours": (2.0, 1.0)}, "its hours go back"),
    ],
)
def test_handling_times_are_of_known_kinds_and_units_and_only_grow(
    fields: dict[str, Any], said: str
) -> None:
    row = {"id": "new", "category": "potholes", "cases": 40, "hours": (1.0, 2.0)} | fields
    finding = only(check(plus("handling", HandlingTimes.model_validate(row))))
    assert said in str(finding)


def test_limits_of_one_kind_that_follow_each_other_are_no_tie() -> None:
    later = USUAL.model_copy(update={"id": "later", "since": datetime(2023, 1, 1, tzinfo=UTC)})
    assert check(plus("deadlines", later)) == []
    assert "ties with later" in str(
        only(check(plus("deadlines", later, later.model_copy(update={"id": "again"}))))
    )


def test_a_calendar_whose_holidays_end_is_told_and_up_to_when() -> None:
    announced = COUNTY.calendars[0].model_copy(update={"holidays": "chinesecalendar"})
    found = only(check(COUNTY.model_copy(update={"calendars": (announced,)})))
    assert found.severity == "warning"
    assert "known up to" in str(found)
