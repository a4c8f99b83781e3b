"""The driver: makes time pass, where the clock is the stream's.

    timed inputs ─► in the order of time ─► doors
                  └► tick, wait for quiet, send, wait for quiet …

So results do not depend on who was faster. What must be kept in order is each case's own story: the
timers of a case that run out before an input of that case fire before it. Cases do not meet, so up
to the next tick for all, each case lives on its own time, and one round takes every case one step
further: its next input is sent, or its time comes to its next timer. Quiet means: every service has
read its topics to the end and nothing is in flight, seen twice.
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
INPUTS_AT_ONCE = 500
"""More would wait so long for the broker that the client gives up on some."""
CASES_A_TICK = 2_000
"""Cases in one record of the clock."""
STARTING = 503
"""What a service answers that does not know all its cases yet."""
QUIET_TIMEOUT = 120.0
"""Seconds without any progress after which waiting is given up."""


Queued = tuple[datetime, int, TimedInput]


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


def clock_message(now: datetime, cases: dict[str, datetime] | None = None) -> Message[ClockTick]:
    tick = ClockTick(now=now, cases=cases or {})
    identity = ids.derive("tick", tick.model_dump_json())
    return Message(identity, "/driver", "clock", now, tick)


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
        stride: timedelta = timedelta(days=31),
        zone: ZoneInfo = UTC_ZONE,
    ) -> None:
        self.settings = settings
        self.http = http
        self.parties = parties
        self.on_event = on_event
        self.on_record = on_record
        self.react_after = react_after
        """No party reacts sooner than this: how far a tick may overshoot a timer."""
        self.stride = stride
        """How far the cases may run ahead of the tick for all; never past the end of a month."""
        self.zone = zone
        """Whose months are the periods."""
        self.now: datetime | None = None
        self._last_ticks: dict[str, datetime] = {}
        self.rounds = 0
        self.accepted = Accepted()
        self._queue: list[Queued] = []
        self._active: dict[str, list[Queued]] = {}
        """Inputs up to the horizon, by case."""
        self._horizon: datetime | None = None
        self._order = count()
        self._log = settings.topic(topics.CASE_EVENTS.name)

    async def __aenter__(self) -> Driver:
        self._producer = AIOKafkaProducer(
            **self.settings.kafka_client(),
            acks="all",
            enable_idempotence=True,
            max_batch_size=256 * 1024,
            max_request_size=topics.MAX_OWN_BYTES,
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
            queued = (item.at, next(self._order), item)
            if self._horizon and item.at < self._horizon:
                heapq.heappush(self._active.setdefault(item.case, []), queued)
            else:
                heapq.heappush(self._queue, queued)

    @property
    def waiting(self) -> int:
        """Inputs that have not been sent."""
        return len(self._queue) + sum(len(inputs) for inputs in self._active.values())

    async def run(self, until: datetime) -> None:
        """Send everything, and make time pass until `until`."""
        await self.settle()
        self.now = self.now or (self._queue[0][0] if self._queue else until)
        while self.now < until:
            end_of_month = month_end(self.now, self.zone)
            self._horizon = min(await self._next(until) + self.stride, end_of_month, until)
            self._activate(self._horizon)
            while await self._round(self._horizon):
                await self.settle()
            await self._tick(self._horizon)
            await self.settle()
            if self._horizon == end_of_month:
                await self._tick(end_of_month + timedelta(seconds=1))  # the month has passed
                await self.settle()

    # ── time and inputs ──────────────────────────────────────────────────────────────────────

    async def _next(self, until: datetime) -> datetime:
        """When something happens next, or `until`."""
        inputs = [self._queue[0][0]] if self._queue else []
        return min([until, *inputs, *(await self._timers(until)).values()])

    def _activate(self, horizon: datetime) -> None:
        while self._queue and self._queue[0][0] < horizon:
            queued = heapq.heappop(self._queue)
            heapq.heappush(self._active.setdefault(queued[2].case, []), queued)

    async def _round(self, horizon: datetime) -> bool:
        """Take every case one step further, up to the horizon; whether there was any to take."""
        timers = await self._timers(horizon)
        ticks: dict[str, datetime] = {}
        inputs: list[TimedInput] = []
        for case in timers.keys() | self._active.keys():
            item, timer = self._head(case), timers.get(case)
            if timer is not None and (item is None or timer <= item.at):
                ticks[case] = min(timer + self.react_after, item.at if item else horizon)
            elif item is not None:
                heapq.heappop(self._active[case])
                inputs.append(item)
        if not inputs and ticks and ticks == self._last_ticks:
            raise NotQuiet(f"time passes, but the timers of {len(ticks)} cases do not run out")
        self._last_ticks = ticks
        self.rounds += 1
        await self._tick_cases(ticks)
        for first in range(0, len(inputs), INPUTS_AT_ONCE):
            sends = (self._send(item) for item in inputs[first : first + INPUTS_AT_ONCE])
            await asyncio.gather(*sends)
        return bool(ticks or inputs)

    def _head(self, case: str) -> TimedInput | None:
        """The case's next input; what was planned for a holding that has ended is dropped."""
        queue = self._active.get(case, [])
        while queue and queue[0][2].holding not in (None, self.accepted.holding(case)):
            heapq.heappop(queue)
        if not queue:
            self._active.pop(case, None)
            return None
        return queue[0][2]

    async def _tick_cases(self, ticks: dict[str, datetime]) -> None:
        assert self.now is not None
        cases = sorted(ticks.items())
        for first in range(0, len(cases), CASES_A_TICK):
            await self._put(clock_message(self.now, dict(cases[first : first + CASES_A_TICK])))

    async def _tick(self, now: datetime) -> None:
        self.now = now
        await self._put(clock_message(now))

    async def _put(self, tick: Message[ClockTick]) -> None:
        topic = self.settings.topic(topics.CLOCK.name)
        await self._producer.send_and_wait(topic, envelope.write(tick), key=b"clock")

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
        positions = {name: _positions(answer) for name, answer in services.items()}
        return await self._unread(positions)

    async def _unread(self, positions: dict[str, dict[TopicPartition, int]]) -> str:
        """Which service has not read which partition to its end, the whole log above all."""
        ends = await self._consumer.end_offsets(sorted(set().union(*positions.values())))
        for name, found in positions.items():
            if not self._positions.keys() <= found.keys():
                return f"{name} does not own every partition of the log"
            for partition, position in found.items():
                if position < ends[partition]:
                    return f"{name} is at {position} of {ends[partition]} in {partition}"
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
                if response.status_code != STARTING:
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


def _positions(answer: dict[str, Any]) -> dict[TopicPartition, int]:
    return {
        TopicPartition(topic, int(number)): position
        for topic, found in answer["positions"].items()
        for number, position in found.items()
    }
