"""What a petition officer does at a terminal: decisions by HTTP to the router, and what came of them.

    decision ─► POST /triage/decisions ─► triage.decisions ─► … ─► the event that answers it

The rule to remember: a decision is only done when the log has an event for it; a refusal is one too.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas import envelope
from schemas.envelope import Message, Unreadable
from schemas.inputs import TriageDecision
from schemas.topics import CASE_EVENTS, EVENT_TYPES
from services.shell.consuming import partitions_of, reader
from services.shell.endpoints import bearer, words_of
from services.shell.publishing import partition_of
from services.shell.settings import Settings

PATIENCE_SECONDS = 10.0
DECISIONS = "/triage/decisions"


class NotSent(RuntimeError):  # noqa: N818 - it names the decision's fate
    """The decision did not reach the platform; the text says why."""


def new_id() -> str:
    """A decision's own id: sent twice, it counts once."""
    return f"decision-{uuid4()}"


async def waiting(router: str) -> list[dict[str, Any]]:
    """The triage queue. Raises `NotSent` if the router does not answer."""
    try:
        async with httpx.AsyncClient(base_url=router, timeout=10, headers=bearer()) as client:
            answer = await client.get("/triage")
    except httpx.HTTPError as error:
        raise NotSent(f"the router at {router} does not answer: {error}") from error
    if answer.status_code != 200:
        raise NotSent(words_of(answer))
    return list(answer.json())


async def decide(settings: Settings, router: str, decision: TriageDecision) -> Message[Any] | None:
    """Send a decision, and return the event that answers it; None if none came in time."""
    try:
        async with reader(settings) as consumer:
            await _to_the_end(settings, consumer, decision.case_id)
            await _post(router, decision)
            return await _answer(consumer, decision)
    except KafkaError as error:
        raise NotSent(f"the broker does not answer: {error}") from error


async def _post(router: str, decision: TriageDecision) -> None:
    body = decision.model_dump_json(exclude_none=True)
    try:
        async with httpx.AsyncClient(base_url=router, timeout=10, headers=bearer()) as client:
            answer = await client.post(DECISIONS, content=body)
    except httpx.HTTPError as error:
        raise NotSent(f"the router at {router} does not answer: {error}") from error
    if answer.status_code != 202:
        raise NotSent(words_of(answer))


async def _to_the_end(settings: Settings, consumer: AIOKafkaConsumer, case: str) -> None:
    topic = settings.topic(CASE_EVENTS.name)
    partitions = await partitions_of(consumer, topic)
    partition = TopicPartition(topic, partition_of(case, len(partitions)))
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    consumer.seek(partition, end)


async def _answer(consumer: AIOKafkaConsumer, decision: TriageDecision) -> Message[Any] | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for record in consumer:
                event = _read(record.value)
                if event is not None and _answers(event, decision):
                    return event
    except TimeoutError:
        pass
    return None


def _read(value: bytes) -> Message[Any] | None:
    try:
        return envelope.read(value, EVENT_TYPES)
    except Unreadable:
        return None


def _answers(event: Message[Any], decision: TriageDecision) -> bool:
    """An assignment names the decision in its reason; the others carry its id."""
    if event.subject != decision.case_id:
        return False
    data = event.data
    if decision.decision_id in (getattr(data, "decision_id", None), getattr(data, "update_id", "")):
        return True
    return f"(decision {decision.decision_id})" in str(getattr(data, "why", ""))
