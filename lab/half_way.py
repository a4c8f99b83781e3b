"""Cases that an older system had half way: who has them, since when, and how far they are.

    row ─► Held ─► assigned by today's rules ─┬─ to another: triage assigns, as the older system had it
                                              └─ to its holder: signed, and a word on how far it is

The rule to remember: **the history comes in as what it was**. The case's own clock runs from the
report, the holder's from when it got the case; what the older system decided is a decision on the
record, with its own time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import ValidationError
from pydantic.dataclasses import dataclass as validated

from lab import inputs
from lab.inputs import TimedInput
from lab.mapping import Cells, HeldFields, Mapping, RowRejected, fill
from schemas import ids
from schemas.envelope import Instant, Message, explain
from schemas.events import Assigned, AssignedBecause
from schemas.inputs import Action, Identifier, Text, TriageDecision, Update, Verdict

SOON = timedelta(seconds=1)
"""What follows from an assignment comes this long after it, at the soonest."""
OLDER_SYSTEM = "older system"


@validated(frozen=True, slots=True)
class Held:
    """Who has a case in the system that it comes from."""

    department: Identifier
    since: Instant
    by: Identifier = OLDER_SYSTEM
    signed_at: Instant | None = None
    note: Text | None = None


def held_of(cells: Cells, mapping: Mapping, reported: datetime) -> Held | None:
    """None where the row names no department. Raises `RowRejected` for times that cannot be."""
    fields = mapping.held
    department = fill(fields.department, cells) if fields else ""
    if fields is None or not department:
        return None
    since = _time(fields, "since", cells, mapping) or reported
    signed = _time(fields, "signed_at", cells, mapping)
    if since < reported or (signed is not None and signed < since):
        raise RowRejected("held: report, `since` and `signed_at` are not in this order")
    try:
        return Held(
            department=department,
            since=since,
            by=fill(fields.by, cells) or OLDER_SYSTEM,
            signed_at=signed,
            note=fill(fields.note, cells) or None,
        )
    except ValidationError as error:
        raise RowRejected(f"held.{explain(error)}") from None


def _time(fields: HeldFields, name: str, cells: Cells, mapping: Mapping) -> datetime | None:
    said = fill(getattr(fields, name), cells)
    moment = mapping.times.read(said) if said else None
    if said and moment is None:
        raise RowRejected(f"held.{name}: {said!r} is in none of the formats")
    return moment


def carry_on(assigned: Message[Assigned], held: Held) -> Iterator[TimedInput]:
    """What makes the case stand as it stood. Ids follow from the case: a second import adds
    nothing."""
    if assigned.data.lead == held.department:
        yield from _of_the_holder(assigned, held)
    elif assigned.data.because is AssignedBecause.ROUTED:
        yield inputs.decision(
            TriageDecision(
                case_id=assigned.subject,
                decision_id=ids.derive("held", assigned.subject),
                at=max(held.since, assigned.time + SOON),
                by=held.by,
                action=Verdict.ASSIGN,
                department=held.department,
                reason="taken over as the older system had it",
            )
        )


def _of_the_holder(assigned: Message[Assigned], held: Held) -> Iterator[TimedInput]:
    soonest = assigned.time + SOON
    if held.signed_at is not None:
        yield _update(assigned, held, Action.SIGN, max(held.signed_at, soonest))
    if held.signed_at is not None and held.note:
        at = max(held.signed_at, soonest) + SOON
        yield _update(assigned, held, Action.PROGRESS, at, result=held.note)


def _update(
    assigned: Message[Assigned], held: Held, action: Action, at: datetime, result: str | None = None
) -> TimedInput:
    update = Update(
        update_id=ids.derive("held", assigned.subject, action.value),
        case_id=assigned.subject,
        action=action,
        at=at,
        by=held.by,
        result=result,
    )
    return inputs.update(held.department, update, holding=assigned.id)
