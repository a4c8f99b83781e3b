"""The doctor: looks at everything that a county needs, and says of each what to do.

    broker ─► topics ─► access ─► database ─► rules ─► calendar ─► clock ─► services

The rule to remember: **it only looks.** Nothing is made, sent or changed, so it may be asked at any
time, on any installation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from confluent_kafka import KafkaException
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from schemas.reference import Reference
from schemas.rulebook import Rulebooks
from services.shell.acl_admin import admin_client, authorizer, granted
from services.shell.acl_plan import Grant, grants
from services.shell.consuming import read_to_end
from services.shell.embedded.mock import mock_at
from services.shell.reference import Collector
from services.shell.settings import Settings
from services.shell.topic_plan import plan
from services.sla.coverage import covered_until

Health = Literal["well", "poorly", "ill"]
PATIENCE = 5.0
MOST_SKEW = timedelta(seconds=5)
CALENDAR_SOON = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and where it is not well the next step."""

    part: str
    health: Health
    found: str
    next_step: str = ""


@dataclass(slots=True)
class Patient:
    """What is looked at, and what has been learnt of it so far."""

    settings: Settings
    http: Mapping[str, str]
    topics: dict[str, int]
    """Partitions by name."""
    reference: Reference | None = None


Check = Callable[[Patient], Awaitable[Finding]]


async def examine(settings: Settings, http: Mapping[str, str]) -> list[Finding]:
    """All findings, in an order in which what comes first explains what comes later."""
    patient = Patient(settings, http, {})
    found = [await broker(patient)]
    if found[0].health == "ill":
        return [*found, await database(patient), *await services(patient)]
    found += [await check(patient) for check in (rules, topics, access, database, calendar, clock)]
    return [*found, *await services(patient)]


async def broker(patient: Patient) -> Finding:
    settings = patient.settings
    admin = AIOKafkaAdminClient(**settings.kafka_client(), request_timeout_ms=5_000)
    try:
        async with asyncio.timeout(PATIENCE):
            await admin.start()
            standing = await admin.describe_topics()
    except (KafkaError, TimeoutError, OSError) as error:
        step = "start Kafka, or name another: KAFKA_BOOTSTRAP_SERVERS=host:9092 (here: gridcase up)"
        why = "" if isinstance(error, KafkaConnectionError) else f": {_words(error)}"
        return Finding("broker", "ill", f"{settings.kafka} does not answer{why}", step)
    finally:
        await admin.close()
    patient.topics = {row["topic"]: len(row["partitions"]) for row in standing}
    return Finding("broker", "well", f"{settings.kafka}, {len(patient.topics)} topics")


async def rules(patient: Patient) -> Finding:
    """Learns the version in force from the topic `reference`."""
    settings, name = patient.settings, patient.settings.topic("reference")
    step = "gridcase reference publish DIR"
    if name not in patient.topics:
        return Finding(
            "rules", "ill", f"there is no topic {name}", "gridcase topics create, then " + step
        )
    collector = Collector()
    read = [
        collector.add((r.key or b"").decode(), r.value) async for r in read_to_end(settings, name)
    ]
    versions = [version for version in read if version is not None]
    if not versions:
        return Finding("rules", "ill", "no version has been published", step)
    patient.reference = Rulebooks(versions).at(datetime.now(UTC)).reference
    manifest = patient.reference.manifest
    return Finding(
        "rules", "well", f"{manifest.name} {manifest.version}, of {len(versions)} versions"
    )


async def topics(patient: Patient) -> Finding:
    units = patient.reference.departments if patient.reference else ()
    wanted = plan(patient.settings, [unit.code for unit in units])
    missing = [row.name for row in wanted if row.name not in patient.topics]
    wrong = [
        f"{row.name} has {patient.topics[row.name]} partitions instead of {row.partitions}"
        for row in wanted
        if patient.topics.get(row.name, row.partitions) != row.partitions
    ]
    if wrong:
        step = "partitions are never changed in place: `gridcase topics move` copies by key to new topics"
        return Finding("topics", "ill", "; ".join(wrong[:3]), step)
    if missing:
        words = f"{len(missing)} are missing: {', '.join(missing[:3])}"
        return Finding("topics", "ill", words, "gridcase topics create --reference DIR")
    return Finding("topics", "well", f"all {len(wanted)} stand as the table says")


async def access(patient: Patient) -> Finding:
    """Whether the broker guards its topics at all."""
    if mock_at(patient.settings.kafka):
        return Finding("access", "poorly", "a mock cluster guards nothing", "use a real Kafka")
    client = admin_client(patient.settings)
    try:
        guard = await asyncio.to_thread(authorizer, client)
        standing = await asyncio.to_thread(granted, client)
    except (KafkaException, TimeoutError) as error:
        words = str(error.args[0].str() if error.args else "no answer")
        step = "ask as a principal that may describe the cluster: GRIDCASE_KAFKA_USERNAME"
        return Finding("access", "poorly", f"it cannot be looked at: {words}", step)
    if not guard:
        step = (
            "set authorizer.class.name on the broker; gridcase topics acl --reference DIR then grants "
            "each party its own"
        )
        return Finding("access", "poorly", "anybody may write anything: no authorizer", step)
    units = patient.reference.departments if patient.reference else ()
    wanted = grants(patient.settings, [unit.code for unit in units if unit.heir is None])
    missing = sorted(set(wanted) - standing)
    if missing:
        words = f"{len(missing)} of {len(wanted)} rights are missing, first {_right(missing[0])}"
        return Finding("access", "poorly", words, "gridcase topics acl --reference DIR")
    return Finding("access", "well", f"all {len(wanted)} rights stand as the table says")


def _right(grant: Grant) -> str:
    name = grant.name + ("…" if grant.prefixed else "")
    return f"{grant.principal} {grant.operation} {grant.resource} {name}"


async def database(patient: Patient) -> Finding:
    try:
        hello = await _hello(patient.settings)
    except PyMongoError as error:
        step = "start MongoDB, or name another: MONGO_URL=mongodb://host:27017"
        where = _words(error).partition(" (configured")[0]
        return Finding("database", "ill", f"it does not answer: {where}", step)
    if "setName" not in hello:
        step = "start mongod with --replSet rs0 and run rs.initiate(): only then are writes kept"
        return Finding("database", "poorly", "it is no replica set", step)
    return Finding(
        "database", "well", f"{patient.settings.database}, replica set {hello['setName']}"
    )


async def _hello(settings: Settings) -> dict[str, Any]:
    limit = int(PATIENCE * 1000)
    client: AsyncMongoClient[Any] = AsyncMongoClient(settings.mongo, serverSelectionTimeoutMS=limit)
    try:
        return dict(await client.admin.command("hello"))
    finally:
        await client.close()


async def calendar(patient: Patient) -> Finding:
    if patient.reference is None:
        return Finding("calendar", "ill", "without rules there is none", "publish the rules first")
    now = datetime.now(UTC)
    until = covered_until(patient.reference.calendars, now)
    if until - now < CALENDAR_SOON:
        step = (
            "upgrade chinesecalendar, or list the days in calendar.yaml and publish a new version"
        )
        return Finding("calendar", "poorly", f"holidays are known until {until:%Y-%m-%d}", step)
    return Finding("calendar", "well", f"holidays are known until {until:%Y-%m-%d}")


async def clock(patient: Patient) -> Finding:
    """This machine's clock beside the database's: deadlines are no better than clocks."""
    before = datetime.now(UTC)
    try:
        theirs = (await _hello(patient.settings))["localTime"].replace(tzinfo=UTC)
    except PyMongoError:
        return Finding("clock", "poorly", "nothing to compare it with", "mend the database first")
    skew = abs(theirs - (before + (datetime.now(UTC) - before) / 2))
    words = f"{skew.total_seconds():.2f} s apart from the database's"
    if skew > MOST_SKEW:
        return Finding(
            "clock", "ill", words, "let both machines keep time (chrony, systemd-timesyncd)"
        )
    return Finding("clock", "well", words)


async def services(patient: Patient) -> list[Finding]:
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        return [await _service(client, name, at) for name, at in patient.http.items()]


async def _service(client: httpx.AsyncClient, name: str, address: str) -> Finding:
    try:
        answer = await client.get(f"{address}/readyz")
    except httpx.HTTPError:
        return Finding(
            name, "ill", f"{address} does not answer", f"gridcase serve {name}, or gridcase up"
        )
    if answer.status_code != 200:
        waits = [f"{each['for']}: {each['why']}" for each in _waits(answer)]
        step = "bring back what is away; where it reads the log, wait"
        return Finding(name, "poorly", f"{address} waits for {'; '.join(waits) or 'the log'}", step)
    return Finding(name, "well", address)


def _waits(answer: httpx.Response) -> list[dict[str, str]]:
    """What a service says that it waits for; one that has just begun says nothing yet."""
    try:
        return list(answer.json().get("waits", ()))
    except ValueError:
        return []


def _words(error: BaseException) -> str:
    """The first line of what an error says; drivers add pages."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120] or type(error).__name__


def worst(findings: list[Finding]) -> Health:
    order: tuple[Health, ...] = ("ill", "poorly", "well")
    return next((h for h in order if any(f.health == h for f in findings)), "well")


def lines(findings: list[Finding]) -> Iterator[dict[str, str]]:
    """For programs: one object a part."""
    for finding in findings:
        yield {
            "part": finding.part,
            "health": finding.health,
            "found": finding.found,
            "next_step": finding.next_step,
        }
