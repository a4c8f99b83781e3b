"""Rights on a real Kafka with SASL/SCRAM: what a department may do, and what it is refused.

SCRAM users, ACLs of `gridcase topics acl` ─► a department's own client ─► let in, or refused
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
)

from services.shell.acl_admin import apply
from services.shell.acl_plan import grants
from services.shell.provision import make_topics
from services.shell.settings import Settings
from tests.county import small_county
from tests.e2e.guarded import REFUSED_AFTER, client, reads, secured_kafka, writes

DEPARTMENTS = [unit.code for unit in small_county().departments]
USERS = (
    "gridcase-router", "gridcase-intake", "department-vc-v11", "department-vc-v12", "sources",
    "operator",
)  # fmt: skip
ONE, OTHER = "vc-v11", "vc-v12"


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    """A broker with SCRAM users and the ACLs of the small county: from inside, and its address for
    those outside."""
    with secured_kafka(tmp_path_factory.mktemp("secured"), USERS) as broker:
        inside = Settings(kafka=broker.inside)
        asyncio.run(make_topics(inside, small_county()))
        apply(inside, grants(inside, DEPARTMENTS))
        assert apply(inside, grants(inside, DEPARTMENTS)) == ([], [])  # twice is once
        yield inside, broker.outside


@pytest.fixture
def inside(brokers: tuple[Settings, str]) -> Settings:
    return brokers[0]


@pytest.fixture
def secured(brokers: tuple[Settings, str]) -> str:
    return brokers[1]


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        (f"department-{ONE}", f"updates.{ONE}", True),
        (f"department-{ONE}", f"updates.{OTHER}", False),
        (f"department-{ONE}", f"assignments.{ONE}", False),
        (f"department-{ONE}", "case.events", False),
        (f"department-{ONE}", "triage.decisions", False),
        (f"department-{ONE}", "router.commands", False),
        ("sources", "reports.submitted", True),
        ("sources", f"updates.{ONE}", False),
        ("gridcase-router", f"assignments.{OTHER}", True),
        ("gridcase-router", "case.events", True),
        ("gridcase-router", "reports.rejected", False),
        ("operator", "reference", True),
    ],
)
async def test_who_may_write_what(secured: str, user: str, topic: str, allowed: bool) -> None:
    assert await writes(secured, user, topic) is allowed


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        (f"department-{ONE}", f"assignments.{ONE}", True),
        (f"department-{ONE}", f"assignments.{OTHER}", False),
        (f"department-{ONE}", f"updates.{ONE}", False),
        (f"department-{ONE}", "case.events", False),
        (f"department-{ONE}", "scorecards", True),
        ("sources", "reports.answered", True),
        ("sources", "reports.submitted", False),
    ],
)
async def test_who_may_read_what(secured: str, user: str, topic: str, allowed: bool) -> None:
    assert await reads(secured, user, topic) is allowed


async def test_a_department_commits_in_groups_of_its_own_name_alone(secured: str) -> None:
    for group, allowed in ((f"department-{ONE}.desk", True), ("gridcase.router.step", False)):
        consumer = AIOKafkaConsumer(
            f"assignments.{ONE}", **client(secured, f"department-{ONE}"), group_id=group
        )
        try:
            async with asyncio.timeout(REFUSED_AFTER):
                await consumer.start()
                await consumer.getmany(timeout_ms=200)
            assert allowed
        except (GroupAuthorizationFailedError, TimeoutError):
            assert not allowed
        finally:
            await consumer.stop()


async def test_a_wrong_password_opens_nothing(secured: str) -> None:
    wrong = client(secured, f"department-{ONE}") | {"sasl_plain_password": "guessed"}
    producer = AIOKafkaProducer(**wrong)
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


def test_rights_of_a_department_that_is_gone_are_taken_back(inside: Settings) -> None:
    remaining = grants(inside, [code for code in DEPARTMENTS if code != "vc-v21"])
    done = apply(inside, remaining)
    assert {grant.name for grant in done.taken_back} >= {"updates.vc-v21", "assignments.vc-v21"}
    assert done.made == []
    apply(inside, grants(inside, DEPARTMENTS))
