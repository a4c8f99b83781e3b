"""The reference feed: follows the compacted topic `reference` and keeps the rulebooks of all
versions. It also learns that the log was made, which `gridcase topics create` writes there."""

from __future__ import annotations

import asyncio
import logging

from schemas.rulebook import Rulebooks
from schemas.topics import REFERENCE
from services.shell.consuming import follow
from services.shell.incarnation import INCARNATION_KEY
from services.shell.reference import Collector
from services.shell.settings import Settings

logger = logging.getLogger(__name__)


class ReferenceFeed:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rulebooks = Rulebooks()
        self.log_is_made = False
        self._collector = Collector()
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Follow the topic until cancelled."""
        async for record in follow(self.settings, self.settings.topic(REFERENCE.name)):
            self._read(record.key.decode() if record.key else "", record.value)

    async def ready(self) -> None:
        """Wait until there is a version of the rules, and the log is known."""
        while not (self.rulebooks.versions() and self.log_is_made):
            try:
                await asyncio.wait_for(self._arrived.wait(), timeout=15)
            except TimeoutError:
                logger.warning(
                    "waiting for reference data: run `gridcase topics create`, then "
                    "`gridcase reference publish DIR`"
                )
            self._arrived.clear()

    def _read(self, key: str, value: bytes | None) -> None:
        if key == INCARNATION_KEY:
            self.log_is_made = value is not None
        elif (reference := self._collector.add(key, value)) is not None:
            self.rulebooks.add(reference)
            logger.info("reference data: version %s", reference.manifest.version)
        self._arrived.set()
