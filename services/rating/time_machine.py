"""The time machine: the facts as they were known at a moment, folded from the log up to there.

    case.events, from its beginning ─► what was on the log by then ─► facts, on disk

The rule to remember: **known is when it was on the log**: under the wall clock the broker's own
timestamp, in stream time the time of the event.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from schemas.envelope import Reader, Unreadable
from schemas.topics import CASE_EVENTS, EVENT_TYPES
from services.rating.cabinet import Cabinet
from services.rating.refolding import Refolding
from services.shell.consuming import read_to_end
from services.shell.settings import Settings

PORTION = 200


class TooMany(Exception):  # noqa: N818 - it says what is the case
    """So many wait for the log to be read already that it is better to come again."""


class TimeMachine:
    def __init__(self, settings: Settings, *, most_waiting: int | None = None) -> None:
        self.settings = settings
        self._most_waiting = most_waiting
        self._waiting = 0
        self._reading = asyncio.Lock()
        self._kept: tuple[datetime, Cabinet] | None = None

    async def facts(self, as_of: datetime) -> Cabinet:
        """All cases as they were known then. Reads the whole log: a million events take a minute, so
        one reader at a time, and the last moment that was asked for is kept. Raises `TooMany`."""
        if self._most_waiting is not None and self._waiting >= self._most_waiting:
            raise TooMany("many are looking back already: try again in a minute")
        self._waiting += 1
        try:
            async with self._reading:
                if self._kept is None or self._kept[0] != as_of:
                    self._kept = as_of, await self._read(as_of)
                return self._kept[1]
        finally:
            self._waiting -= 1

    async def _read(self, as_of: datetime) -> Cabinet:
        reader, refolding, number = Reader(EVENT_TYPES), Refolding(), 0
        async for record in read_to_end(self.settings, self.settings.topic(CASE_EVENTS.name)):
            number += 1
            if number % PORTION == 0:
                await asyncio.sleep(0)  # the step goes on beside
            try:
                event = reader.read(record.value)
            except Unreadable:
                continue
            if self._known_at(record, event.time) <= as_of:
                refolding.fold(record.partition, record.offset, event)
        return refolding.facts()

    def _known_at(self, record: Any, happened: datetime) -> datetime:
        if self.settings.clock == "stream":
            return happened
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
