"""A held case, event by event, with real ids: for stories about telling it."""

from __future__ import annotations

from typing import Any

from schemas import events, ids
from schemas.envelope import Message
from schemas.reference import DeadlineKind
from schemas.rulebook import Rulebook
from tests.county import small_county
from tests.story import START, message, moment
from tests.unit.router_words import assigned, opened, said

RULES = Rulebook(small_county())


def event(name: str, data: events.CaseEvent, hours: float = 0, because: str | None = None) -> Any:
    """An event whose id follows from `name`, some hours after Monday 09:00 in Shanghai."""
    parent = ids.derive(because) if because else None
    return message(data, id=ids.derive(name), at=moment(hours), because=parent)


def deadline(kind: DeadlineKind = DeadlineKind.RESOLVE, **changes: Any) -> events.Deadline:
    fields: dict[str, Any] = {
        "kind": kind, "started": START, "due": moment(9), "duration": "9wh", "policy": "usual",
        "climbs": True, "warn_at": (moment(6),),
    }  # fmt: skip
    return events.Deadline(**fields | changes)


def limits(*deadlines: events.Deadline) -> events.DeadlineSet:
    return events.DeadlineSet(
        holding=ids.derive("assigned"), deadlines=deadlines, why="vc-v11 leads: a clock of its own."
    )


def held(*more: Message[Any]) -> list[Message[Any]]:
    """Opened and assigned at nine with a clock to 18:00, signed at ten; then what is given."""
    return [
        event("opened", opened()),
        event("assigned", assigned(holding=ids.derive("opened")), because="opened"),
        event("limits", limits(deadline()), because="assigned"),
        event("signed", said(events.Signed, ids.derive("assigned")), 1, because="command"),
        *more,
    ]
