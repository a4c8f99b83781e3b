"""A day at work on a platform that runs on the wall's clock: residents report, departments sign and
resolve, residents rate. What dashboards show, somebody must have done.

    reports ─► reports.submitted      assignments.* ─► sign, resolve ─► updates.*      ─► ratings
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count, cycle
from random import Random
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from lab.demo.stories import read_stories

_numbers = count(1)


def now() -> str:
    return datetime.now(UTC).isoformat()


class Day:
    """Everybody outside, for as long as it lasts; `done` counts what was said."""

    def __init__(self, kafka: str, seed: int = 0) -> None:
        self.kafka = kafka
        self.chance = Random(seed)
        self.done = {"reported": 0, "signed": 0, "resolved": 0, "rated": 0}

    async def goes_by(self, reports: int, pause: float) -> None:
        """So many reports, with a pause between two; departments answer all the while. Ends when
        every case that a department took to has been rated."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as self.producer:
            others = asyncio.create_task(self._others(reports))
            stories = cycle(read_stories())
            for _ in range(reports):
                report, _story = next(stories)
                await self._report(report.model_dump(mode="json", exclude_none=True))
                await asyncio.sleep(pause)
            await asyncio.wait_for(others, 60)

    async def _report(self, report: dict[str, Any]) -> None:
        source = self.chance.choice(("wechat", "hotline", "grid-app"))
        name = f"day-{next(_numbers)}"
        said = report | {"report_id": name, "source": source, "submitted_at": now()}
        await self._say("reports.submitted", said)
        self.done["reported"] += 1

    async def _say(self, topic: str, said: dict[str, Any]) -> None:
        await self.producer.send_and_wait(topic, orjson.dumps(said))

    async def _others(self, cases: int) -> None:
        """Departments read their topics, and residents what they are answered."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, auto_offset_reset="earliest", group_id="a-day"
        )
        consumer.subscribe(pattern=r"^(assignments\..+|reports\.answered)$")
        await consumer.start()
        try:
            while self.done["signed"] < cases or self.done["rated"] < self.done["resolved"]:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        await self._hear(record.topic, orjson.loads(record.value))
        finally:
            await consumer.stop()

    async def _hear(self, topic: str, word: dict[str, Any]) -> None:
        """The lead signs, and mostly resolves; whoever hears that it is resolved rates it."""
        match word["type"], word["data"]:
            case "assignment.created.v1", {"role": "lead"}:
                department, case = topic.partition(".")[2], word["subject"]
                await self._act(department, case, "sign")
                if self.chance.random() < 0.7:
                    await self._act(department, case, "resolve", result="办好了")
            case "report.answered.v1", {"stage": "resolved", "case_id": case}:
                await self._rate(case)

    async def _act(self, department: str, case: str, action: str, **more: str) -> None:
        said = {"update_id": f"{case}-{action}", "case_id": case, "action": action, "at": now()}
        await self._say(f"updates.{department}", said | {"by": "clerk"} | more)
        self.done["signed" if action == "sign" else "resolved"] += 1

    async def _rate(self, case: str) -> None:
        stars = self.chance.choice((3, 4, 5, 5))
        said = {"case_id": case, "rating_id": f"{case}-1", "at": now(), "by": "resident"}
        await self._say("ratings.submitted", said | {"stars": stars})
        self.done["rated"] += 1
