"""What officers said becomes training rows: the log's events come in, labelled texts go out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab.training.rows import Labelled
from schemas import envelope
from schemas.envelope import Unreadable
from schemas.events import Confirmed, Corrected, Opened
from schemas.topics import EVENT_TYPES
from services.intake.classifier import Words


@dataclass(slots=True)
class _Case:
    opened: Opened | None = None
    label: str | None = None
    seen: set[str] = field(default_factory=set)


def answers_in(lines: Iterable[bytes], *, only_asked: bool = False) -> list[Labelled]:
    """One row for each case whose category an officer settled, by the last word on it. Lines that
    are no events are passed over."""
    cases: dict[str, _Case] = {}
    for line in lines:
        try:
            event = envelope.read(line, EVENT_TYPES)
        except Unreadable:
            continue
        case = cases.setdefault(event.subject, _Case())
        if event.id in case.seen:
            continue
        case.seen.add(event.id)
        match event.data:
            case Opened() as opened:
                case.opened = opened
            case Confirmed(category=str(label)) | Corrected(category=str(label)):
                case.label = label
    return [
        Labelled(Words(detail=spoken(case.opened)), case.label)
        for case in cases.values()
        if case.opened and case.label and spoken(case.opened).strip()
        if not only_asked or case.opened.category_by == "unsure"
    ]


def spoken(opened: Opened) -> str:
    """All words of a report, as the classifier reads them."""
    return "\n".join([opened.text, *(a.transcript for a in opened.attachments if a.transcript)])


def from_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def from_broker() -> list[bytes]:
    from schemas.topics import CASE_EVENTS
    from services.shell.consuming import read_to_end
    from services.shell.endpoints import settings_at

    settings = settings_at()

    async def read() -> list[bytes]:
        records = read_to_end(settings, settings.topic(CASE_EVENTS.name))
        return [record.value or b"" async for record in records]

    return asyncio.run(read())
