"""Ticking: what time it is for timers, by whichever clock the settings name.

wall     the machine's, once this service has read everything and a grace has passed
stream   what the driver says on the topic `clock`, for all cases or for some of them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from schemas.inputs import ClockTick
from services.shell.desk import Desk
from services.shell.publishing import partition_of
from services.shell.settings import Settings

PASSED_AFTER = timedelta(minutes=1)
"""Under the wall clock, how long what time brings about may take to come back from the log."""


class Ticking:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ticked: datetime | None = None
        """Up to when timers have been made causes."""
        self.position = 0
        """The next record of the topic `clock` whose timers are to be made causes."""
        self._stream: datetime | None = None
        self._stream_before: datetime | None = None
        self._came: list[tuple[int, ClockTick | None]] = []
        self._ahead: dict[str, datetime] = {}
        """Cases whose own time has come further than that of all."""
        self._caught_up_at: float | None = None

    @property
    def passed(self) -> datetime | None:
        """Up to when all that time brought about is folded. In stream time that is the tick before
        the last, since a driver waits for quiet between two; else some time ago."""
        if self.settings.clock == "stream":
            return self._stream_before if self.ticked == self._stream else None
        return self.ticked - PASSED_AFTER if self.ticked else None

    def came(self, offset: int, tick: ClockTick | None) -> None:
        """A record of the topic `clock`: the next turn goes by it (None: it could not be read)."""
        self._came.append((offset, tick))

    def turn(
        self,
        desks: Mapping[int, Desk[Any]],
        live: list[Desk[Any]],
        partitions: int,
        caught_up: Callable[[], bool],
    ) -> None:
        """Take what came from the clock, and tell the desks what time it is."""
        came, self._came = self._came, []
        for offset, tick in came:
            if tick is not None:
                self._take(tick, desks, partitions)
            self.position = offset + 1
        now = self.now(caught_up)
        if now is not None:
            for desk in live:
                desk.tick(now)
        self.ticked = now

    def now(self, caught_up: Callable[[], bool]) -> datetime | None:
        """What time it is for timers; None while they have to wait."""
        if self.settings.clock == "stream":
            return self._stream
        if not caught_up():
            self._caught_up_at = None
            return None
        self._caught_up_at = self._caught_up_at or monotonic()
        if monotonic() - self._caught_up_at < self.settings.timer_grace_seconds:
            return None
        return datetime.now(UTC)

    def tell(self, desk: Desk[Any], partitions: int) -> None:
        """What a desk that was taken just now missed of its cases' own time."""
        for case, at in self._ahead.items():
            if partition_of(case, partitions) == desk.partition:
                desk.tick_case(case, at)

    def _take(self, tick: ClockTick, desks: Mapping[int, Desk[Any]], partitions: int) -> None:
        if self._stream is None or tick.now > self._stream:
            self._stream_before, self._stream = self._stream, tick.now
            self._ahead = {case: at for case, at in self._ahead.items() if at > tick.now}
        for case, at in tick.cases.items():
            self._ahead[case] = at
            if (desk := desks.get(partition_of(case, partitions))) is not None:
                desk.tick_case(case, at)
