"""Each part of the doctor on a patient who has just that illness, and on one who is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from lab import doctor
from lab.doctor import Finding, Patient
from schemas.reference import Reference
from services.shell.acl_plan import grants
from services.shell.settings import Settings
from services.shell.topic_plan import plan
from tests.county import small_county

SETTINGS = Settings(kafka="127.0.0.1:1", mongo="mongodb://127.0.0.1:1")
COUNTY = small_county()
CODES = [unit.code for unit in COUNTY.departments]
TOPICS = {row.name: row.partitions for row in plan(SETTINGS, CODES)}
RIGHTS = set(grants(SETTINGS, [u.code for u in COUNTY.departments if u.heir is None]))


def patient(topics: dict[str, int] = TOPICS, reference: Reference | None = COUNTY) -> Patient:
    return Patient(SETTINGS, {}, topics, reference)


def ill(finding: Finding, health: str, step: str) -> None:
    assert finding.health == health
    assert step in finding.next_step


async def test_topics_that_are_missing_are_named_with_the_command_that_makes_them() -> None:
    assert (await doctor.topics(patient())).health == "well"
    fewer = {name: number for name, number in TOPICS.items() if name != "case.events"}
    finding = await doctor.topics(patient(topics=fewer))
    ill(finding, "ill", "gridcase topics create")
    assert "case.events" in finding.found


async def test_a_topic_with_other_partitions_is_not_mended_in_place() -> None:
    ill(await doctor.topics(patient(topics=TOPICS | {"case.events": 3})), "ill", "in place")


async def test_without_a_reference_topic_there_are_no_rules() -> None:
    ill(await doctor.rules(patient(topics={})), "ill", "gridcase reference publish")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the broker says when it is asked for its guard, and for its access rules."""

    def says(answer: Any, guard: str = "StandardAuthorizer") -> None:
        def granted(_client: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(doctor, "authorizer", lambda _client: guard)
        monkeypatch.setattr(doctor, "granted", granted)

    return says


async def test_a_broker_that_guards_nothing_is_told_apart_from_one_that_lacks_a_right(
    broker: Callable[..., None],
) -> None:
    broker(RIGHTS)
    assert (await doctor.access(patient())).health == "well"
    broker(RIGHTS - {min(RIGHTS)})
    finding = await doctor.access(patient())
    ill(finding, "poorly", "gridcase topics acl")
    assert finding.found.startswith(f"1 of {len(RIGHTS)} rights")
    assert min(RIGHTS).principal in finding.found
    broker(set(), guard="")
    ill(await doctor.access(patient()), "poorly", "authorizer.class.name")
    broker(KafkaException(KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED)))
    ill(await doctor.access(patient()), "poorly", "GRIDCASE_KAFKA_USERNAME")


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the database says of itself."""

    def says(**hello: Any) -> None:
        async def answer(_settings: Settings) -> dict[str, Any]:
            return hello

        monkeypatch.setattr(doctor, "_hello", answer)

    return says


async def test_a_database_that_is_no_replica_set_keeps_no_promise(
    database: Callable[..., None],
) -> None:
    database(setName="rs0")
    assert (await doctor.database(patient())).health == "well"
    database()
    ill(await doctor.database(patient()), "poorly", "--replSet")


async def test_a_clock_that_runs_ahead_is_found(database: Callable[..., None]) -> None:
    database(localTime=datetime.now(UTC).replace(tzinfo=None))
    assert (await doctor.clock(patient())).health == "well"
    database(localTime=(datetime.now(UTC) - timedelta(minutes=1)).replace(tzinfo=None))
    ill(await doctor.clock(patient()), "ill", "chrony")


async def test_a_calendar_that_ends_next_month_is_told_now(monkeypatch: pytest.MonkeyPatch) -> None:
    in_days = {"days": 400}
    monkeypatch.setattr(
        doctor, "covered_until", lambda _rows, now: now + timedelta(days=in_days["days"])
    )
    assert (await doctor.calendar(patient())).health == "well"
    in_days["days"] = 30
    ill(await doctor.calendar(patient()), "poorly", "calendar.yaml")
    ill(await doctor.calendar(patient(reference=None)), "ill", "publish")


async def test_a_service_that_is_still_reading_is_not_called_dead() -> None:
    async def reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(reading, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        there = {"sla": f"http://127.0.0.1:{port}", "router": "http://127.0.0.1:1"}
        waits, gone = await doctor.services(Patient(SETTINGS, there, {}))
    ill(waits, "poorly", "wait")
    ill(gone, "ill", "gridcase serve router")
