"""The dashboards' pictures for the documentation: `python -m tests.deploy.pictures docs/pictures`.

    July in Hanyin, in stream time, in full swing ─► operations, departments
    two minutes' rush, on the wall's clock ─► service levels: only there is an age an age

A real Prometheus watches both, with the rules of `deploy/prometheus`. Takes some eight minutes.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from lab.demo.month import LogFile, play
from lab.supervisor import Options, Platform
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder
from tests.deploy.tools import ROOT, run
from tests.e2e.a_day import Day
from tests.e2e.newcomer import asked, prometheus
from tests.e2e.outside import until

STREAM, WALL = ("gridcase-operations", "gridcase-departments"), ("gridcase-service-levels",)
SWING = 250
"""Assignments after which July is in full swing, and cases have climbed."""
OVERDUE = "county:gridcase_overdue:share"
PAUSE = 0.06
"""Seconds before each event, so that July lasts for minutes and a picture shows its course."""
RUSH = 120
"""Reports, one a second."""


def slowly(_event: Any) -> None:
    """The driver waits; the platform and Prometheus go on."""
    time.sleep(PAUSE)


def draw(client: httpx.AsyncClient, folder: Path, boards: tuple[str, ...]) -> None:
    drawer = ROOT / "deploy" / "grafana" / "draw.py"
    chosen = [part for board in boards for part in ("--board", board)]
    run(sys.executable, drawer, str(client.base_url), folder, "--minutes", "2", *chosen)


async def july(folder: Path, data: Path) -> None:
    rules = Rulebook(read_folder(ROOT / "deploy" / "hanyin"))
    options = Options(rules.reference, data, "stream", broker="kafka")
    async with Platform(options) as platform, prometheus(data, platform.http) as client:
        month = asyncio.create_task(
            play(
                platform.settings,
                platform.http,
                rules,
                LogFile(io.BytesIO(), mock=False),
                on_event=slowly,
            )
        )

        async def in_full_swing() -> bool:
            if month.done():
                month.result()
                raise AssertionError("July is over before it was drawn")
            assigned = sum(await asked(client, "sum(gridcase_assignments_total)"))
            return assigned > SWING and max(await asked(client, OVERDUE), default=0) > 0

        await until(in_full_swing, patience=900)
        draw(client, folder, STREAM)  # and July stands still meanwhile
        month.cancel()
        await asyncio.wait([month])


async def rush(folder: Path, data: Path) -> None:
    options = Options(read_folder(ROOT / "deploy" / "hanyin"), data, broker="kafka")
    async with Platform(options) as platform, prometheus(data, platform.http) as client:
        day = Day(platform.settings.kafka)
        goes_by = asyncio.create_task(day.goes_by(reports=RUSH, pause=0.9))

        async def all_reported() -> bool:
            return day.done["reported"] == RUSH

        await until(all_reported, patience=600)
        await asyncio.to_thread(draw, client, folder, WALL)
        goes_by.cancel()
        await asyncio.wait([goes_by])


async def main(folder: Path) -> None:
    with TemporaryDirectory() as data:
        await july(folder, Path(data, "july"))
        await rush(folder, Path(data, "rush"))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
