"""Rules learnt from history: one for a family, more only where they say something new."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lab.learn_rules import Learnt, Row, app, history, learn
from lab.mapping import read_mapping
from schemas.reference import RoutingRule
from schemas.rulebook import Rulebook
from tests.county import small_county

RULES = Rulebook(small_county())
MAPPING = """\
source: desk
times: {zone: Asia/Shanghai, formats: ["%Y-%m-%d"]}
report: {report_id: "{no}", submitted_at: "{on}", text: x, category: "{what}",
         location: {grid: "{grid}"}, reporter: {kind: resident, id: nobody}}
expect: {department: "{unit}"}
"""


def found(*rows: tuple[str, str, str, int]) -> dict[str, Learnt]:
    """Rules by their id, of (category, area, department, times)."""
    many = [Row(what, area, unit) for what, area, unit, times in rows for _ in range(times)]
    return {yaml.safe_load(str(rule))[0]["id"]: rule for rule in learn(many, RULES)}


def test_a_kind_that_goes_where_its_family_goes_needs_no_rule_of_its_own() -> None:
    rules = found(("potholes", "g111", "county-bureau", 9), ("roads", "g111", "county-bureau", 1))
    assert list(rules) == ["roads"]
    assert (rules["roads"].right, rules["roads"].n) == (10, 10)


def test_a_kind_that_goes_elsewhere_has_one() -> None:
    rules = found(
        ("potholes", "g111", "county-bureau", 9), ("street-lights", "g111", "county-discipline", 5)
    )
    assert {id: rule.department for id, rule in rules.items()} == {
        "roads": "county-bureau",
        "street-lights": "county-discipline",
    }


def test_an_area_has_one_where_it_plainly_differs_and_not_by_chance() -> None:
    usual = ("potholes", "g111", "county-bureau", 40)
    chance = found(usual, ("potholes", "g211", "county-discipline", 3))
    plain = found(usual, ("potholes", "g211", "county-discipline", 9))
    assert list(chance) == ["roads"]
    assert {"potholes-in-g211", "potholes-in-v21", "potholes-in-t2"} <= plain.keys()


def test_departments_and_kinds_that_the_reference_does_not_know_are_left_out() -> None:
    assert found(("dragons", "g111", "county-bureau", 9), ("potholes", "g111", "nobody", 9)) == {}


@given(st.permutations([("potholes", "g111", unit) for unit in ("vc-v11", "county-bureau")] * 3))
def test_the_order_of_the_history_changes_nothing(rows: list[tuple[str, str, str]]) -> None:
    [rule] = learn([Row(*row) for row in rows], RULES)
    assert rule.department == "county-bureau"  # of two with as many, the first by code


def test_what_is_learnt_can_be_read_as_rules_and_routes_so() -> None:
    rules = found(("potholes", "g111", "governance-t1", 9))
    [row] = yaml.safe_load(str(rules["roads"]))
    read = RoutingRule.model_validate(row)
    again = Rulebook(small_county(rules=(read,)))
    [route] = again.routes("g111", "potholes", None, "normal")  # type: ignore[arg-type]
    assert route.ladder[route.level] == "=governance-t1"


def test_nothing_is_learnt_from_the_day_on_that_is_to_be_judged(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
    rows = "no,on,what,grid,unit\n1,2022-08-31,roads,g111,vc-v11\n2,2022-09-01,roads,g111,vc-v12\n"
    (tmp_path / "rows.csv").write_text(rows, "utf-8")
    mapping = read_mapping(tmp_path / "mapping.yaml")
    [row] = history(tmp_path / "rows.csv", mapping, date(2022, 9, 1))
    assert row == Row("roads", "g111", "vc-v11")


def test_the_command_says_what_is_wrong_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("no\n", "utf-8")
    mapping, boston = "lab/mappings/boston311.yaml", "deploy/boston"
    arguments = [str(tmp_path / "rows.csv"), "--mapping", mapping, "--reference", boston]
    result = CliRunner().invoke(app, [*arguments, "--until", "September"])
    assert result.exit_code == 1 and "September" in result.output
