"""Everybody outside the platform: they write bytes to the doors, and read what they are told.

    sends(topic, bytes) ─► the platform ─► quiet() ─► hears(topic), told(topic, type), happened(case)

Nothing sleeps here: `quiet` asks the services until all is read and answered, and fails at once
when one of them had to be started again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from lab.driver import Driver
from lab.inputs import TimedInput
from lab.supervisor import Platform
from schemas import envelope, ids, topics
from schemas.envelope import Message, Unreadable
from schemas.topics import MAX_RECORD_BYTES
from services.shell import metrics
from services.shell.consuming import read_to_end
from services.shell.snapshots import connect
from services.shell.topic_admin import TopicSpec, create_topics
from services.shell.vault import vault_of
from tests.story import START

NAME, PHONE = "石小禾", "19900000001"
PATIENCE = 60.0
_numbers = count(1)


def fresh(what: str) -> str:
    """An id that no other test uses."""
    return f"{what}-{next(_numbers)}"


def a_report(at: datetime = START, **changes: Any) -> dict[str, Any]:
    """A pothole in the first grid of village v11, which its committee will lead."""
    report = {
        "report_id": fresh("report"),
        "source": "hotline",
        "submitted_at": at.isoformat(),
        "text": f"我叫{NAME},村口路面坑洼,请打{PHONE}。",
        "location": {"grid": "g111"},
        "reporter": {"kind": "resident", "id": "r-1", "name": NAME, "phone": PHONE},
    }
    return report | changes


def an_update(case: str, action: str, at: datetime = START, **more: Any) -> dict[str, Any]:
    update = {"update_id": fresh("update"), "case_id": case, "action": action}
    return update | {"at": at.isoformat(), "by": "clerk"} | more


def a_rating(case: str, stars: Any, at: datetime = START, **more: Any) -> dict[str, Any]:
    rating = {"rating_id": fresh("rating"), "case_id": case, "at": at.isoformat()}
    return rating | {"by": "resident", "stars": stars} | more


def case_of(report: dict[str, Any]) -> str:
    return ids.case_id(report["source"], report["report_id"])


async def until(condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> None:
    """Ask again and again, until it is so."""
    async with asyncio.timeout(patience):
        while not await condition():  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.02)


class Outside:
    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.settings = platform.settings
        self.events: list[Message[Any]] = []
        """What the log has accepted since."""
        self.driver = Driver(self.settings, platform.http, self, on_event=self.events.append)
        self.now = START

    async def __aenter__(self) -> Outside:
        self._producer = AIOKafkaProducer(
            **self.settings.kafka_client(), acks="all", max_request_size=2 * MAX_RECORD_BYTES
        )
        await self._producer.start()
        self.http = httpx.AsyncClient(timeout=30)
        await self.driver.__aenter__()
        database = connect(self.settings.mongo, self.settings.database)
        self.secrets = [
            await vault_of(database, name).secret("set-aside") for name in ("intake", "rating")
        ]
        await database.client.close()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.driver.__aexit__(*error)
        await self.http.aclose()
        await self._producer.stop()

    def react(self, _event: Message[Any]) -> Iterable[TimedInput]:
        """Nobody does anything by himself here."""
        return ()

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    async def sends(self, topic: str, value: Any, key: bytes | None = b"any") -> None:
        """Write, and wait for quiet."""
        await self.writes(topic, value, key)
        await self.quiet()

    async def writes(self, topic: str, value: Any, key: bytes | None = b"any") -> None:
        """Bytes as they are, None as a tombstone, all else as JSON."""
        written = value if isinstance(value, bytes | None) else orjson.dumps(value)
        await self._producer.send_and_wait(self.settings.topic(topic), written, key=key)

    async def makes(self, topic: str) -> None:
        """Make a topic of one partition, and wait until the services read it."""
        client = self.settings.kafka_client()
        spec = TopicSpec(self.settings.topic(topic), 1)
        await create_topics(client.pop("bootstrap_servers"), [spec], **client)
        await until(lambda: self._router_reads(spec.name))

    async def _router_reads(self, topic: str) -> bool:
        return topic in (await self.http.get(f"{self.platform.http['router']}/quiet")).text

    async def reports(self, at: datetime = START, **changes: Any) -> str:
        """Send a report, and return its case."""
        report = a_report(at, **changes)
        await self.sends(topics.REPORTS_SUBMITTED.name, report)
        return case_of(report)

    async def time_comes(self, to: datetime) -> None:
        """Let the services' clocks run to that moment, timer by timer."""
        await self._unbroken(self.driver.run(to))
        self.now = to

    async def another_monday(self) -> datetime:
        """Monday, nine o'clock: a new week in which nothing has happened yet."""
        weeks = (self.now - START) // timedelta(weeks=1) + 1
        await self.time_comes(START + timedelta(weeks=weeks))
        return self.now

    async def quiet(self) -> None:
        """Wait until everything is read, and answered."""
        await self._unbroken(self.driver.settle())

    async def _unbroken(self, work: Any) -> None:
        before, task = self.platform.restarts, asyncio.ensure_future(work)
        try:
            await self._watched(task, before)
        finally:
            task.cancel()
        task.result()

    async def _watched(self, task: asyncio.Future[None], before: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while not task.done():
                await asyncio.wait([task], timeout=0.2)
                if self.platform.restarts > before:
                    raise AssertionError(f"a service ended: see {self.platform.options.data}")

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    async def hears(self, topic: str) -> list[Any]:
        """All records of a topic, which must exist, as they came in."""
        name = self.settings.topic(topic)
        async with asyncio.timeout(PATIENCE):
            records = [record async for record in read_to_end(self.settings, name)]
        return sorted(records, key=lambda record: record.timestamp)

    async def told(self, topic: str, **fields: Any) -> list[Message[Any]]:
        """The messages of a topic whose data has these fields."""
        return [
            message
            for message in await self.readable(topic)
            if all(getattr(message.data, name, None) == value for name, value in fields.items())
        ]

    async def readable(self, topic: str) -> list[Message[Any]]:
        """All messages of a topic, without what cannot be read."""
        messages = []
        for record in await self.hears(topic):
            with suppress(Unreadable):
                messages.append(envelope.read(record.value, topics.PAYLOADS))
        return messages

    async def asks(self, service: str, page: str) -> Any:
        """A page that may be there in a moment: snapshots follow the log within a second."""
        address = self.platform.http[service] + page
        await until(lambda: self._is_there(address))
        return (await self.http.get(address)).json()

    async def _is_there(self, address: str) -> bool:
        try:
            return (await self.http.get(address)).status_code == 200
        except httpx.TransportError:
            return False

    async def is_gone(self, service: str) -> bool:
        """Whether the service has been killed, and does not answer yet."""
        return not await self._is_there(f"{self.platform.http[service]}/healthz")

    def happened(self, case: str) -> list[str]:
        """The types of the case's events, such as ``opened``, in the order of the log."""
        return [event.type.split(".")[1] for event in self.events if event.subject == case]

    async def counted(self, service: str, topic: str, outcome: str) -> float:
        """What `/metrics` says of such messages; departments' topics count together."""
        labels = {"topic": metrics.family(topic), "outcome": outcome}
        return await self._metric(service, "gridcase_messages_total", labels)

    async def voids(self, service: str, type: str) -> float:
        return await self._metric(service, "gridcase_void_events_total", {"type": type})

    async def _metric(self, service: str, name: str, labels: dict[str, str]) -> float:
        page = await self.http.get(f"{self.platform.http[service]}/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(page.text)
            for sample in family.samples
            if sample.name == name and sample.labels == labels | {"service": service}
        )
