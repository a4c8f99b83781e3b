"""A service that was away: across a deadline, and for longer than the broker keeps its records.

    frozen ─► time, or the broker, goes on ─► kill -9 ─► started again ─► what now?

The clock is the machine's here, as in production.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import TopicPartition as Upto
from confluent_kafka.admin import AdminClient

from lab.supervisor import Platform
from schemas import envelope, events, topics
from schemas.reference import DeadlineKind, DeadlinePolicy
from services.shell.consuming import read_to_end
from services.shell.embedded import Embedded
from tests.county import small_county
from tests.e2e.conftest import NEED_RESTARTS, Options_of
from tests.e2e.outside import a_report, case_of, until

A_MINUTE = DeadlinePolicy(id="usual", sign="15cd", respond="15cd", resolve="15cd", case="1m")
LOG = topics.CASE_EVENTS.name


@pytest.fixture(scope="module")
async def platform(options: Options_of, kafka: Embedded) -> AsyncIterator[Platform]:
    """A platform of its own: its services die, and in the last of the stories its log is lost."""
    if kafka.kind == "mock":
        pytest.skip(NEED_RESTARTS)
    county = small_county(deadlines=(A_MINUTE,))
    async with Platform(replace(options("away", county), clock="wall")) as platform:
        yield platform


async def sends(platform: Platform, reports: list[dict[str, Any]]) -> None:
    async with AIOKafkaProducer(**platform.settings.kafka_client(), acks="all") as producer:
        for report in reports:
            name = platform.settings.topic(topics.REPORTS_SUBMITTED.name)
            await producer.send_and_wait(name, orjson.dumps(report))


async def happened(platform: Platform, cases: set[str], event: type[Any]) -> list[Any]:
    """The records of such events of these cases, each with its message."""
    return [
        (record, message)
        async for record in read_to_end(platform.settings, platform.settings.topic(LOG))
        if (message := envelope.read(record.value, topics.EVENT_TYPES)).subject in cases
        and isinstance(message.data, event)
    ]


def freezes(platform: Platform, service: str) -> None:
    os.kill(platform.pid(service), signal.SIGSTOP)


async def test_a_deadline_that_passed_while_sla_was_away_runs_out_once_and_never_early(
    platform: Platform,
) -> None:
    """The case clock of a minute began 40 seconds ago, as its sender says."""
    began = datetime.now(UTC) - timedelta(seconds=40)
    report = a_report(began)
    case = case_of(report)
    await sends(platform, [report])
    await until(lambda: _is_said(platform, case, events.DeadlineSet))
    freezes(platform, "sla")
    due = began + timedelta(minutes=1)
    await until(lambda: _has_passed(due))
    assert await overdue(platform, case) == []
    platform.kill("sla")
    await until(lambda: _is_said(platform, case, events.Overdue))
    platform.kill("sla")  # the next one finds it said
    another = a_report(began, text="…")
    await sends(platform, [another])
    await until(lambda: _is_said(platform, case_of(another), events.Overdue))
    ((record, message),) = await overdue(platform, case)
    assert message.time == due
    assert record.timestamp / 1000 >= due.timestamp()


async def overdue(platform: Platform, case: str) -> list[Any]:
    found = await happened(platform, {case}, events.Overdue)
    return [(record, m) for record, m in found if m.data.kind is DeadlineKind.CASE]


async def _is_said(platform: Platform, case: str, event: type[Any]) -> bool:
    return bool(await happened(platform, {case}, event))


async def _has_passed(moment: datetime) -> bool:
    return datetime.now(UTC) > moment


async def test_a_service_that_was_away_for_longer_than_the_broker_keeps_stops_and_says_why(
    platform: Platform,
) -> None:
    """Nothing is passed over: the offset is out of range, and a person must decide."""
    restarts = platform.restarts
    freezes(platform, "rating")
    reports = [a_report(datetime.now(UTC)) for _ in range(20)]
    await sends(platform, reports)
    await until(lambda: _are_assigned(platform, reports))
    await forgets(platform)
    platform.kill("rating")
    await sends(platform, [a_report(datetime.now(UTC)) for _ in range(20)])
    await until(lambda: _has_written(platform, "rating", "is unanswered, but the topic now begins"))
    log = platform.options.data / "rating.log"
    assert "LostRecords" in log.read_text()
    await until(lambda: _has_ended(platform, restarts + 1))


async def _are_assigned(platform: Platform, reports: list[dict[str, Any]]) -> bool:
    cases = {case_of(report) for report in reports}
    assigned = {m.subject for _, m in await happened(platform, cases, events.Assigned)}
    return assigned == cases


async def forgets(platform: Platform) -> None:
    """The broker drops all that stands on the log."""
    admin = AdminClient({"bootstrap.servers": platform.settings.kafka, "log_level": 0})
    name = platform.settings.topic(LOG)
    all_of_them = [Upto(name, number, -1) for number in range(topics.KEYED_PARTITIONS)]
    for asked in admin.delete_records(all_of_them).values():
        asked.result()


async def _has_written(platform: Platform, service: str, words: str) -> bool:
    return words in (platform.options.data / f"{service}.log").read_text()


async def _has_ended(platform: Platform, killed: int) -> bool:
    """More often than it was killed: it ended by itself as well."""
    return platform.restarts > killed
