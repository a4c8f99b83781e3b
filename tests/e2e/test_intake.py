"""One matter told by several people becomes one case, and each of them hears how it ends; a surge is
told; and a city's app reports and asks through Open311. Over the real topics and the running doors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from georeport import GeoReport

from lab.supervisor import Options, Platform
from schemas import topics
from schemas.reference import Duplicates, Hotspots, Reference, Settings
from services.intake.open311.app import ROOT
from tests.county import small_county
from tests.e2e.outside import Outside, a_report, an_update, case_of, fresh, until

KEY = "k" * 20
LIGHTS = "governance-t1"
TOLD = (
    "盘龙桥头的路灯坏了三天，晚上很黑，请尽快派人来修",
    "桥头路灯坏了好几天，盘龙这里晚上很黑，派人修一下",
    "盘龙桥头路灯三天不亮，晚上很黑，请派人来修",
)
"""One matter, as three people tell it."""
OTHER = "学校后门的路灯一直闪个不停，白天也亮着浪费电"
OTHER_AGAIN = "学校后门那盏路灯闪个不停，白天一直亮着，太浪费电了"
SETTINGS = Settings(duplicates=Duplicates(), hotspots=Hotspots(least=3, times=1.5))


@pytest.fixture(scope="module")
async def platform(options: Callable[[str, Reference], Options]) -> AsyncIterator[Platform]:
    """A county that looks for duplicates and surges, and knows one app by its key."""
    chosen = options("intake", small_county(settings=SETTINGS))
    chosen.environment["GRIDCASE_API_KEYS"] = f"{KEY}=city-app"
    async with Platform(chosen) as platform:
        yield platform


def a_telling(text: str, at: datetime) -> dict[str, Any]:
    who = {"kind": "resident", "id": fresh("resident")}
    return a_report(at, text=text, reporter=who)


async def tells(outside: Outside, text: str, at: datetime) -> dict[str, Any]:
    report = a_telling(text, at)
    await outside.sends(topics.REPORTS_SUBMITTED.name, report)
    return report


async def stages(outside: Outside, report: dict[str, Any], case: str) -> list[str]:
    """How far the reporter of that report was told that the case is."""
    words = await outside.told("reports.answered", report_id=report["report_id"])
    assert {word.data.case_id for word in words} == {case}
    return [word.data.stage for word in words]


async def test_three_who_tell_of_one_matter_have_one_case_and_are_all_answered(
    outside: Outside,
) -> None:
    start = await outside.another_monday()
    hour = timedelta(hours=1)
    reports = [await tells(outside, text, start + n * hour) for n, text in enumerate(TOLD)]
    case, *others = map(case_of, reports)
    assert outside.happened(case).count("report-added") == 2
    assert outside.happened(case).count("assigned") == 1
    assert [outside.happened(other) for other in others] == [["joining"], ["joining"]]
    held = [w for w in await outside.told(f"assignments.{LIGHTS}") if w.data.case_id in others]
    assert held == []

    for action, after in (("sign", 4), ("feedback", 5), ("resolve", 6)):
        update = an_update(case, action, start + after * hour, result="已派人换好灯泡。")
        await outside.sends(f"updates.{LIGHTS}", update)
    await outside.time_comes(start + timedelta(days=9))
    to_the_end = ["result", "resolved", "closed"]
    first, second, third = [await stages(outside, report, case) for report in reports]
    assert first == ["received", "assigned", *to_the_end]
    assert second == third == ["received", *to_the_end]


async def test_many_reports_of_a_kind_in_one_town_are_told_as_a_surge(outside: Outside) -> None:
    start = await outside.another_monday()
    at = start + timedelta(days=2)
    texts = {
        "g111": "村口路面坑洼很深",
        "g121": "桥边的路面坑洼积水",
        "g122": "幼儿园门前坑洼绊倒人",
    }
    cases = [
        await outside.reports(at + n * timedelta(hours=1), text=text, location={"grid": grid})
        for n, (grid, text) in enumerate(texts.items())
    ]
    (surge,) = await outside.told("hotspots", category="potholes")
    assert (surge.data.area, surge.data.reports) == ("t1", 3)
    assert set(surge.data.cases) == set(cases)


async def test_what_triage_has_merged_takes_no_more_reports_in(outside: Outside) -> None:
    start = await outside.another_monday()
    into = case_of(await tells(outside, TOLD[0], start))
    merged = case_of(await tells(outside, OTHER, start + timedelta(minutes=5)))
    decision = {
        "case_id": merged, "decision_id": fresh("decision"), "action": "merge", "into": into,
        "at": (start + timedelta(minutes=30)).isoformat(), "by": "officer", "reason": "同一件事",
    }  # fmt: skip
    await outside.sends(topics.TRIAGE_DECISIONS.name, decision)
    assert outside.happened(merged)[-1] == "merged"
    late = case_of(await tells(outside, OTHER_AGAIN, start + timedelta(hours=1)))
    assert outside.happened(late)[0] == "opened"


# ── the open door ────────────────────────────────────────────────────────────────────────────

FORM = {
    "api_key": KEY, "service_code": "street-lights", "address_id": "v21",
    "description": "广场边的路灯不亮", "first_name": "小明", "last_name": "王",
    "phone": "13800001111", "account_id": "u1",
}  # fmt: skip


async def test_an_app_reports_through_open311_and_follows_it_to_the_end(outside: Outside) -> None:
    """`georeport` is somebody else's client; it only reads, so the form is posted by hand."""
    root = outside.platform.http["intake"] + ROOT
    city = GeoReport(root, jurisdiction="c")
    services = await asyncio.to_thread(city.get_service_list)
    assert "street-lights" in {service["service_code"] for service in services}

    posted = await outside.http.post(f"{root}/requests.json", data=FORM)
    assert posted.status_code == httpx.codes.CREATED
    (accepted,) = posted.json()
    case = accepted["service_request_id"]
    await outside.quiet()
    assert outside.happened(case)[0] == "opened"

    async def has(status: str) -> bool:
        found = await outside.http.get(f"{root}/requests/{case}.json")
        return bool(found.status_code == httpx.codes.OK and found.json()[0]["status"] == status)

    await until(lambda: has("open"))
    opened = next(event for event in outside.events if event.subject == case)
    for action, hours in (("sign", 1), ("resolve", 2)):
        update = an_update(case, action, opened.time + timedelta(hours=hours), result="已修好。")
        await outside.sends("updates.governance-t2", update)
    await until(lambda: has("closed"))

    found = await asyncio.to_thread(city.get_service_request, case)
    assert (found["status"], found["service_code"]) == ("closed", "street-lights")
    assert "王小明" not in str(found)
    for status, is_there in (("closed", True), ("open", False)):
        listed = await asyncio.to_thread(
            city.get_service_requests, service_code="street-lights", status=status
        )
        assert (case in [item["service_request_id"] for item in listed]) is is_there


async def test_open311_takes_nothing_without_a_key_that_it_knows(outside: Outside) -> None:
    root = outside.platform.http["intake"] + ROOT
    refused = await outside.http.post(f"{root}/requests.xml", data=FORM | {"api_key": "no"})
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert "api_key" in refused.text
