"""TLS and rights on real parts: the four services at work over SASL_SSL and MongoDB's TLS, each under
its own name, and what each of them may not do.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from schemas.topics import SERVICES
from services.shell.access import Role, line_of, new_token
from services.shell.acl_admin import apply
from services.shell.acl_plan import grants
from services.shell.embedded import can_run_kafka
from services.shell.provision import provision
from tests.county import small_county
from tests.e2e.outside import a_report, case_of, until
from tests.e2e.secured import PASSWORD, Secured, secured, services

pytestmark = [pytest.mark.e2e, pytest.mark.long]
LEAD = "vc-v11"
USERS = [
    *(f"gridcase-{name}" for name in SERVICES),
    f"department-{LEAD}",
    "sources",
    "gridcase-operator",
]
FORBIDDEN = 13
TOKEN = new_token()


@dataclass(frozen=True, slots=True)
class County:
    parts: Secured
    http: dict[str, str]
    logs: Path


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    possible, why = can_run_kafka()
    if not possible:
        pytest.skip(f"not proved for want of a real Kafka: {why}")
    with secured(tmp_path_factory.mktemp("tls"), USERS) as found:
        yield found


@pytest.fixture(scope="module")
async def county(parts: Secured, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """Set up past the locks; from there on everybody is under their own name."""
    reference = small_county()
    await provision(parts.inside, reference)
    apply(parts.inside, grants(parts.inside, [unit.code for unit in reference.departments]))
    logs = tmp_path_factory.mktemp("logs")
    tokens = {"GRIDCASE_TOKENS": line_of(Role.OPERATE, "ops", TOKEN)}
    with services(parts, logs, os.environ | tokens) as http:
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                try:
                    asked = [await client.get(f"{address}/readyz") for address in http.values()]
                except httpx.HTTPError:
                    return False
                return all(answer.status_code == httpx.codes.OK for answer in asked)

            await until(ready, patience=120)
        yield County(parts, http, logs)


# ── it works ─────────────────────────────────────────────────────────────────────────────────


async def test_a_report_reaches_its_department_and_the_database_with_every_lock_closed(
    county: County,
) -> None:
    report = a_report(datetime.now(UTC))
    case = case_of(report)
    sources = county.parts.settings("sources")
    async with AIOKafkaProducer(**sources.kafka_client()) as producer:
        await producer.send_and_wait("reports.submitted", orjson.dumps(report))
    department = county.parts.settings(f"department-{LEAD}")
    async with AIOKafkaConsumer(
        f"assignments.{LEAD}", **department.kafka_client(), auto_offset_reset="earliest"
    ) as consumer:
        record = await anext(aiter(consumer))
    assert orjson.loads(record.value)["subject"] == case

    async def stored() -> bool:
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {TOKEN}"}) as client:
            pages = [f"{address}/case?id={case}" for address in county.http.values()]
            return all([(await client.get(page)).status_code == 200 for page in pages])

    await until(stored)


async def test_what_is_set_aside_and_erased_is_so_under_the_services_own_rights(
    county: County,
) -> None:
    sources = county.parts.settings("sources")
    async with AIOKafkaProducer(**sources.kafka_client()) as producer:
        await producer.send_and_wait("reports.submitted", b"{")

    async def set_aside() -> bool:
        async with httpx.AsyncClient() as client:
            said = (await client.get(f"{county.http['intake']}/metrics")).text
        wanted = (
            'gridcase_messages_total{outcome="dead",service="intake",topic="reports.submitted"} 1.0'
        )
        return wanted in said

    await until(set_aside)
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {TOKEN}"}) as client:
        asked = {"case_id": case_of(a_report())}
        answer = await client.post(f"{county.http['intake']}/erase", json=asked)
    assert answer.status_code == httpx.codes.OK
    with MongoClient[dict[str, Any]](county.parts.mongo("gridcase-operator")) as client_of_operator:
        log = client_of_operator["gridcase"]["vault_log"]
        assert log.find_one({"cases": asked["case_id"]})["who"] == "intake for ops"  # type: ignore[index]


# ── Kafka ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("changes", [
    {"kafka_security_protocol": "SASL_PLAINTEXT"},
    {"kafka_security_protocol": "SSL"},
    {"kafka_password": "guessed"},  # pragma: allowlist secret
    {"kafka_ca_file": "stranger"},
])  # fmt: skip
async def test_nobody_connects_in_the_clear_or_to_a_broker_that_cannot_prove_its_name(
    county: County, changes: dict[str, str]
) -> None:
    if changes.get("kafka_ca_file"):
        changes = {"kafka_ca_file": str(county.parts.certificates.stranger)}
    settings = county.parts.settings("gridcase-rating", **changes)
    producer = AIOKafkaProducer(**settings.kafka_client(), request_timeout_ms=3000)
    with pytest.raises((KafkaError, ssl.SSLError)):
        await producer.start()
    await producer.stop()


@pytest.mark.parametrize(
    ("service", "topic", "allowed"),
    [
        ("rating", "case.events", True),
        ("rating", "scorecards", True),
        ("rating", f"assignments.{LEAD}", False),
        ("rating", f"updates.{LEAD}", False),
        ("rating", "router.commands", False),
        ("rating", "triage.decisions", False),
        ("sla", "case.events", True),
        ("sla", f"assignments.{LEAD}", False),
        ("sla", "reference", False),
        ("intake", f"assignments.{LEAD}", False),
        ("intake", "reports.rejected", True),
        ("router", "scorecards", False),
        ("router", "intake.commands", False),
    ],
)
async def test_a_service_writes_what_is_its_own_and_nothing_else(
    county: County, service: str, topic: str, allowed: bool
) -> None:
    settings = county.parts.settings(f"gridcase-{service}")
    async with AIOKafkaProducer(**settings.kafka_client(), acks="all") as producer:
        try:
            await producer.send_and_wait(topic, b"{}", key=b"proof")
            written = True
        except TopicAuthorizationFailedError:
            written = False
    assert written is allowed


@pytest.mark.parametrize("service", SERVICES)
async def test_only_intake_sees_the_topic_of_what_people_wrote(
    county: County, service: str
) -> None:
    settings = county.parts.settings(f"gridcase-{service}")
    async with AIOKafkaConsumer(**settings.kafka_client()) as consumer:
        seen = await consumer.topics()
    assert "case.events" in seen
    assert ("reports.submitted" in seen) is (service == "intake")


# ── MongoDB ──────────────────────────────────────────────────────────────────────────────────


def may(parts: Secured, user: str, question: Any) -> bool:
    with MongoClient[dict[str, Any]](parts.mongo(user)) as client:
        try:
            question(client["gridcase"])
        except OperationFailure as error:
            assert error.code == FORBIDDEN, error
            return False
    return True


@pytest.mark.parametrize(
    ("collection", "readers"),
    [
        ("vault", {"intake", "router"}),
        ("secrets", {"sla", "rating"}),
        ("vault_log", set()),
        ("intake_cases", {"intake"}),
        ("router_cases", {"router"}),
        ("rating_cards", {"rating"}),
    ],
)
def test_a_service_reads_its_own_and_intake_and_router_alone_the_vault(
    county: County, collection: str, readers: set[str]
) -> None:
    found = {
        name
        for name in SERVICES
        if may(county.parts, f"gridcase-{name}", lambda db: db[collection].find_one({}))
    }
    assert found == readers
    assert may(county.parts, "gridcase-operator", lambda db: db[collection].find_one({}))


def test_nobody_changes_or_removes_what_the_record_of_the_vault_says(county: County) -> None:
    for name in SERVICES:
        user = f"gridcase-{name}"
        assert not may(county.parts, user, lambda db: db.vault_log.delete_many({}))
        assert not may(
            county.parts, user, lambda db: db.vault_log.update_many({}, {"$set": {"a": 1}})
        )
        assert not may(county.parts, user, lambda db: db.vault.delete_many({}))
        assert not may(county.parts, user, lambda db: db.command("dropDatabase"))


def test_the_database_takes_nobody_in_the_clear_without_a_name_or_under_a_strangers_authority(
    county: County,
) -> None:
    parts = county.parts
    stranger = parts.mongo("gridcase-intake").replace("ca.pem", "stranger.pem")
    for url in (parts.mongo("gridcase-intake", tls=False), stranger):
        with (
            MongoClient[dict[str, Any]](url) as client,
            pytest.raises(ServerSelectionTimeoutError),
        ):
            client["gridcase"].vault.find_one({})
    with (
        MongoClient[dict[str, Any]](parts.mongo(None)) as client,
        pytest.raises(OperationFailure),
    ):
        client["gridcase"].vault.find_one({})


def test_no_service_logs_a_password(county: County) -> None:
    for name in SERVICES:
        log = (county.logs / f"{name}.log").read_text()
        assert PASSWORD not in log
        assert TOKEN not in log
