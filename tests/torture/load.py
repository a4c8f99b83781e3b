"""Continuous load: reports, and whatever the departments that get them say next.

What the broker acknowledged to its sender is taken, and must have its answer in the end; what it did
not is sent again by the client itself.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas import ids
from services.shell.settings import Settings

NAME, PHONE = "石小禾", "19900000001"
GRIDS = ("g111", "g112", "g121", "g122", "g211", "g212")
MOST_AT_ONCE = 20
"""Reports that are sent together, after an outage: it is made up for in a while, not at a stroke."""
IGNORED = 0.03
"""The share of cases about which their department does nothing."""


@dataclass
class Load:
    settings: Settings
    chance: Random
    rate: float
    """New cases a second."""
    reports: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    sent: int = 0
    retried: int = 0
    stopping: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)
    """It has its connections, which a client makes only while there are brokers."""

    async def run(self) -> None:
        self.producer = AIOKafkaProducer(
            **self.settings.kafka_client(),
            acks="all",
            linger_ms=5,
        )
        await self.producer.start()
        self.began.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._reports())
                group.create_task(self._departments())
        finally:
            await self.producer.stop()

    async def _reports(self) -> None:
        """What could not be sent while brokers were away is sent afterwards."""
        clock = asyncio.get_running_loop()
        began = clock.time()
        while not self.stopping:
            owed = int((clock.time() - began) * self.rate) - len(self.reports)
            await asyncio.gather(*(self._report() for _ in range(min(owed, MOST_AT_ONCE))))
            await asyncio.sleep(0.1)

    async def _report(self) -> None:
        number = len(self.reports)
        self.reports.append(("hotline", f"r{number}"))
        report = {
            "report_id": f"r{number}",
            "source": "hotline",
            "submitted_at": _now(),
            "text": f"我叫{NAME},{self._words()},请打{PHONE}。",
            "category": "potholes",
            "location": {"grid": self.chance.choice(GRIDS)},
            "reporter": {"kind": "resident", "id": "r-1", "name": NAME, "phone": PHONE},
        }
        await self._send("reports.submitted", report)

    def _words(self) -> str:
        """Nothing that two reports share: what is alike would join one case."""
        return "".join(chr(self.chance.randrange(0x4E00, 0x9000)) for _ in range(24))

    async def _departments(self) -> None:
        """Every department reads what is assigned to it, and does its work."""
        while not self.stopping:
            try:
                await self._listen()
            except (KafkaError, AssertionError):  # the client's own, while brokers come and go
                self.retried += 1
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        consumer = AIOKafkaConsumer(
            **self.settings.kafka_client(),
            group_id=self.settings.group("torture"),
            auto_offset_reset="earliest",
            metadata_max_age_ms=2_000,
        )
        consumer.subscribe(pattern=rf"^{self.settings.prefix}assignments\..*")
        await consumer.start()
        try:
            while not self.stopping:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    await asyncio.gather(*(self._hears(record) for record in records))
        finally:
            with suppress(KafkaError, asyncio.CancelledError):
                await consumer.stop()

    async def _hears(self, record: Any) -> None:
        word = orjson.loads(record.value)
        data = word.get("data") or {}
        if word.get("type") != "assignment.created.v1" or data.get("role") != "lead":
            return
        if Random(data["case_id"]).random() < IGNORED:
            return
        department = record.topic.rpartition(".")[2]
        for action in ("sign", "progress", "resolve"):
            await self._update(department, data["case_id"], data["holding"], action)
        if self.chance.random() < 0.3:
            await self._rate(data["case_id"], data["holding"])

    async def _update(self, department: str, case: str, holding: str, action: str) -> None:
        identity = f"{holding}-{action}"
        update: dict[str, Any] = {"update_id": identity, "case_id": case, "action": action}
        update |= {"at": _now(), "by": "clerk", "result": "好了"}
        self.words.append(identity)
        await self._send(f"updates.{department}", update, key=case)

    async def _rate(self, case: str, holding: str) -> None:
        identity = f"rating-{holding}"
        rating = {"rating_id": identity, "case_id": case, "at": _now(), "by": "resident"}
        self.words.append(identity)
        await self._send("ratings.submitted", rating | {"stars": self.chance.choice([1, 4, 5])})

    async def _send(self, topic: str, said: dict[str, Any], key: str | None = None) -> None:
        value = orjson.dumps(said)
        while True:
            try:
                name = self.settings.topic(topic)
                await self.producer.send_and_wait(
                    name, value, key=(key or ids.derive(topic)).encode()
                )
            except KafkaError:
                self.retried += 1
                await asyncio.sleep(0.5)
            else:
                self.sent += 1
                return


def _now() -> str:
    return datetime.now(UTC).isoformat()
