"""Which log this is: a record on `reference`, which every service reads before it starts.

    log/incarnation = {"id": …, "copy": …, "partitions": 24, "moving_to": …}

`id` is the history's own, and goes with it when it is copied; `copy` changes with the topic, since
offsets mean nothing in another one. The rule to remember: **one log at a time is written to**, and
this record says which. While `moving_to` stands there, it is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from schemas.topics import CASE_EVENTS, KEYED_PARTITIONS, REFERENCE
from services.shell.consuming import read_to_end
from services.shell.settings import Settings

INCARNATION_KEY = "log/incarnation"


class WrongLogError(RuntimeError):
    """What is asked for is not the log that is written to; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Incarnation:
    id: str
    """The history's: what was published from it stays true in every copy."""
    copy: str
    """The topic's: what names offsets is of this one alone."""
    partitions: int = KEYED_PARTITIONS
    moving_to: int | None = None

    def record(self) -> tuple[str, bytes]:
        fields: dict[str, Any] = {"id": self.id}
        if self.copy != self.id:
            fields["copy"] = self.copy
        if self.partitions != KEYED_PARTITIONS:
            fields["partitions"] = self.partitions
        if self.moving_to is not None:
            fields["moving_to"] = self.moving_to
        return INCARNATION_KEY, orjson.dumps(fields)

    def check(self, settings: Settings) -> None:
        """Raises `WrongLogError` unless this log is the one of these settings, and at rest."""
        if self.moving_to is not None:
            raise WrongLogError(
                f"the log is being moved to {self.moving_to} partitions, and nobody may write: wait "
                f"for `gridcase topics move --partitions {self.moving_to}`, or run it again"
            )
        if self.partitions != settings.partitions:
            raise WrongLogError(
                f"the log is {settings.prefix}{CASE_EVENTS.name} with {self.partitions} partitions, "
                f"and GRIDCASE_PARTITIONS says {settings.partitions}: set it to {self.partitions}, or "
                f"move the log: `gridcase topics move --partitions {settings.partitions}`"
            )


def read(value: bytes) -> Incarnation:
    fields = orjson.loads(value)
    return Incarnation(
        fields["id"],
        fields.get("copy", fields["id"]),
        fields.get("partitions", KEYED_PARTITIONS),
        fields.get("moving_to"),
    )


async def log_of(settings: Settings) -> Incarnation:
    """The log that is written to. Raises `WrongLogError` unless it is that of the settings."""
    found = await incarnation_of(settings)
    if found is None:
        raise WrongLogError("no log was made: run `gridcase topics create`")
    found.check(settings)
    return found


async def incarnation_of(settings: Settings) -> Incarnation | None:
    """What was written when the log was made, or moved; None if it never was."""
    found: Incarnation | None = None
    async for record in read_to_end(settings, settings.topic(REFERENCE.name)):
        if record.key == INCARNATION_KEY.encode():
            found = read(record.value) if record.value else None
    return found
