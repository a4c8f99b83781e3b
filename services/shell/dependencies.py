"""What a service cannot do without: whether it is there, since when not, and why.

    every two seconds: broker, database, rules ─► gridcase_dependency_up{service, dependency}
                                               └► /readyz: 503, what is away, since when, and why

The rule to remember: **it only looks.** Who waits for the database waits by his own rests; nothing is
held back because a gauge says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.shell import metrics
from services.shell.backoff import Backoff

logger = logging.getLogger(__name__)
SECONDS = 2.0
"""Between two looks at what is there."""
PATIENCE = 3.0
"""Seconds within which it must answer."""
Probe = Callable[[], Awaitable[None]]
"""Raises where it is away."""


@dataclass(frozen=True, slots=True)
class Away:
    dependency: str
    since: datetime
    why: str


class Dependencies:
    def __init__(self, service: str, instance: str, probes: Mapping[str, Probe]) -> None:
        self.service = service
        self.probes = probes
        self.backoff = Backoff(instance, SECONDS)
        self._away: dict[str, Away] = {}
        for name in probes:
            metrics.DEPENDENCY_UP.labels(service, name).set(1)

    @property
    def away(self) -> list[Away]:
        return list(self._away.values())

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            if self._away:
                await asyncio.sleep(self.backoff.failed())
            else:
                self.backoff.worked()
                await asyncio.sleep(SECONDS)

    async def look(self) -> None:
        await asyncio.gather(*(self._look_at(name, probe) for name, probe in self.probes.items()))

    async def _look_at(self, name: str, probe: Probe) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await probe()
        except Exception as error:
            self._is_away(name, _words(error))
        else:
            self._is_there(name)

    def _is_away(self, name: str, why: str) -> None:
        before = self._away.get(name)
        if before is None:
            logger.warning("%s is away: %s", name, why)
        since = before.since if before else datetime.now(UTC)
        self._away[name] = Away(name, since, why)
        metrics.DEPENDENCY_UP.labels(self.service, name).set(0)

    def _is_there(self, name: str) -> None:
        if self._away.pop(name, None):
            logger.info("%s is back", name)
        metrics.DEPENDENCY_UP.labels(self.service, name).set(1)


def _words(error: Exception) -> str:
    """The first line: drivers add pages. A time-out has none."""
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE:.0f} s"
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
