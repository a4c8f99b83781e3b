"""Everything that is known of one case: its events, the rules that name things, and what time it is.

    broker (only the case's partition) ─┐
    exported log ───────────────────────┴─► Found(events, now, books)

The rule to remember: time is the record's own. Where the clock is the stream's, now is its last
tick; in an exported log, now is the log's last moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.reaching import reach
from schemas import envelope, ids
from schemas.envelope import Message, Unreadable
from schemas.inputs import ClockTick
from schemas.rulebook import Rulebook, Rulebooks
from schemas.topics import CASE_EVENTS, CLOCK, EVENT_TYPES, REFERENCE
from services.shell.consuming import read_to_end
from services.shell.reference import Collector
from services.shell.settings import Settings


@dataclass(frozen=True, slots=True)
class Found:
    events: list[Message[Any]]
    """In the log's order, copies and voids included; empty if there is no such case."""
    now: datetime
    books: Rulebooks

    @property
    def rules(self) -> Rulebook | None:
        """The version in force when the case's last event happened; None if none is known."""
        return in_force(self.books, self.events[-1].time if self.events else self.now)


def in_force(books: Rulebooks, moment: datetime) -> Rulebook | None:
    try:
        return books.at(moment)
    except LookupError:
        return None


def case_of(id: str) -> str:
    """A case id as it is, or that of the report ``SOURCE/REPORT_ID``."""
    source, slash, report = id.partition("/")
    return ids.case_id(source, report) if slash else id


# ── an exported log ──────────────────────────────────────────────────────────────────────────


def events_of(path: Path) -> Iterator[Message[Any]]:
    """All events of an exported log. Raises `Unreadable`, naming the line, if it is none."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield envelope.read(line, EVENT_TYPES)
            except Unreadable as error:
                raise Unreadable(f"{path}:{number}: {error}") from error


def from_file(path: Path, case: str, books: Rulebooks) -> Found:
    """Raises `Unreadable`, naming the line, if the file is no exported log."""
    found: list[Message[Any]] = []
    last = datetime.min.replace(tzinfo=UTC)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                event = envelope.parse(line)
                last = max(last, datetime.fromisoformat(str(event.get("time"))))
                if event.get("subject") == case:
                    found.append(envelope.read(line, EVENT_TYPES))
            except (Unreadable, ValueError, TypeError) as error:
                raise Unreadable(f"{path}:{number}: {error}") from error
    return Found(found, last, books)


# ── the broker ───────────────────────────────────────────────────────────────────────────────


async def from_broker(settings: Settings, case: str, books: Rulebooks | None = None) -> Found:
    """Reads the partition of the case; the rules too, where none are given. Raises `NoPlatform`."""
    await reach(settings)
    records = read_to_end(settings, settings.topic(CASE_EVENTS.name), key=case.encode())
    found = [event async for record in records for event in _of(case, record.value)]
    now = await present(settings)
    return Found(found, now, books or await published_rules(settings))


def _of(case: str, value: bytes | None) -> Iterator[Message[Any]]:
    """The event, if it is one of the case; what cannot be read is told on the dead letters."""
    if value is None or case.encode() not in value:
        return
    try:
        event = envelope.read(value, EVENT_TYPES)
    except Unreadable:
        return
    if event.subject == case:
        yield event


async def present(settings: Settings) -> datetime:
    """The last tick; where the clock is the wall's, the machine's time."""
    now: datetime | None = None
    async for record in read_to_end(settings, settings.topic(CLOCK.name)):
        try:
            tick = envelope.read(record.value, {ClockTick.TYPE: ClockTick}).data.now
        except Unreadable:
            continue
        now = max(tick, now or tick)
    return now or datetime.now(UTC)


async def published_rules(settings: Settings) -> Rulebooks:
    """Every version that the topic `reference` holds whole."""
    collector, books = Collector(), Rulebooks()
    async for record in read_to_end(settings, settings.topic(REFERENCE.name)):
        try:
            reference = collector.add((record.key or b"").decode(), record.value)
        except ValueError:
            continue  # of a newer program: names are then told by the versions that we know
        if reference is not None:
            books.add(reference)
    return books
