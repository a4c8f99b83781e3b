"""The first quarter of an hour: clone, start, send a report with tools that one knows, and see it on
the department's topic, on the page, and in Prometheus."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from schemas import ids
from schemas.topics import SERVICES
from services.shell.embedded import Embedded
from tests.deploy.boards import questions
from tests.deploy.snippets import DOCS, snippets
from tests.deploy.tools import run, tool
from tests.e2e.a_day import Day
from tests.e2e.month import hanyin
from tests.e2e.newcomer import INTEGRATE, Newcomer, asked, clone, newcomer, prometheus
from tests.e2e.outside import until

SENDERS = {
    "report.sh": ("kcat-1", "kcat"),
    "report_http.sh": ("curl-1", "curl"),
    "report.py": ("python-1", "python3"),
    "report.mjs": ("node-1", "node"),
    "Report.java": ("java-1", "java"),
}

OPENED = 'gridcase_reports_total{source="my-app", outcome="opened"}'


@pytest.fixture(scope="module")
async def somebody(
    kafka: Embedded, mongo_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomer]:
    tool("kcat")
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.url, "MONGO_URL": mongo_url}
    async with newcomer(tmp_path_factory.mktemp("newcomer"), environment) as somebody:
        yield somebody


@pytest.fixture(scope="module")
async def metrics(
    somebody: Newcomer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    async with prometheus(tmp_path_factory.mktemp("prometheus"), somebody.http) as client:
        yield client


@pytest.mark.parametrize("snippet", SENDERS)
async def test_a_report_is_seen_by_its_department_on_the_page_and_in_prometheus(
    somebody: Newcomer, metrics: httpx.AsyncClient, snippet: str
) -> None:
    report, program = SENDERS[snippet]
    tool(program)
    before = sum(await asked(metrics, OPENED))
    await somebody.runs(snippet)
    answer = await somebody.answer(report, "assigned")
    case, department = answer["case_id"], answer["department"]
    assert case == ids.case_id("my-app", report)

    word = await somebody.told(department, case, "assignment.created.v1")
    assert word["data"]["role"] == "lead"

    async def on_the_page() -> bool:
        figures = await somebody.runs("figures.sh", DEPARTMENT=department)
        return f'"id":"{department}"' in figures and case in await somebody.behind(department)

    async def in_prometheus() -> bool:
        return sum(await asked(metrics, OPENED)) > before

    await until(on_the_page)
    await until(in_prometheus)


async def test_a_department_signs_with_kcat_and_a_stranger_is_refused(somebody: Newcomer) -> None:
    await somebody.runs("report.sh")  # the same report: the same case
    answer = await somebody.answer("kcat-1", "assigned")
    case, department = answer["case_id"], answer["department"]
    await somebody.runs("sign.sh", CASE=case, DEPARTMENT=department)

    async def signed() -> bool:
        async with httpx.AsyncClient(base_url=somebody.http["router"]) as http:
            document = (await http.get("/case", params={"id": case})).json()
        return bool(document.get("state", {}).get("standing", {}).get("status") == "signed")

    await until(signed)
    stranger = next(unit.code for unit in hanyin().departments if unit.code != department)
    await somebody.runs("sign.sh", CASE=case, DEPARTMENT=stranger)
    refusal = await somebody.told(stranger, case, "update.refused.v1")
    assert refusal["data"]["reason"]


@pytest.mark.parametrize("service", SERVICES)
async def test_the_linter_finds_nothing_in_what_a_service_shows(
    somebody: Newcomer, service: str
) -> None:
    async with httpx.AsyncClient(base_url=somebody.http[service]) as http:
        page = (await http.get("/metrics")).text
    assert "gridcase_messages_total" in page
    assert run(tool("promtool"), "check", "metrics", given=page.encode()).strip() == ""


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_shows_the_contract_and_takes_nothing_from_its_page(
    somebody: Newcomer, service: str
) -> None:
    async with httpx.AsyncClient(base_url=somebody.http[service]) as http:
        page = await http.get("/asyncapi")
        assert page.status_code == 200
        assert "connect-src 'self'" in page.headers["content-security-policy"]
        assert (await http.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
        assert not (await http.post("/asyncapi/try", json={})).is_success


async def test_no_alert_fires_while_all_is_well(metrics: httpx.AsyncClient) -> None:
    async def scraped() -> bool:
        return await asked(metrics, 'sum(up{job="gridcase"})') == [4]

    await until(scraped)
    assert await asked(metrics, 'ALERTS{alertstate="firing"}') == []


async def test_every_question_of_the_dashboards_is_answered(
    somebody: Newcomer, metrics: httpx.AsyncClient
) -> None:
    await Day(somebody.environment["KAFKA_BOOTSTRAP_SERVERS"]).goes_by(reports=6, pause=0)
    unanswered = questions()

    async def answered() -> bool:
        for where, question in list(unanswered.items()):
            if await asked(metrics, question):
                del unanswered[where]
        return not unanswered

    # The month's ratios are made each half minute.
    try:
        await until(answered, patience=100)
    except TimeoutError:
        pytest.fail(f"no answer to {unanswered}")


def test_the_demo_runs_in_a_fresh_clone(tmp_path: Path) -> None:
    checkout = clone(tmp_path / "gridcase")
    command = ["-m", "cli.main", "demo", "--stories", "6"]
    said = run(sys.executable, *command, cwd=checkout)
    assert re.search(r"6 cases", said)
    assert (checkout / "run" / "demo" / "pages" / "2022-07.html").exists()


def test_both_languages_show_the_same_snippets() -> None:
    assert snippets(DOCS / "integrate.zh.md") == INTEGRATE
