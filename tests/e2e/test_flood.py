"""Far more than can be worked off comes at once: what waits, waits on the broker and not in memory.

6,000 updates, as fast as the broker takes them ─► lag ─► all answered, once each
                                memory of each service meanwhile : memory before
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab.supervisor import Platform
from schemas.topics import SERVICES
from services.shell.consuming import partitions_of, reader
from services.shell.embedded.child import choose_port
from tests.county import small_county
from tests.e2e.conftest import Options_of
from tests.e2e.outside import Outside, a_report, an_update, case_of
from tests.story import START
from tests.torture.proxy import Proxy

CASES, EACH = 60, 100
FLOOD = CASES * EACH
PATIENCE = 240.0
MOST = 1.5
"""So much of what a service had before may it have in a flood. What waits would be some hundred bytes
on the wire and thousands in Python, and far more than this."""
UPDATES = "updates.vc-v11"
LATER = START + timedelta(hours=1)


@pytest.fixture(scope="module")
async def proxy(mongo_url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(choose_port(), urlsplit(mongo_url).port or 27017)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture(scope="module")
async def outside(options: Options_of, proxy: Proxy) -> AsyncIterator[Outside]:
    made = options("flood", small_county())
    made.environment["MONGO_URL"] = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
    async with Platform(made) as platform, Outside(platform) as outside:
        yield outside


@pytest.fixture(scope="module")
async def cases(outside: Outside) -> list[str]:
    """They are signed, so that progress may be told of each."""
    reports = [a_report() for _ in range(CASES)]
    found = [case_of(report) for report in reports]
    await sent(outside, "reports.submitted", reports)
    await outside.quiet()
    await outside.time_comes(LATER)
    await sent(outside, UPDATES, [an_update(case, "sign", LATER) for case in found])
    await outside.quiet()
    await flood(outside, found, 10)  # every way has been gone once before it is measured
    return found


async def sent(outside: Outside, topic: str, messages: list[dict[str, Any]]) -> None:
    name = outside.settings.topic(topic)
    values = [orjson.dumps(message) for message in messages]
    futures = [await outside._producer.send(name, value, key=b"any") for value in values]
    await asyncio.gather(*futures)


async def flood(outside: Outside, cases: list[str], each: int) -> float:
    """Send so many of each case at once; what share had been answered when all were sent."""
    before = await events(outside)
    updates = [an_update(case, "progress", LATER) for _ in range(each) for case in cases]
    await sent(outside, UPDATES, updates)
    share = (await events(outside) - before) / len(updates)
    async with asyncio.timeout(PATIENCE):
        await outside.driver.settle()
    return share


async def events(outside: Outside) -> int:
    """How many the log has, without reading them."""
    async with reader(outside.settings) as consumer:
        partitions = await partitions_of(consumer, outside.settings.topic("case.events"))
        return sum((await consumer.end_offsets(partitions)).values())


async def answers(outside: Outside) -> int:
    return sum(
        event.type == "case.progressed.v1" for event in await outside.readable("case.events")
    )


async def memory(outside: Outside) -> dict[str, float]:
    """Bytes of each service."""
    found = {}
    for service in SERVICES:
        page = await outside.http.get(f"{outside.platform.http[service]}/metrics")
        for family in text_string_to_metric_families(page.text):
            if family.name == "process_resident_memory_bytes":
                found[service] = family.samples[0].value
    return found


@asynccontextmanager
async def watched(outside: Outside) -> AsyncIterator[dict[str, float]]:
    """The most that each service had meanwhile, as a multiple of what it had before."""
    before, most = await memory(outside), dict.fromkeys(SERVICES, 1.0)

    async def look() -> None:
        while True:
            for service, now in (await memory(outside)).items():
                most[service] = max(most[service], now / before[service])
            await asyncio.sleep(0.5)

    looking = asyncio.create_task(look())
    try:
        yield most
    finally:
        looking.cancel()


@pytest.mark.parametrize("delay", [0.0, 0.2], ids=["as it is", "a slow database"])
@pytest.mark.timeout(600)
async def test_lag_grows_and_memory_does_not_and_all_is_answered(
    outside: Outside, proxy: Proxy, cases: list[str], delay: float, say: Callable[[str], None]
) -> None:
    before = await answers(outside)
    proxy.delay = delay
    began = monotonic()
    async with watched(outside) as most:
        share = await flood(outside, cases, EACH)
    proxy.mends()
    say(
        f"a flood of {FLOOD} updates, database {delay} s slower: {share:.0%} answered when all were "
        f"sent, all after {monotonic() - began:.0f} s; memory "
        + ", ".join(f"{service} × {times:.2f}" for service, times in most.items())
    )
    assert share < 0.5, "no flood: they were answered as they came"
    assert max(most.values()) < MOST
    assert await answers(outside) == before + FLOOD
    assert outside.platform.restarts == 0
