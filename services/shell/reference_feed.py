"""The reference feed: follows the compacted topic `reference` and keeps the rulebooks of all
versions. It also learns that the log was made, which `gridcase topics create` writes there."""

from __future__ import annotations

import asyncio
import logging

from schemas.rulebook import Rulebooks
from schemas.topics import REFERENCE
from services.shell.consuming import follow
from services.shell.incarnation import INCARNATION_KEY, read
from services.shell.reference import Collector, UnreadableRecord
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
            self.take(record.key, record.value)

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

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """One record. What cannot be read is passed over, and said: the topic is compacted, so that
        a service which ended on it would end for ever. Raises ValueError for a whole version that
        this program does not understand: to go on by older rules would be worse."""
        try:
            self._read((key or b"").decode(), value)
        except (UnicodeDecodeError, UnreadableRecord) as error:
            logger.error(
                "reference: a record was passed over: %s; `gridcase reference publish` again", error
            )
        self._arrived.set()

    def _read(self, key: str, value: bytes | None) -> None:
        if key == INCARNATION_KEY:
            self.log_is_made = _is_an_incarnation(value)
        elif (reference := self._collector.add(key, value)) is not None:
            self.rulebooks.add(reference)
            logger.info("reference data: version %s", reference.manifest.version)


def _is_an_incarnation(value: bytes | None) -> bool:
    try:
        return value is not None and bool(read(value).id)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableRecord(f"the log's incarnation is none: {error!r}") from None
