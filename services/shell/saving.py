"""Saving: snapshots of the cases that changed, then the offsets that these cover.

    work(desks) ─► Work(offsets, changed, folded) ─► save(work): documents, then up to where the log
                                                     is in them, then the commit

Offsets are committed only after the snapshots that cover them, and only below the lowest cause that
is still unanswered. A database that is away only delays both: the messages go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo.errors import PyMongoError

from services.decider import S
from services.shell import metrics
from services.shell.backoff import Backoff
from services.shell.consuming import commit
from services.shell.desk import Desk, Entry
from services.shell.snapshots import Snapshots

logger = logging.getLogger(__name__)
PORTIONS = range(25, 501)
"""Documents that are written at a stretch: few where there are few, so that messages hardly notice;
many where there are many, since each write has its price."""
STRETCH = 10
"""Documents that are made at a stretch, some 100 µs each: messages wait no longer than that."""
REST = 2
"""Where there are few, the next portion waits so many times as long as one took."""
SAVING_SHARE = 4
"""Saving takes at most a fifth of the time: under load a case is then written once for several of
its events."""
LONGEST_PAUSE = 10.0
"""Seconds between two saves; what was read since is read again after a crash."""


async def regularly(
    save: Callable[[], Awaitable[None]], seconds: float, rest: Callable[[], float]
) -> None:
    """Save again and again, for ever; `rest` is how long to wait at least after what just was."""
    pause = seconds
    while True:
        await asyncio.sleep(pause)
        began = monotonic()
        await save()
        busy = (monotonic() - began) * SAVING_SHARE
        pause = min(max(seconds, busy, rest()), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Work:
    """What one save has to do."""

    offsets: dict[TopicPartition, int]
    changed: list[tuple[int, Entry[Any]]]
    """By partition, each case as it stood when the work was made."""
    folded: dict[int, int]
    """By partition, up to where the log is in the cases."""
    said: Awaitable[Any] | None = None
    """The broker's word on all that was said of it: nothing is kept before."""


class Saver(Generic[S]):
    def __init__(
        self,
        service: str,
        snapshots: Snapshots[S],
        topics: Mapping[str, str],
        instance: str = "",
    ) -> None:
        self.snapshots = snapshots
        self.topics = topics
        """The topic of each lane that this service has."""
        self._committed: dict[TopicPartition, int] = {}
        self._folded: dict[int, int] = {}
        """What is written down of that in the database."""
        self.alone = asyncio.Lock()
        """Held from `work` to the end of `save`: what one save took and could not write, the next
        must find changed again, before it says up to where all is written."""
        self._backoff = Backoff(instance)
        self._failed = False
        self._saved_at = monotonic()
        metrics.SNAPSHOT_AGE.labels(service).set_function(lambda: monotonic() - self._saved_at)

    def work(
        self,
        desks: Mapping[int, Desk[S]],
        folding: Container[int],
        said: Awaitable[Any] | None = None,
    ) -> Work:
        """Everything that changed, and what of the desks that are live may be committed."""
        offsets = {
            TopicPartition(self.topics[lane], number): offset
            for number, desk in desks.items()
            if number not in folding
            for lane, offset in desk.committable().items()
            if lane in self.topics
        }
        return Work(
            {tp: offset for tp, offset in offsets.items() if self._committed.get(tp) != offset},
            self._changed(desks),
            {number: desk.folded for number, desk in desks.items()},
            said,
        )

    async def save(
        self, work: Work, desks: Mapping[int, Desk[S]], consumer: AIOKafkaConsumer
    ) -> None:
        """Under `alone`. A database that is away, or being told to stop, leaves it to the next."""
        try:
            if work.said is not None:
                await work.said
            await self._write(work.changed, desks)
            await self._keep_folded(work.folded)
        except PyMongoError as error:
            logger.warning("snapshots wait: %s", error)
            self._failed = True
            self._keep_dirty(work.changed, desks)
            return
        except asyncio.CancelledError:
            self._keep_dirty(work.changed, desks)
            raise
        if await commit(consumer, work.offsets):
            self._committed |= work.offsets
        self._failed = False
        self._saved_at = monotonic()

    def rest(self) -> float:
        """Seconds that a database which is away is left alone."""
        if self._failed:
            return self._backoff.failed()
        self._backoff.worked()
        return 0.0

    def forget(self) -> None:
        """The partitions are another's now."""
        self._committed.clear()
        self._folded.clear()

    def _changed(self, desks: Mapping[int, Desk[S]]) -> list[tuple[int, Entry[S]]]:
        return [
            (number, entry.as_it_stands())
            for number, desk in desks.items()
            for entry in desk.take_dirty().values()
            if entry.offset >= 0
        ]

    async def _write(
        self, changed: list[tuple[int, Entry[S]]], desks: Mapping[int, Desk[S]]
    ) -> None:
        """In portions: many documents at once would hold up the messages, and fill the memory. The
        desks hear of what is written: it may leave the memory."""
        size = min(max(len(changed) // 10, PORTIONS[0]), PORTIONS[-1])
        for first in range(0, len(changed), size):
            began = monotonic()
            portion = changed[first : first + size]
            documents = []
            for done, (number, entry) in enumerate(portion, 1):
                documents.append(self.snapshots.document(number, entry))
                if done % STRETCH == 0:
                    await asyncio.sleep(0)
            await self.snapshots.write(documents)
            for number, entry in portion:
                if (desk := desks.get(number)) is not None:
                    desk.cases.confirm(entry.id, entry.offset)
            if size < PORTIONS[-1]:
                await asyncio.sleep((monotonic() - began) * REST)

    async def _keep_folded(self, folded: dict[int, int]) -> None:
        """After the documents, before the commit: neither then says more than is stored."""
        news = {number: at for number, at in folded.items() if self._folded.get(number) != at}
        await self.snapshots.keep_folded(news)
        self._folded |= news

    def _keep_dirty(
        self, changed: list[tuple[int, Entry[S]]], desks: Mapping[int, Desk[S]]
    ) -> None:
        for number, entry in changed:
            desk = desks.get(number)
            if desk and entry.id in desk.entries:
                desk.dirty.setdefault(entry.id, desk.entries[entry.id])
