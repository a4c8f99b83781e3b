"""What a decision becomes: a message whose id follows from its cause, service and attempt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas import ids
from schemas.envelope import Message, Payload
from schemas.events import CaseEvent
from schemas.rulebook import Rulebooks
from services.decider import Cause, Notice, Tick, Timer
from services.shell.entries import Outgoing


def event_of(
    service: str, cause: Cause, data: CaseEvent, attempt: int, rulebooks: Rulebooks
) -> Message[Payload]:
    """The event that answers a cause; a timer's is caused by the event that set the timer."""
    ticked = isinstance(cause.data, Tick)
    return Message(
        id=ids.event_id(cause.id, service, attempt),
        source=f"/services/{service}",
        subject=cause.subject,
        time=cause.time,
        data=data,
        causationid=cause.causationid if ticked else cause.id,
        policyversion=rulebooks.at(cause.time).version if data.RULED else None,
        traceparent=cause.traceparent,
    )


def tick_of(timer: Timer, case: str) -> Cause:
    """A timer that has run out, as a cause."""
    return Message(timer.id, "/timers", case, timer.at, Tick(), causationid=timer.because)


def notices_of(service: str, said: Iterable[Notice], cause: Cause) -> Iterator[Outgoing]:
    """What outsiders hear of it."""
    for notice in said:
        message = Message(
            id=ids.notice_id(cause.id, notice.topic, notice.data.TYPE, notice.addressee),
            source=f"/services/{service}",
            subject=cause.subject,
            time=cause.time,
            data=notice.data,
            causationid=cause.id,
            policyversion=cause.policyversion,
            traceparent=cause.traceparent,
        )
        yield Outgoing(notice.topic, notice.key, message)
