"""The demo month on a platform of its own, undisturbed or under fire, and what is left of it.

    stories ─► play ─► Month: stored documents, scorecards, all that outsiders were told

The platform is stopped when the month is over, so that all documents are stored.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from lab.demo.month import LogFile, Played, play
from lab.demo.stories import Story, read_stories
from lab.supervisor import Options, Platform
from schemas import envelope, topics
from schemas.inputs import Report
from schemas.reference import Level, Reference
from schemas.rulebook import Rulebook
from schemas.topics import SERVICES
from services.intake.place import Place, resolve
from services.shell.consuming import partitions_of, reader
from services.shell.incarnation import log_of
from services.shell.reference import read_folder
from services.shell.settings import Settings
from services.shell.snapshots import Document, Snapshots, connect

HANYIN = Path(__file__).parents[2] / "deploy" / "hanyin"
STORIES = int(os.environ.get("GRIDCASE_KILL_STORIES", "40"))


def hanyin() -> Reference:
    """The county without the committees of villages where nothing happens: each department has two
    topics, and a hundred more of them prove nothing."""
    rules = Rulebook(read_folder(HANYIN))
    concerned = {area.code for place in _places(rules) for area in rules.path(place)}
    units = rules.reference.departments
    kept = tuple(u for u in units if u.level is not Level.VILLAGE or u.area in concerned)
    return rules.reference.model_copy(update={"departments": kept})


def _places(rules: Rulebook) -> Iterator[str]:
    """Where the reports say that it is, and where it really is."""
    for report, story in some_stories():
        place = resolve(rules, report.location)
        if isinstance(place, Place):
            yield place.area
        if story.grid:
            yield story.grid


def some_stories() -> list[tuple[Report, Story]]:
    """So many, from the whole month, that July is over and judged at the end."""
    stories = read_stories()
    step = max(len(stories) // STORIES, 1)
    return stories[::step][:STORIES]


Told = dict[str, Any]


@dataclass(slots=True)
class Month:
    settings: Settings
    played: Played
    seconds: float
    events: int
    kills: Counter[str]
    restarts: int

    async def states(self, service: str) -> dict[str, Document]:
        """Each case's stored state."""
        stored = await snapshots_of(self.settings, service)
        return {d["_id"]: d["state"] async for d in stored.documents()}

    async def told(self) -> dict[tuple[str, str], list[Told]]:
        """All that outsiders were told, by topic and id: each time that it was said."""
        said: dict[tuple[str, str], list[Told]] = {}
        async for record in read_all(self.settings, outside_topics()):
            word = envelope.parse(record.value)
            topic = self.settings.bare_topic(record.topic)
            said.setdefault((topic, word["id"]), []).append(word)
        return said

    async def log(self) -> AsyncIterator[Told]:
        """Every record of the log."""
        async for record in read_all(self.settings, [topics.CASE_EVENTS.name]):
            yield envelope.parse(record.value)

    async def scorecards(self) -> dict[str, Told]:
        """The last word of each key."""
        records = read_all(self.settings, [topics.SCORECARDS.name])
        return {r.key.decode(): envelope.parse(r.value)["data"] async for r in records}


async def read_all(settings: Settings, names: Iterable[str]) -> AsyncIterator[Any]:
    """All records of several topics up to their present ends, with one consumer."""
    async with reader(settings) as consumer:
        whole = [p for name in names for p in await partitions_of(consumer, settings.topic(name))]
        ends = {p: end for p, end in (await consumer.end_offsets(whole)).items() if end}
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        while ends:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    yield record
                if records[-1].offset + 1 >= ends[partition]:
                    consumer.pause(partition)
                    del ends[partition]


async def snapshots_of(settings: Settings, service: str) -> Snapshots[Any]:
    decider = import_module(f"services.{service}.domain").DECIDER
    database = connect(settings.mongo, settings.database)
    return Snapshots(database, decider, (await log_of(settings)).copy)


class Nemesis:
    """Kills services at moments that a seed chooses: when so many events have come to pass, and a
    little later, while their answers are on the way."""

    def __init__(self, platform: Platform, moments: list[int], chance: Random) -> None:
        self.platform = platform
        self.moments = moments
        self.chance = chance
        self.kills: Counter[str] = Counter()
        self.events = 0
        self._more = asyncio.Event()

    def on_event(self, _event: Any) -> None:
        self.events += 1
        self._more.set()

    async def run(self) -> None:
        for moment in sorted(self.moments):
            while self.events < moment:
                self._more.clear()
                await self._more.wait()
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            await self._kill(self.chance.choice(SERVICES))

    async def _kill(self, name: str) -> None:
        """A service that is dead already is killed as soon as it is back."""
        while True:
            with suppress(ProcessLookupError):
                self.platform.kill(name)
                self.kills[name] += 1
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _beside(work: Any) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()


async def live(options: Options, *, moments: list[int] | None = None, seed: int = 0) -> Month:
    """Play the month; at each of `moments` (numbers of events) somebody is killed."""
    started = monotonic()
    async with Platform(options) as platform:
        nemesis = Nemesis(platform, moments or [], Random(seed))
        async with _beside(nemesis.run()) as killing:
            played = await play(
                platform.settings,
                platform.http,
                Rulebook(options.reference),
                LogFile(BytesIO(), mock=platform.kind == "mock"),
                stories=some_stories(),
                on_event=nemesis.on_event,
            )
            assert not moments or killing.done(), "the month was over before the last kill"
    seconds = monotonic() - started
    return Month(
        platform.settings, played, seconds, nemesis.events, nemesis.kills, platform.restarts
    )


def outside_topics() -> list[str]:
    codes = [department.code for department in hanyin().departments]
    return [topics.REPORTS_ANSWERED.name, *(topics.ASSIGNMENTS.of(code) for code in codes)]
