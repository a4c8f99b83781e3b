"""The time machine: the facts as they were known at a moment, folded from the log up to there.

    case.events, from its beginning ─► what was on the log by then ─► facts

The rule to remember: **known is when it was on the log**: under the wall clock the broker's own
timestamp, in stream time the time of the event.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from schemas.envelope import Reader, Unreadable
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS, EVENT_TYPES
from services.rating.domain import DECIDER
from services.rating.facts import State
from services.shell.consuming import read_to_end
from services.shell.desk import Desk
from services.shell.settings import Settings

PORTION = 200
Facts = list[tuple[str, State]]


class TooMany(Exception):  # noqa: N818 - it says what is the case
    """So many wait for the log to be read already that it is better to come again."""


class TimeMachine:
    def __init__(self, settings: Settings, *, most_waiting: int | None = None) -> None:
        self.settings = settings
        self._most_waiting = most_waiting
        self._waiting = 0
        self._reading = asyncio.Lock()
        self._kept: tuple[datetime, Facts] | None = None

    async def facts(self, as_of: datetime) -> Facts:
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

    async def _read(self, as_of: datetime) -> Facts:
        desks: dict[int, Desk[State]] = {}
        reader, number = Reader(EVENT_TYPES), 0
        async for record in read_to_end(self.settings, self.settings.topic(CASE_EVENTS.name)):
            number += 1
            if number % PORTION == 0:
                await asyncio.sleep(0)  # the step goes on beside
            desk = desks.setdefault(record.partition, Desk(DECIDER, Rulebooks(), record.partition))
            try:
                event = reader.read(record.value)
            except Unreadable:
                continue
            if self._known_at(record, event.time) <= as_of:
                desk.fold(record.offset, event)
        return sorted(
            (case, entry.state) for desk in desks.values() for case, entry in desk.entries.items()
        )

    def _known_at(self, record: Any, happened: datetime) -> datetime:
        if self.settings.clock == "stream":
            return happened
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
