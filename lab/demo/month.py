"""The demo month, played: reports and parties against a running platform, the log kept as it grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from lab import inputs
from lab.demo.disputes import END, Mediators
from lab.demo.parties import REACTS_AFTER, DemoParties, Together
from lab.demo.stories import Story, read_stories
from lab.driver import Driver
from schemas import events
from schemas.envelope import Message
from schemas.inputs import Report
from schemas.rulebook import Rulebook
from services.shell.settings import Settings

SETTLED_AFTER = timedelta(days=19)
"""How long after the month the last matters are resolved, rated and closed by silence."""
MOCK_LIMIT = 4_000_000
"""Bytes a partition of the mock cluster may hold; near 5 MB it drops records without a word."""


class MockIsFull(Exception):  # noqa: N818 - it names the state of the broker
    """The mock cluster is about to lose records."""


@dataclass(slots=True)
class LogFile:
    """Keeps every record of the log in a file as the month goes on."""

    file: BinaryIO
    mock: bool
    sizes: dict[int, int] = field(default_factory=dict)

    def keep(self, record: Any) -> None:
        """Write one record down. Raises `MockIsFull` before the mock cluster drops any."""
        self.file.write(record.value + b"\n")
        size = self.sizes[record.partition] = (
            self.sizes.get(record.partition, 0) + len(record.value) + 200
        )
        if self.mock and size > MOCK_LIMIT:
            raise MockIsFull(
                f"partition {record.partition} of the log has {size:,} bytes, and the mock cluster "
                "drops records at 5 MB: play fewer stories, or use a real Kafka"
            )


@dataclass(slots=True)
class Slowest:
    """Finds the case that climbed highest, and of those the one that took longest."""

    opened: dict[str, datetime] = field(default_factory=dict)
    climbs: Counter[str] = field(default_factory=Counter)
    worst: tuple[int, timedelta, str] = (0, timedelta(0), "")

    def on_event(self, event: Message[Any]) -> None:
        subject = event.subject
        match event.data:
            case events.Opened():
                self.opened[subject] = event.time
            case events.Escalated() | events.Supervised():
                self.climbs[subject] += 1
            case events.Resolved():
                took = event.time - self.opened[subject]
                self.worst = max(self.worst, (self.climbs[subject], took, subject))

    @property
    def case(self) -> str:
        return self.worst[2]


@dataclass(slots=True)
class Played:
    """What came of the month."""

    cases: int
    open: int
    rounds: int
    copies: int
    voids: int


def month(stories: list[tuple[Report, Story]], rules: Rulebook) -> tuple[datetime, datetime]:
    """From the first report to when the last matter is settled."""
    zone = ZoneInfo(rules.calendar().timezone)
    last = stories[-1][0].submitted_at.astimezone(zone)
    return stories[0][0].submitted_at, last.replace(hour=0, minute=0) + SETTLED_AFTER


async def play(
    settings: Settings,
    http: dict[str, str],
    rules: Rulebook,
    log: LogFile,
    *,
    stories: list[tuple[Report, Story]] | None = None,
    mediators: Mediators | None = None,
    on_event: Callable[[Message[Any]], None] = lambda _event: None,
) -> Played:
    """Play the stories (all of them by default) until every matter is settled; with `mediators`,
    their disputes of January to August as well."""
    stories = stories or read_stories()
    parties = DemoParties(stories, rules)
    driver = Driver(
        settings,
        http,
        Together(parties, mediators) if mediators else parties,
        on_event=on_event,
        on_record=log.keep,
        react_after=REACTS_AFTER,
        stride=timedelta(days=2),
        zone=ZoneInfo(rules.calendar().timezone),
    )
    async with driver:
        driver.add(inputs.report(report) for report, _ in stories)
        driver.add(mediators.reports() if mediators else ())
        end = END if mediators else month(stories, rules)[1]
        await driver.run(end)
        await driver.run(end + timedelta(days=1))  # what has passed is the tick before the last
    standings = driver.accepted.standings.values()
    return Played(
        cases=len(standings),
        open=sum(standing.status not in ("closed", "withdrawn") for standing in standings),
        rounds=driver.rounds,
        copies=driver.accepted.copies,
        voids=driver.accepted.voids,
    )
