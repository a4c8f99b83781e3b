"""Open311 GeoReport v2: an existing client library works against it unchanged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import httpx
import pytest
import uvicorn
from georeport import GeoReport

from schemas import ids
from schemas.events import Joining
from schemas.inputs import Report
from schemas.lifecycle import Standing, Status
from schemas.reference import Service
from schemas.rulebook import Rulebook
from services.intake.open311.app import ROOT, Open311
from services.intake.open311.calls import RateLimit
from services.intake.state import State
from services.shell.access import Access, read_keys
from tests.county import small_county
from tests.unit.test_joining import opened

KEY = "k" * 20
RULES = Rulebook(small_county())
NOW = datetime.now(UTC)
LIGHT = State(
    standing=Standing(Status.ASSIGNED, "e1"),
    category="street-lights",
    area="g111",
    service=Service.SENTIMENT,
    opened_at=NOW - timedelta(days=1),
)
SECRET = State(standing=Standing(Status.ASSIGNED, "e1"), service=Service.VIOLATION, opened_at=NOW)
JOINED = State(joining=Joining(into="light", likeness=0.5, report=opened()))


@dataclass
class Cases:
    states: dict[str, State] = field(
        default_factory=lambda: {"light": LIGHT, "secret": SECRET, "joined": JOINED}
    )
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def one(self, case: str) -> State | None:
        return self.states.get(case)

    async def some(self, matching: dict[str, Any], skip: int, most: int) -> dict[str, State]:
        self.asked.append(matching)
        return dict(list(self.states.items())[skip : skip + most])


@dataclass
class Door:
    url: str
    sent: list[Report]
    cases: Cases


@contextmanager
def served(per_minute: int = 10_000) -> Iterator[Door]:
    sent: list[Report] = []
    cases = Cases()

    async def send(report: Report) -> None:
        sent.append(report)

    door = Open311(
        lambda: RULES, cases, send, Access(read_keys(f"{KEY}=city-app")), RateLimit(per_minute)
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(door.app(), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}{ROOT}"
    while not server.started:
        thread.join(0.01)
    yield Door(url, sent, cases)
    server.should_exit = True
    thread.join(5)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with served() as door:
        yield door


# ── an existing client ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_an_existing_client_lists_services_and_their_definitions(door: Door, fmt: str) -> None:
    client = GeoReport(door.url, jurisdiction="c", output_format=fmt)
    services = client.get_service_list()
    assert {s["service_code"] for s in services} == {
        "potholes", "street-lights", "land", "illegal-building",
    }  # fmt: skip
    assert client.get_service_definition("street-lights")["service_code"] == "street-lights"


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_an_existing_client_follows_a_request(door: Door, fmt: str) -> None:
    client = GeoReport(door.url, output_format=fmt)
    found = client.get_service_request("light")
    assert (found["service_request_id"], found["status"]) == ("light", "open")
    assert found["service_name"] == "路灯"
    assert found["address"] == "小县t1镇v11村委会v11村第1网格"
    listed = client.get_service_requests(status="open", service_code="street-lights")
    shown = listed if isinstance(listed, list) else [listed]
    assert [item["service_request_id"] for item in shown] == ["light"]


def test_the_list_asks_the_database_for_what_was_asked(door: Door) -> None:
    GeoReport(door.url).get_service_requests(
        service_code="land", status="closed", start_date="2022-07-01T00:00:00Z",
        end_date="2022-07-31T00:00:00Z",
    )  # fmt: skip
    asked = door.cases.asked[-1]
    assert asked["state.category"] == {"$in": ["land"]}
    assert asked["state.opened_at"]["$gte"] == "2022-07-01T00:00:00Z"
    assert "resolved" in asked["state.standing.status"]["$in"]


# ── what is told, and what is not ────────────────────────────────────────────────────────────


def test_a_report_of_a_violation_is_not_there(door: Door) -> None:
    assert httpx.get(f"{door.url}/requests/secret.json").status_code == 404
    assert "secret" not in httpx.get(f"{door.url}/requests.json").text


def test_a_report_that_joined_another_has_its_status(door: Door) -> None:
    (found,) = httpx.get(f"{door.url}/requests/joined.json").json()
    assert (found["service_request_id"], found["status"]) == ("joined", "open")
    assert "light" in found["status_notes"]


def test_errors_have_a_code_and_words_in_both_writings(door: Door) -> None:
    answer = httpx.get(f"{door.url}/requests/nothing.json")
    assert answer.status_code == 404
    assert answer.json()[0]["code"] == 404
    tree = fromstring(httpx.get(f"{door.url}/services/nothing.xml").content)
    assert tree.findtext("error/code") == "404"
    assert httpx.get(f"{door.url}/services.yaml").status_code == 404
    assert httpx.get(f"{door.url}/services.json?jurisdiction_id=mars").status_code == 404
    assert httpx.get(f"{door.url}/requests.json?start_date=monday").status_code == 400


# ── sending ──────────────────────────────────────────────────────────────────────────────────

FORM = {
    "api_key": KEY, "service_code": "street-lights", "lat": "32.9", "long": "108.5",
    "description": "路灯坏了", "first_name": "小明", "last_name": "王", "phone": "13800001111",
    "media_url": "https://example.org/a.jpg", "account_id": "u1",
}  # fmt: skip


def test_a_request_becomes_a_report_and_its_id_is_the_cases(door: Door) -> None:
    answer = httpx.post(f"{door.url}/requests.json", data=FORM)
    assert answer.status_code == 201
    report = door.sent[-1]
    assert answer.json()[0]["service_request_id"] == ids.case_id("city-app", report.report_id)
    assert (report.source, report.category, report.text) == (
        "city-app",
        "street-lights",
        "路灯坏了",
    )
    assert (report.reporter.name, report.location.lat) == ("王小明", 32.9)
    assert report.attachments[0].media_type == "image/jpeg"
    tree = fromstring(httpx.post(f"{door.url}/requests.xml", data=FORM).content)
    assert tree.findtext("request/service_request_id")


def test_the_same_key_of_idempotency_is_the_same_request(door: Door) -> None:
    headers = {"Idempotency-Key": "abc-1"}
    first, again = (
        httpx.post(f"{door.url}/requests.json", data=FORM, headers=headers).json() for _ in "ab"
    )
    assert first == again


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"api_key": "wrong"}, 403, "api_key"),  # pragma: allowlist secret
        ({"service_code": "moon"}, 400, "service_code"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"lat": "north"}, 400, "location.lat"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"media_url": "https://example.org/a.exe"}, 400, "media_url"),
        ({"description": "x" * 70_000}, 413, "bytes"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(
    door: Door, changes: dict[str, str], status: int, words: str
) -> None:
    answer = httpx.post(f"{door.url}/requests.json", data=FORM | changes)
    assert answer.status_code == status
    assert words in answer.json()[0]["description"]


def test_files_are_not_taken(door: Door) -> None:
    answer = httpx.post(f"{door.url}/requests.json", data=FORM, files={"media": b"x"})
    assert answer.status_code == 400


def test_too_many_calls_are_told_when_to_come_again() -> None:
    with served(per_minute=2) as door:
        codes = [httpx.post(f"{door.url}/requests.json", data=FORM) for _ in range(3)]
        assert [answer.status_code for answer in codes] == [201, 201, 429]
        assert int(codes[-1].headers["Retry-After"]) >= 1
        assert len(door.sent) == 2


# ── limits ──────────────────────────────────────────────────────────────────────────


def test_a_bucket_fills_again_with_time() -> None:
    now = [0.0]
    limit = RateLimit(60, clock=lambda: now[0])
    assert [limit.wait("a") for _ in range(61)] == [0] * 60 + [1]
    assert limit.wait("b") == 0
    now[0] = 1.0
    assert [limit.wait("a"), limit.wait("a")] == [0, 1]
