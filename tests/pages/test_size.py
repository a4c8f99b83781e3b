"""With 100,000 cases: every page is small, and one event costs a small part of all of them.

How many milliseconds that is, `python -m benchmarks.figures` measures."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import httpx
import pytest

from services.rating.facts import Ending
from services.rating.site import Site
from services.shell.step import COLLECT_RARELY
from tests.site import many_site, serving

CASES = 100_000
UNTIL = datetime(2022, 7, 29, 9, tzinfo=UTC)
MONTH = "period=2022-07&live=1"
PAGES = (
    f"/?{MONTH}",
    f"/?{MONTH}&table=villages",
    f"/?{MONTH}&table=village-units",
    f"/?{MONTH}&table=category",
    f"/?{MONTH}&table=grid-worker",
    f"/unit?{MONTH}&scope=county&id=610921",
    f"/cases?{MONTH}&scope=county&id=610921&measure=on_time&part=denominator",
    f"/cases?{MONTH}&scope=town&id=610921102&measure=accepted&start=200",
    "/progress?case={case}",
    f"/api/scorecards?{MONTH}&scope=town",
    "/about",
)


@pytest.fixture(scope="module", autouse=True)
def as_the_service_collects() -> Iterator[None]:
    """Garbage is looked for as rarely as in the service."""
    usual = gc.get_threshold()
    gc.set_threshold(*COLLECT_RARELY)
    yield
    gc.set_threshold(*usual)


@pytest.fixture(scope="module")
def site() -> Site:
    return many_site(CASES, UNTIL)


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[tuple[str, float]]:
    """Where it is, and the seconds that making the month's figures took, which is done once."""
    with serving(site) as address:
        started = perf_counter()
        httpx.get(f"{address}/?{MONTH}", timeout=120)
        yield address, perf_counter() - started


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_small_and_counts_nothing_again(
    site: Site, served: tuple[str, float], path: str
) -> None:
    address, counting = served
    path, took = path.format(case=next(iter(site.live.facts))), []
    with httpx.Client(timeout=60) as reader:
        for _ in range(5):
            started = perf_counter()
            answer = reader.get(address + path)
            took.append(perf_counter() - started)
            assert answer.status_code == 200
    print(f"\n{path}: {len(answer.content):,} bytes, {median(took) * 1000:.0f} ms")
    assert median(took) < counting / 20
    assert len(answer.content) < 100_000 or path.startswith("/api/")


def test_one_event_does_not_count_all_cases_again() -> None:
    """In a thread of its own: where a browser has been driven, this one's loop is taken."""
    with ThreadPoolExecutor() as beside:
        first, took = beside.submit(lambda: asyncio.run(_refreshes())).result()
    print(f"\nfirst {first:.1f} s, refresh after one event {median(took) * 1000:.0f} ms")
    assert median(took) < first / 100


async def _refreshes() -> tuple[float, list[float]]:
    site = many_site(CASES, UNTIL)
    step: Any = site.runtime.step
    (desk,) = step.desks.values()
    started = perf_counter()
    (await site.live.board("2022-07")).cards()
    first, took = perf_counter() - started, []
    for number, entry in enumerate(list(desk.entries.values())[:20], start=1):
        (held,) = entry.state.holdings
        again = replace(held, ended=Ending.RETURNED, until=UNTIL)
        entry.state = replace(entry.state, holdings=(again,))
        entry.offset, desk.folded = number, number + 1
        step.ticked = UNTIL + timedelta(seconds=number)
        started = perf_counter()
        (await site.live.board("2022-07")).cards()
        took.append(perf_counter() - started)
    return first, took
