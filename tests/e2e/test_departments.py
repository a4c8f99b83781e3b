"""The departments' consumers in the docs, each run as its own program against a broker: it reads
its assignments, and signs what it is to lead."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas import envelope
from schemas.inputs import Action, Update
from schemas.publish import read_samples
from services.shell.embedded import Embedded
from services.shell.embedded.kafka import fetch_kafka
from services.shell.topic_admin import TopicSpec, create_topics

DOCS = Path(__file__).parents[2] / "docs/departments"
PATIENCE = 120.0
KAFKAJS = "kafkajs@2.2.4"


def faststream(_folder: Path) -> list[str]:
    return [sys.executable, "-m", "faststream", "run", "consumer:app"]


def java(_folder: Path) -> list[str]:
    if shutil.which("javac") is None:
        pytest.skip("not proved for want of a Java compiler")
    return ["java", "-cp", f"{fetch_kafka(lambda _: None)}/*", str(DOCS / "Consumer.java")]


def node(folder: Path) -> list[str]:
    if shutil.which("npm") is None:
        pytest.skip("not proved for want of Node")
    shutil.copy(DOCS / "consumer.mjs", folder)
    subprocess.run(
        ["npm", "install", "--silent", "--prefix", str(folder), KAFKAJS], check=True, timeout=120
    )
    return ["node", str(folder / "consumer.mjs")]


@contextmanager
def running(command: list[str], kafka: Embedded, prefix: str, department: str) -> Iterator[None]:
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.url,
        "GRIDCASE_PREFIX": prefix,
        "DEPARTMENT": department,
    }
    process = subprocess.Popen(command, cwd=DOCS, env=environment)
    try:
        yield
        assert process.poll() is None, "the consumer ended by itself"
    finally:
        process.terminate()
        process.wait(timeout=30)


def messages(department: str) -> list[Any]:
    """An assignment to assist, one to lead, the same again, and a reminder."""
    samples = read_samples()
    lead = samples["assignment.created.v1"]
    assist = {**lead, "id": str(uuid4()), "data": lead["data"] | {"role": "assist"}}
    return [assist, lead, lead, samples["assignment.reminder.v1"]]


@pytest.mark.parametrize("program", [faststream, java, node], ids=lambda program: program.__name__)
async def test_a_consumer_of_the_docs_signs_what_it_is_to_lead(
    program: Any, kafka: Embedded, tmp_path: Path
) -> None:
    prefix, department = f"docs-{uuid4().hex[:8]}-", "vc-v11"
    inbox, outbox = f"{prefix}assignments.{department}", f"{prefix}updates.{department}"
    await create_topics(kafka.url, [TopicSpec(inbox, 1), TopicSpec(outbox, 1)])
    sent = messages(department)
    async with AIOKafkaProducer(bootstrap_servers=kafka.url) as producer:
        for message in sent:
            value = orjson.dumps(message)
            await producer.send_and_wait(inbox, value, key=b"case", headers=envelope.HEADERS)
    with running(program(tmp_path), kafka, prefix, department):
        updates = await heard(kafka, outbox, 2)
    lead = sent[1]
    assert [update.action for update in updates] == [Action.SIGN, Action.SIGN]
    assert {update.update_id for update in updates} == {f"sign-{lead['id']}"}  # it counts once
    assert {update.case_id for update in updates} == {lead["data"]["case_id"]}


async def heard(kafka: Embedded, topic: str, number: int) -> list[Update]:
    """The first updates that the department says; each is what the platform takes."""
    found: list[Update] = []
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.url, auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(PATIENCE):
            while len(found) < number:
                record = await consumer.getone()
                found.append(Update.model_validate_json(record.value))
    return found
