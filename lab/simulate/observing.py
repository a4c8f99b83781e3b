"""One fold over a log: the facts of every case, as rating keeps them, and a few words more.

    log.jsonl ─► Accepted (copies and voids left out) ─► rating's own fold ─► Observed

The rule to remember: **the log is read once**, whatever is asked of it afterwards; and facts are
folded by the service's own function, so the lab and the league table mean the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.accepted import Accepted
from schemas import envelope
from schemas.envelope import Message, Unreadable
from schemas.events import Assigned, Opened, Returned, Signed, TriageRequested
from schemas.inputs import Channel
from schemas.topics import EVENT_TYPES
from services.rating.facts import State
from services.rating.folding import evolve


class LogError(ValueError):
    """A file is no log; the text names the line and what to do."""


@dataclass(slots=True)
class Observed:
    """What a log tells. `end` is the time of its last event: what was open then is open."""

    cases: dict[str, State] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    """Holdings that were signed for by themselves."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why a holding was returned, by holding."""
    waits: list[tuple[datetime, datetime, str | None, str]] = field(default_factory=list)
    """Of triage: asked, answered, the category and the department chosen."""
    asked: dict[str, datetime] = field(default_factory=dict)
    end: datetime | None = None
    events: int = 0
    digest: str = ""

    def take(self, event: Message[Any]) -> None:
        """Fold one event that counts."""
        case = event.subject
        self.events += 1
        self.end = max(self.end or event.time, event.time)
        match event.data:
            case Opened() as opened:
                self.channels[case] = opened.channel
            case TriageRequested():
                self.asked[case] = event.time
            case Assigned() as assigned if case in self.asked:
                asked = self.asked.pop(case)
                self.waits.append((asked, event.time, assigned.category, assigned.lead))
            case Signed() as signed:
                self.signed.add(signed.holding)
            case Returned() as returned:
                self.reasons[returned.holding] = returned.reason or ""
        state = self.cases.get(case)
        self.cases[case] = evolve(State() if state is None else state, event)


def observe(events: Iterable[Message[Any]]) -> Observed:
    """What the events tell, in the order of the log; copies and void ones are left out."""
    found, accepted = Observed(), Accepted()
    for event in events:
        if accepted.admits(event):
            found.take(event)
    for case, state in found.cases.items():
        found.cases[case] = replace(state, standing=accepted.standings[case])
    return found


def observe_log(path: Path) -> Observed:
    """`observe` of a file of one event a line. Raises `LogError` for a line that is none."""
    digest = hashlib.sha256()
    found = observe(_events(path, digest))
    found.digest = digest.hexdigest()
    return found


def _events(path: Path, digest: Any) -> Iterator[Message[Any]]:
    reader = envelope.Reader(EVENT_TYPES)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                digest.update(line)
                try:
                    yield reader.read(line)
                except Unreadable as error:
                    raise LogError(
                        f"{path}: line {number}: {error}; `gridcase log export` and `gridcase "
                        "import --log` write logs"
                    ) from error
    except OSError as error:
        raise LogError(f"{path}: {error}") from error
