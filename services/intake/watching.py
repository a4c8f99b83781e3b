"""What intake does beside its step: it follows the log of the whole county.

The follower feeds the index of open cases (`services.intake.nearby`) and looks for surges
(`services.intake.surges`). The instance that owns partition 0 tells of surges; a message that is
told again after a restart has the same id.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

from schemas import envelope, events, topics
from schemas.envelope import Message, Unreadable
from schemas.outputs import HotspotDetected
from services.intake.doors import SOURCE
from services.intake.nearby import SEEN_BY_INDEX, Nearby
from services.intake.surges import Surges
from services.shell import metrics
from services.shell.consuming import follow
from services.shell.desk import LOG
from services.shell.runtime import Runtime

FORGET_EVERY = 10_000
"""Events between two clearings of the index."""
LONGEST = timedelta(days=60)
"""No window of duplicates is longer; what is older is forgotten."""


TYPE = re.compile(rb'"type":"([^"]+)"')
SEEN = frozenset(event.TYPE.encode() for event in (*SEEN_BY_INDEX, events.Opened))


class Watching:
    """One instance's view of the county's open cases."""

    def __init__(self, runtime: Runtime[Any], nearby: Nearby) -> None:
        self.runtime = runtime
        self.nearby = nearby
        self.surges = Surges()
        self.positions: dict[int, int] = {}
        """The next record of each partition."""
        self._count = 0

    def behind(self) -> bool:
        """Whether the step has read more of its partitions: those who wait for quiet wait for the
        index as well, so that in stream time it knows every case of the rounds before."""
        return any(
            desk.positions[LOG] > self.positions.get(number, 0)
            for number, desk in self.runtime.step.desks.items()
        )

    async def follow_log(self) -> None:
        """Follow the log from its beginning, for ever. What this instance's own doors admit they
        tell the index themselves, so the rest may come in lots; in stream time others wait."""
        settings = self.runtime.settings
        log = settings.topic(topics.CASE_EVENTS.name)
        async for record in follow(settings, log, unhurried=settings.clock == "wall"):
            if self._matters(record.value):
                with suppress(Unreadable):  # the step sets it aside
                    await self._see(envelope.read(record.value, topics.EVENT_TYPES))
            self.positions[record.partition] = record.offset + 1

    def _matters(self, value: bytes | None) -> bool:
        """Whether it is worth reading: most events change nothing here, and most rules that look
        for neither duplicates nor surges want nothing of it."""
        books = self.runtime.feed.rulebooks
        found = (books.get(version) for version in books.versions())
        if not any(b and (b.settings.duplicates or b.settings.hotspots) for b in found):
            return False
        named = TYPE.search(value or b"")
        return named is not None and named[1] in SEEN

    async def _see(self, event: Message[Any]) -> None:
        rules = self.runtime.feed.rulebooks.at(event.time)
        if rules.settings.duplicates is not None:
            self.nearby.see(event, rules)
            self._count += 1
            if self._count % FORGET_EVERY == 0:
                self.nearby.forget_before(event.time - LONGEST)
        found = self.surges.see(event, rules)
        if found is not None and 0 in self.runtime.step.desks:
            await self._tell(*found, event)

    async def _tell(self, identity: str, surge: HotspotDetected, event: Message[Any]) -> None:
        metrics.HOTSPOTS.labels(surge.category).inc()
        key = f"{surge.area}/{surge.category}"
        told = Message(identity, SOURCE, key, surge.until, surge, causationid=event.id)
        await self.runtime.producer.send_and_wait(
            self.runtime.settings.topic(topics.HOTSPOTS.name),
            envelope.write(told),
            key=key.encode(),
            headers=envelope.HEADERS,
        )
