"""Somebody who has just cloned the project: a checkout of their own, the platform that `gridcase up`
starts from it, and the snippets of `docs/integrate.md` run as they stand."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson

from services.shell.embedded import fetch_kafka
from services.shell.embedded.child import choose_port
from services.shell.endpoints import endpoints
from tests.deploy.snippets import DOCS, snippets
from tests.deploy.tools import ROOT, node_package, run, tool
from tests.e2e.outside import until

COUNTY = ZoneInfo("Asia/Shanghai")
INTEGRATE = snippets(DOCS / "integrate.md")
COMMANDS = {
    ".sh": lambda file: ["bash", "-euo", "pipefail", file],
    ".py": lambda file: [sys.executable, file],
    ".mjs": lambda file: [tool("node"), file],
    ".java": lambda file: [tool("java"), "-cp", f"{fetch_kafka()}/*", file],
}


@dataclass(slots=True)
class Newcomer:
    """What somebody at the keyboard does, in a folder of their own."""

    folder: Path
    environment: dict[str, str]
    http: dict[str, str]

    async def runs(self, snippet: str, **more: str) -> str:
        """What a snippet of the page prints."""
        file = self.folder / snippet
        file.write_text(INTEGRATE[snippet], "utf-8")
        command = COMMANDS[file.suffix](file)
        settings = self.environment | more
        return await asyncio.to_thread(lambda: run(*command, cwd=self.folder, more=settings))

    async def reads(self, snippet: str, **more: str) -> list[dict[str, Any]]:
        """The messages that a snippet prints, one a line."""
        return [orjson.loads(line) for line in (await self.runs(snippet, **more)).splitlines()]

    async def answer(self, report: str, stage: str) -> dict[str, Any]:
        """What `reports.answered` says of a report, once it says so."""
        found: list[dict[str, Any]] = []

        async def said() -> bool:
            words = [word["data"] for word in await self.reads("answers.sh")]
            found[:] = [w for w in words if (w["report_id"], w["stage"]) == (report, stage)]
            return bool(found)

        await until(said)
        return found[0]

    async def behind(self, department: str) -> str:
        """The cases behind the department's number of accepted ones on the public page."""
        cell = {"period": f"{datetime.now(COUNTY):%Y-%m}", "measure": "accepted"}
        unit = {"scope": "department", "id": department}
        async with httpx.AsyncClient(base_url=self.http["rating"]) as http:
            return (await http.get("/cases", params=cell | unit)).text

    async def told(self, department: str, case: str, type: str) -> dict[str, Any]:
        """What a department is told about a case, once it is."""
        found: list[dict[str, Any]] = []

        async def said() -> bool:
            words = await self.reads("cases.sh", DEPARTMENT=department)
            found[:] = [w for w in words if (w["subject"], w["type"]) == (case, type)]
            return bool(found)

        await until(said)
        return found[0]


def clone(folder: Path) -> Path:
    """A clone of what is committed, so that nothing counts which only lies about here."""
    run(tool("git"), "clone", "--quiet", "--depth", "1", ROOT.as_uri(), folder)
    return folder


@asynccontextmanager
async def newcomer(folder: Path, environment: dict[str, str]) -> AsyncIterator[Newcomer]:
    """`gridcase up` in a fresh clone, until they have seen enough."""
    checkout = clone(folder / "gridcase")
    up = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "cli.main", "up", "--no-fixed-ports"],
        cwd=checkout,
        env=os.environ | environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        file = checkout / "run" / "endpoints.json"
        await until(lambda: _is_up(file, up))
        http = endpoints(file)["http"]
        (folder / "node_modules").symlink_to(node_package("kafkajs").parent)
        at = {"INTAKE": http["intake"], "RATING": http["rating"]}
        kafka = {"KAFKA_BOOTSTRAP_SERVERS": endpoints(file)["kafka"]}
        yield Newcomer(folder, kafka | at, http)
    finally:
        if up.returncode is None:
            up.send_signal(signal.SIGINT)
            await up.wait()


async def _is_up(file: Path, up: asyncio.subprocess.Process) -> bool:
    assert up.returncode is None, "gridcase up has ended"
    return file.exists()  # noqa: ASYNC240 - a local file, asked for now and then


@asynccontextmanager
async def prometheus(folder: Path, targets: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """A Prometheus that scrapes the services each second, with the rules of `deploy/prometheus`."""
    jobs = "\n".join(
        f'      - {{targets: ["{address.rpartition("/")[2]}"], labels: {{service: {name}}}}}'
        for name, address in targets.items()
    )
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [{ROOT}/deploy/prometheus/recording.yml, {ROOT}/deploy/prometheus/alerts.yml]\n"
        f"scrape_configs:\n  - job_name: gridcase\n    static_configs:\n{jobs}\n"
    )
    port = choose_port()
    with (folder / "prometheus.log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            tool("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.terminate()
        await server.wait()


async def asked(client: httpx.AsyncClient, query: str) -> list[float]:
    """The values that a query of Prometheus has at present; none while it is not up yet."""
    try:
        answer = await client.get("/api/v1/query", params={"query": query})
    except httpx.TransportError:
        return []
    if answer.status_code == 503:
        return []
    body = answer.json()
    assert body["status"] == "success", body
    return [float(row["value"][1]) for row in body["data"]["result"]]
