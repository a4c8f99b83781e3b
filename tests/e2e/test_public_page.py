"""The public page of the running platform: read in a browser, published, corrected, and made again.

A month of the small county goes by: two matters are settled in it, one of them is thought poorly of
only after the month's figures were published.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from asyncio import create_subprocess_exec, create_task
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import timedelta
from io import StringIO
from typing import Any, NamedTuple

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright

from lab.verify_scorecards import verify
from schemas.outputs import VisitRequested
from services.rating.printing import chromium
from services.shell.reference_feed import ReferenceFeed
from tests.e2e.outside import Outside, a_rating, an_update, until

RATINGS, UPDATES = "ratings.submitted", "updates.vc-v11"


class Told(NamedTuple):
    """What happened, and where it can be read."""

    month: str
    content: str
    silent: str
    address: str
    before: str
    """A moment before the second rating, as the time machine takes it."""


@pytest.fixture(scope="module")
async def told(outside: Outside) -> Told:
    start = await outside.another_monday()
    while (start + timedelta(weeks=1)).month != start.month:
        start = await outside.another_monday()
    content, silent = [await outside.reports(start) for _ in range(2)]
    for case in (content, silent):
        update = an_update(case, "resolve", start + timedelta(hours=2), result="已修好")
        await outside.sends(UPDATES, update)
    await outside.sends(RATINGS, a_rating(content, 5, start + timedelta(hours=3)))
    later = (start.replace(day=1) + timedelta(days=40)).replace(day=4)
    await outside.time_comes(later)
    rating = a_rating(silent, 1, later, by="visit")
    await outside.sends(RATINGS, rating)
    for days in (1, 2):  # what has passed is the tick before the last
        await outside.time_comes(later + timedelta(days=days))
    address = outside.platform.http["rating"]
    before = (start + timedelta(hours=2, minutes=30)).isoformat()
    return Told(f"{start:%Y-%m}", content, silent, address, before)


async def card(told: Told, **asked: str) -> dict[str, Any]:
    """The village committee's card of the month."""
    query = {"period": told.month, "scope": "department", "id": "vc-v11"} | asked
    async with httpx.AsyncClient(timeout=60) as http:
        (found,) = (await http.get(f"{told.address}/api/scorecards", params=query)).json()
    return dict(found)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    path = chromium()
    if path is None:
        why = "there is no Chromium: `make browser` installs it"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield await browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
        await browser.close()


async def published(told: Told) -> None:
    async def is_there() -> bool:
        async with httpx.AsyncClient() as http:
            editions = (await http.get(f"{told.address}/api/periods")).json()
        return told.month in [edition["period"] for edition in editions]

    await until(is_there)


async def test_what_comes_late_changes_the_live_figures_and_never_the_published(
    told: Told,
) -> None:
    await published(told)
    fixed, live = await card(told), await card(told, live="1")
    assert fixed["version"] == 1
    assert (
        fixed["rates"]["satisfaction"]["denominator"] + 1
        == (live["rates"]["satisfaction"]["denominator"])
    )
    assert fixed["counts"]["accepted"] == live["counts"]["accepted"]


async def test_the_time_machine_knows_no_more_than_was_known(told: Told) -> None:
    then = await card(told, as_of=told.before)
    now = await card(told, live="1")
    assert then["rates"]["satisfaction"]["denominator"] == 0
    assert now["rates"]["satisfaction"]["denominator"] == 2
    assert then["counts"]["completed"] == 2


async def test_a_browser_shows_the_way_from_the_county_to_a_case(told: Told, page: Page) -> None:
    await page.goto(f"{told.address}/?period={told.month}&live=1&table=village-units")
    assert await page.locator("html").get_attribute("lang") == "zh-Hans"
    await page.get_by_role("link", name="v11村委会").first.click()
    await page.locator("main").get_by_role("link", name="2", exact=True).first.click()
    links = page.locator("main tbody th a")
    assert await links.count() == 2
    await links.first.click()
    assert "v11村委会" in await page.inner_text("ol.way")
    found = (await Axe().run(page)).response["violations"]
    assert [violation["id"] for violation in found] == []


async def test_a_resident_looks_a_case_up(told: Told, page: Page) -> None:
    await page.goto(f"{told.address}/")
    await page.get_by_label("查案件办理进度").fill(told.silent[:13])
    await page.get_by_role("button", name="查询").click()
    assert "评价 1 星" in await page.inner_text("main")


async def test_every_edition_is_made_again_from_the_log_to_the_byte(
    told: Told, outside: Outside
) -> None:
    await published(told)
    feed = ReferenceFeed(outside.settings)
    reading = create_task(feed.run())
    await feed.ready()
    found = await verify(outside.settings, feed)
    reading.cancel()
    assert told.month in [each.edition.period for each in found]
    assert [each for each in found if each.different or not each.cards] == []


async def test_at_least_a_tenth_of_what_was_closed_is_asked_about_again(
    told: Told, outside: Outside
) -> None:
    await published(told)
    visits = [m.data for m in await outside.told("visits.requested", period=told.month)]
    assert visits
    assert all(isinstance(visit, VisitRequested) for visit in visits)
    strata = {visit.department: visit.stratum for visit in visits}
    for department, closed in strata.items():
        drawn = {visit.case_id for visit in visits if visit.department == department}
        assert len(drawn) * 10 >= closed


async def gridcase(outside: Outside, *words: str) -> str:
    """What the command says of this platform, as somebody at a terminal would ask."""
    settings = outside.settings
    named = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka,
        "MONGO_URL": settings.mongo,
        "GRIDCASE_PREFIX": settings.prefix,
        "CLOCK": settings.clock,
    }
    command = await create_subprocess_exec(
        sys.executable, "-m", "cli.main", "rating", *words,
        env=os.environ | named, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    said, complaint = await command.communicate()
    assert command.returncode == 0, said.decode() + complaint.decode()
    return said.decode()


async def test_the_command_verifies_what_was_published_and_writes_the_visits_to_make(
    told: Told, outside: Outside
) -> None:
    await published(told)
    assert f"{told.month}/v1" in await gridcase(outside, "verify")
    assert "equal to the byte" in await gridcase(outside, "verify")
    found = json.loads(await gridcase(outside, "verify", "--json"))
    assert [row["different"] for row in found] == [[] for _ in found]
    head, *rows = csv.reader(StringIO(await gridcase(outside, "visits", told.month)))
    assert head[:3] == ["period", "department", "drawn"]
    asked = await outside.told("visits.requested", period=told.month)
    assert {row[head.index("case_id")] for row in rows} == {word.data.case_id for word in asked}


async def test_a_correction_is_a_new_version_with_its_reason(told: Told, outside: Outside) -> None:
    """It comes last: from here on the month's newest version is the second."""
    await published(told)
    first = await card(told)
    said = await gridcase(outside, "correct", told.month, "--reason", "a visit came late")
    assert "published" in said
    second = await card(told)
    assert (second["version"], second["reason"]) == (2, "a visit came late")
    assert second["rates"]["satisfaction"] != first["rates"]["satisfaction"]
    was = await card(told, as_of=first["as_of"])
    assert was == first
    words = await outside.told("scorecards", period=told.month, scope="department", id="vc-v11")
    assert [word.data.version for word in words] == [1, 2]
