"""How old things are when a service hears of them: the two service levels.

    case.events, live ─┬─► gridcase_event_age_seconds    since the event was published
                       └─► gridcase_assignment_seconds   since the broker received the report

The rule to remember: **a sender's delay is not ours.** A phone that was out of reach for an hour
sends an old report; its age is counted from when it came in, not from when it was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from schemas.envelope import Message
from schemas.events import Assigned, AssignedBecause, Opened
from services.shell import metrics

MOST_WAITING = 10_000
"""Cases whose first assignment is waited for; with more, the oldest are no longer measured."""


class Ages:
    """Observes what one service reads. Only the writer of assignments measures how long they took,
    so that each is counted once."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._received: dict[str, datetime] = {}

    def observe(
        self, stamps: Iterable[int], messages: Iterable[Message[Any] | None], now: datetime
    ) -> None:
        """Events of the log, and the timestamps of their records in milliseconds."""
        at = now.timestamp()
        metrics.EVENT_AGE.observe(self.service, [max(at - stamp / 1000, 0.0) for stamp in stamps])
        if self.service == Assigned.WRITER:
            for message in filter(None, messages):
                self._assignment(message, now)

    def _assignment(self, message: Message[Any], now: datetime) -> None:
        match message.data:
            case Opened(received_at=received):
                self._received[message.subject] = received.astimezone(UTC)
                if len(self._received) > MOST_WAITING:
                    del self._received[next(iter(self._received))]
            case Assigned(because=AssignedBecause.ROUTED):
                received_at = self._received.pop(message.subject, None)
                if received_at is not None:
                    metrics.ASSIGNMENT_SECONDS.observe(max((now - received_at).total_seconds(), 0))
