"""The doctor on a platform that runs, and after something was taken away from it."""

from __future__ import annotations

from lab.doctor import Patient, examine, topics
from lab.supervisor import Platform


async def test_a_platform_that_runs_is_ill_in_no_part(platform: Platform) -> None:
    findings = {f.part: f for f in await examine(platform.settings, platform.http)}
    assert [f for f in findings.values() if f.health == "ill"] == []
    well = {"broker", "rules", "topics", "database", "clock", "intake", "router", "sla", "rating"}
    assert {part for part in well if findings[part].health != "well"} == set()
    if platform.kind != "mock":
        assert "anybody may write" in findings["access"].found


async def test_a_county_of_another_prefix_has_no_rules_and_is_told_how_to_get_them(
    platform: Platform,
) -> None:
    elsewhere = platform.settings.model_copy(update={"prefix": "nowhere-"})
    findings = {f.part: f for f in await examine(elsewhere, {})}
    assert findings["rules"].health == "ill"
    assert "gridcase reference publish" in findings["rules"].next_step
    assert "gridcase topics create" in findings["topics"].next_step


async def test_partitions_that_differ_are_told_and_not_mended(platform: Platform) -> None:
    name = platform.settings.topic("case.events")
    finding = await topics(Patient(platform.settings, {}, {name: 3}))
    assert f"{name} has 3 partitions instead of 12" in finding.found
