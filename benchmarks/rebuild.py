"""``python -m benchmarks.rebuild [CASES]``: `gridcase rebuild` of each service, from a real log.

    whole lives on the log ─► stored documents made of it ─► made again, and held against these

Events a second by the clock, and for each second of processor time that the command takes itself,
its start included: reading the log, folding it, making the documents, reading those of MongoDB.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from time import perf_counter

from benchmarks.lives import EVENTS, lives
from benchmarks.processes import python
from benchmarks.site import Site, county, site
from benchmarks.traffic import traffic
from schemas.topics import CASE_EVENTS, SERVICES
from services.shell.settings import Settings


async def main(cases: int) -> None:
    with site() as here:
        async with county(here, "wall") as settings, traffic(settings) as topics:
            for portion in lives(0, cases, datetime.now(UTC)):
                await topics.fill(settings.topic(CASE_EVENTS.name), portion)
            for service in SERVICES:
                rebuild(here, settings, service, "--write")
                seconds, used = rebuild(here, settings, service)
                events = cases * EVENTS
                print(
                    f"{service:6} {events:,} events: {events / seconds:,.0f}/s, "
                    f"{events / used:,.0f} a second of a core",
                    flush=True,
                )


def rebuild(here: Site, settings: Settings, service: str, *more: str) -> tuple[float, float]:
    """Seconds, and processor seconds. Raises RuntimeError if a document is not equal."""
    known = {"KAFKA_BOOTSTRAP_SERVERS": settings.kafka, "MONGO_URL": settings.mongo}
    command = [*python("cli.main"), "rebuild", service, *more]
    began = perf_counter()
    child = os.posix_spawn(
        sys.executable, command, os.environ | known | {"GRIDCASE_PREFIX": settings.prefix}
    )
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"rebuild of {service} found differences: see above")
    return perf_counter() - began, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
