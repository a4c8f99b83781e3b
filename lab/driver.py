"""The driver: makes time pass, where the clock is the stream's.

    timed inputs ─► in the order of time ─► doors
                  └► tick, wait for quiet, send, wait for quiet …

So results do not depend on who was faster. What must be kept in order is each case's own story:
the timers of a case that run out before an input of that case fire before it. Different cases do
not meet, so one round sends an input for many cases at once. Quiet means: every service has read
its topics to the end and nothing is in flight, seen twice.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httpx
from aiokafka import AIOKafkaProducer, TopicPartition

from lab.accepted import Accepted
from lab.inputs import TimedInput
from schemas import envelope, ids, topics
from schemas.envelope import Message, Unreadable
from schemas.inputs import ClockTick
from services.shell.consuming import partitions_of, reader
from services.shell.settings import Settings

logger = logging.getLogger(__name__)
UTC_ZONE = ZoneInfo("UTC")
ROUND = timedelta(days=1)
"""How far ahead one round of inputs may reach."""
QUIET_TIMEOUT = 120.0
"""Seconds without any progress after which waiting is given up."""


class NotQuiet(Exception):  # noqa: N818 - it names what was waited for
    """The services did not come to rest; the text says which is behind, and where."""


class Parties(Protocol):
    """Those who react to what the system does: departments and residents."""

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        """What follows from one event that the log accepted."""
        ...


def month_end(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of the next month, by the clocks of that zone."""
    local = moment.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month, 12)
    return datetime(year, month + 1, 1, tzinfo=zone).astimezone(UTC)


def clock_message(now: datetime) -> Message[ClockTick]:
    identity = ids.derive("tick", now.isoformat())
    return Message(identity, "/driver", "clock", now, ClockTick(now=now))


class Driver:
    """Drives the services at `http` (name → base address) through the topics of `settings`."""

    def __init__(
        self,
        settings: Settings,
        http: dict[str, str],
        parties: Parties,
        *,
        on_event: Callable[[Message[Any]], None] = lambda _event: None,
        on_record: Callable[[Any], None] = lambda _record: None,
        react_after: timedelta = timedelta(minutes=30),
        zone: ZoneInfo = UTC_ZONE,
    ) -> None:
        self.settings = settings
        self.http = http
        self.parties = parties
        self.on_event = on_event
        self.on_record = on_record
        self.react_after = react_after
        """No party reacts sooner than this: how far a tick may overshoot a timer."""
        self.zone = zone
        """Whose months are the periods."""
        self.now: datetime | None = None
        self.ticked: datetime | None = None
        self.rounds = 0
        self.accepted = Accepted()
        self._queue: list[tuple[datetime, int, TimedInput]] = []
        self._order = count()
        self._log = settings.topic(topics.CASE_EVENTS.name)

    async def __aenter__(self) -> Driver:
        self._producer = AIOKafkaProducer(
            **self.settings.kafka_client(), acks="all", enable_idempotence=True
        )
        self._consumer = reader(self.settings)
        self._client = httpx.AsyncClient(timeout=30)
        await self._producer.start()
        await self._consumer.start()
        await self._follow_log()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.aclose()
        await self._consumer.stop()
        await self._producer.stop()

    def add(self, inputs: Iterable[TimedInput]) -> None:
        for item in inputs:
            heapq.heappush(self._queue, (item.at, next(self._order), item))

    @property
    def waiting(self) -> int:
        """Inputs that have not been sent."""
        return len(self._queue)

    async def run(self, until: datetime) -> None:
        """Send everything, and make time pass until `until`."""
        await self.settle()
        while True:
            first = self._queue[0][0] if self._queue else until
            self.now = self.now or first
            if first > until:
                first = until
            timers = await self._timers(first + ROUND)
            earliest = min(timers.values(), default=None)
            if earliest is not None and earliest <= first:
                await self._pass_to(min(first, earliest + self.react_after))
            elif not self._queue or self._queue[0][0] > until:
                break
            else:
                await self._send_round(first, timers)
            await self.settle()
        await self._pass_to(until)
        await self.settle()

    # ── time and inputs ──────────────────────────────────────────────────────────────────────

    async def _pass_to(self, now: datetime) -> None:
        """Let time pass; a month that ends on the way is closed before anything else happens."""
        while self.now and (end := month_end(self.now, self.zone)) < now:
            for moment in (end, end + timedelta(seconds=1)):
                await self._tick(moment)
                await self.settle()
        await self._tick(now)

    async def _tick(self, now: datetime) -> None:
        self.now = self.ticked = now
        await self._producer.send_and_wait(
            self.settings.topic(topics.CLOCK.name), envelope.write(clock_message(now)), key=b"clock"
        )

    async def _send_round(self, first: datetime, timers: dict[str, datetime]) -> None:
        """One input a case, as long as no timer of that case runs out before it."""
        sent: set[str] = set()
        kept: list[tuple[datetime, int, TimedInput]] = []
        sending = []
        while self._queue and self._queue[0][0] < first + ROUND:
            item = heapq.heappop(self._queue)
            case, at = item[2].case, item[0]
            if item[2].holding not in (None, self.accepted.holding(case)):
                continue  # planned for a holding that has ended
            if case in sent or (case in timers and timers[case] <= at):
                kept.append(item)
                sent.add(case)
            else:
                sent.add(case)
                sending.append(self._send(item[2]))
        for item in kept:
            heapq.heappush(self._queue, item)
        self.rounds += 1
        await asyncio.gather(*sending)

    async def _send(self, item: TimedInput) -> None:
        await self._producer.send_and_wait(
            self.settings.topic(item.topic),
            item.data.model_dump_json(exclude_none=True).encode(),
            key=item.case.encode(),
        )

    async def _timers(self, until: datetime) -> dict[str, datetime]:
        """The next timer of each case that has one until then."""
        timers: dict[str, datetime] = {}
        for name in ("sla", "rating"):
            answer = await self._get(
                name, f"/timers?until={until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            )
            for case, at in answer["cases"].items():
                moment = datetime.fromisoformat(at)
                timers[case] = min(moment, timers.get(case, moment))
        return timers

    # ── quiet ────────────────────────────────────────────────────────────────────────────────

    async def settle(self) -> None:
        """Wait for quiet, let the parties react to what has happened, and queue what they do."""
        await self.quiet()
        for event in await self._drain():
            if self.accepted.admits(event):
                self.on_event(event)
                self.add(self.parties.react(event))

    async def quiet(self) -> None:
        """Wait until all is read and nothing is in flight, seen twice."""
        seen, last, progress_at = 0, "", asyncio.get_running_loop().time()
        while seen < 2:
            behind = await self._behind()
            seen = 0 if behind else seen + 1
            now = asyncio.get_running_loop().time()
            if behind != last:
                last, progress_at = behind, now
            if now - progress_at > QUIET_TIMEOUT:
                raise NotQuiet(f"no progress for {QUIET_TIMEOUT:.0f} s: {behind}")
            if behind:
                await asyncio.sleep(0.01)

    async def _behind(self) -> str:
        """What is not at rest yet, in words; empty if all is."""
        answers = await asyncio.gather(*(self._asked(name) for name in self.http))
        services = dict(zip(self.http, answers, strict=True))
        if missing := [name for name, answer in services.items() if not answer]:
            return f"{', '.join(missing)} does not answer"
        for name, answer in services.items():
            if not answer["ready"] or answer["unanswered"]:
                return f"{name} has {answer['unanswered']} unanswered"
            if self.ticked and (not answer["clock"] or _moment(answer["clock"]) < self.ticked):
                return f"{name} has the clock at {answer['clock']}"
        return await self._unread(services)

    async def _unread(self, services: dict[str, Any]) -> str:
        """Which service has not read which partition to its end."""
        wanted = {
            TopicPartition(topic, int(number)): (name, position)
            for name, answer in services.items()
            for topic, positions in answer["positions"].items()
            for number, position in positions.items()
        }
        ends = await self._consumer.end_offsets(list(wanted))
        for partition, (name, position) in wanted.items():
            if position < ends[partition]:
                return f"{name} is at {position} of {ends[partition]} in {partition}"
        covered = {partition for partition in wanted if partition.topic == self._log}
        if len(covered) < len(self._positions):
            return f"only {len(covered)} partitions of the log have an owner"
        return ""

    async def _asked(self, name: str) -> Any:
        try:
            return await self._get(name, "/quiet")
        except (httpx.HTTPError, ValueError):
            return None

    async def _get(self, name: str, path: str) -> Any:
        for _attempt in range(60):
            try:
                response = await self._client.get(self.http[name] + path)
                response.raise_for_status()
                return response.json()
            except httpx.TransportError:
                if path == "/quiet":
                    raise
                await asyncio.sleep(0.5)  # it is being restarted
        raise NotQuiet(f"{name} does not answer at {self.http[name]}{path}")

    # ── the log ──────────────────────────────────────────────────────────────────────────────

    async def _follow_log(self) -> None:
        partitions = await partitions_of(self._consumer, self._log)
        self._consumer.assign(partitions)
        await self._consumer.seek_to_end(*partitions)
        self._positions = {p: await self._consumer.position(p) for p in partitions}

    async def _drain(self) -> list[Message[Any]]:
        """All events since the last call, those of one case in the log's order."""
        ends = await self._consumer.end_offsets(list(self._positions))
        found: list[Message[Any]] = []
        while any(self._positions[p] < end for p, end in ends.items()):
            for partition, records in (await self._consumer.getmany(timeout_ms=50)).items():
                for record in records:
                    self.on_record(record)
                    found += [event] if (event := _event_of(record)) else []
                self._positions[partition] = records[-1].offset + 1
        return found


def _event_of(record: Any) -> Message[Any] | None:
    """None for what cannot be read: the services have set it aside."""
    try:
        return envelope.read(record.value, topics.EVENT_TYPES)
    except Unreadable:
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
