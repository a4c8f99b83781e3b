"""Feeding a view from the broker: the log's accepted events, and the ticks of stream time.

    case.events ─► Accepted ─► view.on_event        clock ─► view.on_tick

The rule to remember: the log is always read from its beginning, since whether an event counts
follows from all that came before it.
"""

from __future__ import annotations

import asyncio

from lab.accepted import Accepted
from lab.watch.view import MonthView
from schemas import envelope
from schemas.envelope import Unreadable
from schemas.inputs import ClockTick
from schemas.topics import CASE_EVENTS, CLOCK, EVENT_TYPES
from services.shell.consuming import follow, partitions_of, reader
from services.shell.settings import Settings


class Watcher:
    """Runs until it is cancelled."""

    def __init__(self, settings: Settings, view: MonthView) -> None:
        self.settings = settings
        self.view = view
        self.accepted = Accepted()
        self._log = settings.topic(CASE_EVENTS.name)
        self._past: dict[int, int] = {}
        """Where the past ends, in each partition that has not been read so far."""
        self._caught_up = asyncio.Event()

    async def caught_up(self) -> None:
        """Wait until all is read that was on the log when the watcher began."""
        await self._caught_up.wait()

    async def follow_events(self) -> None:
        self._past = await self._ends()
        if not self._past:
            self._caught_up.set()
        async for record in follow(self.settings, self._log):
            self._take(record.value)
            self._read_to(record.partition, record.offset + 1)
            if record.offset % 100 == 0:
                await asyncio.sleep(0)  # a long past must not keep the view from drawing

    async def follow_clock(self) -> None:
        """Where the clock is the wall's there are no ticks."""
        async for record in follow(self.settings, self.settings.topic(CLOCK.name)):
            try:
                tick = envelope.read(record.value, {ClockTick.TYPE: ClockTick})
            except Unreadable:
                continue
            self.view.on_tick(tick.data.now)

    def _take(self, value: bytes | None) -> None:
        """What cannot be read is told on the dead letters."""
        try:
            event = envelope.read(value, EVENT_TYPES)
        except Unreadable:
            return
        if self.accepted.admits(event):
            self.view.on_event(event)

    def _read_to(self, partition: int, position: int) -> None:
        if position >= self._past.get(partition, position + 1):
            del self._past[partition]
        if not self._past:
            self._caught_up.set()

    async def _ends(self) -> dict[int, int]:
        async with reader(self.settings) as consumer:
            partitions = await partitions_of(consumer, self._log)
            first = await consumer.beginning_offsets(partitions)
            last = await consumer.end_offsets(partitions)
        return {p.partition: last[p] for p in partitions if last[p] > first[p]}
