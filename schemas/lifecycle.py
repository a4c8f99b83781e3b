"""The lifecycle: which event may follow which status, for every service alike.

An event that the table does not allow where it landed is **void**: it stays on the log, is counted,
and changes nothing. A published row never changes, since old logs must fold as they did; a change
is a new event version with a row of its own.

`Standing` is all that the table needs to know of a case:

    NEW ─opened─► OPEN ─assigned─► ASSIGNED ─signed─► SIGNED ─resolved─► RESOLVED ─closed─► CLOSED
                   ▲ └triage-requested─► TRIAGE        ▲└paused─► PAUSED    │
                   └──────── returned, reopened ───────┴────────────────────┘
                 any of these ─merged─► MERGED ─unmerged─► OPEN
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas import events
from schemas.envelope import Message, Payload
from schemas.unchanging import unchanging


class Status(StrEnum):
    NEW = "new"
    OPEN = "open"
    TRIAGE = "triage"
    ASSIGNED = "assigned"
    SIGNED = "signed"
    PAUSED = "paused"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


HELD = frozenset({Status.ASSIGNED, Status.SIGNED, Status.PAUSED})
"""A department leads, and has not said that it is done."""
WAITING = frozenset({Status.OPEN, Status.TRIAGE})
"""Nobody leads yet, or any more."""
ACTIVE = HELD | WAITING
ENDED = frozenset({Status.CLOSED, Status.WITHDRAWN, Status.MERGED})
LEFT = frozenset({Status.WITHDRAWN, Status.MERGED})
"""Ended without a result of its own."""
KNOWN = frozenset(Status) - {Status.NEW}


@unchanging(frozen=True, slots=True)
class Standing:
    status: Status = Status.NEW
    holding: str | None = None
    """The event that last gave the case its place; events about an older one are void."""


@dataclass(frozen=True, slots=True)
class Row:
    after: frozenset[Status]
    to: Status | None = None
    """The status that it leads to; None leaves it."""
    takes_place: bool = False
    """Whether its id becomes the case's `holding`."""


def _row(*after: Status | frozenset[Status], to: Status | None = None, place: bool = False) -> Row:
    sets = (item if isinstance(item, frozenset) else frozenset({item}) for item in after)
    return Row(frozenset().union(*sets), to, place)


S = Status
LIFECYCLE: Mapping[type[Payload], Row] = {
    events.Opened: _row(S.NEW, to=S.OPEN, place=True),
    events.ReportAdded: _row(KNOWN),
    events.Confirmed: _row(ACTIVE),
    events.TriageRequested: _row(S.OPEN, HELD, to=S.TRIAGE, place=True),
    events.Assigned: _row(ACTIVE, to=S.ASSIGNED, place=True),
    events.Signed: _row(S.ASSIGNED, to=S.SIGNED),
    events.Returned: _row(S.ASSIGNED, S.SIGNED, to=S.OPEN, place=True),
    events.Progressed: _row(S.SIGNED, S.PAUSED),
    events.Paused: _row(S.SIGNED, to=S.PAUSED),
    events.Resumed: _row(S.PAUSED, to=S.SIGNED),
    events.ExtensionRequested: _row(HELD),
    events.Extended: _row(HELD),
    events.Resolved: _row(HELD, to=S.RESOLVED),
    events.FeedbackGiven: _row(HELD, S.RESOLVED, S.CLOSED),
    events.Corrected: _row(ACTIVE),
    events.Withdrawn: _row(ACTIVE, S.RESOLVED, to=S.WITHDRAWN),
    events.UpdateRefused: _row(KNOWN),
    events.DecisionRefused: _row(KNOWN),
    events.Whistled: _row(HELD),
    events.WhistleMissed: _row(HELD),
    events.PartSigned: _row(HELD),
    events.PartDone: _row(HELD),
    events.PartExcused: _row(HELD),
    events.Reviewed: _row(ACTIVE),
    events.MediationFailed: _row(HELD),
    events.Merging: _row(ACTIVE, S.RESOLVED),
    events.Adopted: _row(ACTIVE, S.RESOLVED),
    events.AdoptionRefused: _row(KNOWN),
    events.Merged: _row(ACTIVE, S.RESOLVED, S.CLOSED, to=S.MERGED),
    events.MergeRefused: _row(KNOWN),
    events.Unmerged: _row(S.MERGED, to=S.OPEN, place=True),
    events.DeadlineSet: _row(ACTIVE, S.RESOLVED),
    events.Warned: _row(ACTIVE),
    events.AtRisk: _row(ACTIVE),
    events.Overdue: _row(ACTIVE),
    events.Escalated: _row(ACTIVE),
    events.Supervised: _row(ACTIVE),
    events.Rated: _row(S.RESOLVED, S.CLOSED),
    events.RatingRefused: _row(KNOWN),
    events.Reopened: _row(S.RESOLVED, S.CLOSED, to=S.OPEN, place=True),
    events.Closed: _row(S.RESOLVED, to=S.CLOSED),
    events.Joining: _row(S.NEW),
    events.ReportDeclined: _row(frozenset(Status)),
    events.ReportParted: _row(KNOWN),
}

UNBOUND = frozenset({events.UpdateRefused})
"""A refusal tells which holding its sender meant; it holds good whatever stands now."""
BOUND = frozenset(kind for kind in LIFECYCLE if "holding" in kind.model_fields) - UNBOUND
"""Events that name the holding that they concern."""


def void_because(standing: Standing, data: Payload) -> str | None:
    """Why `data` may not follow `standing`; None if it may."""
    row = LIFECYCLE[type(data)]
    if standing.status not in row.after:
        return f"{data.TYPE} may not follow the status {standing.status}"
    if type(data) in BOUND:
        named: Any = data.holding  # type: ignore[attr-defined]
        if named is not None and named != standing.holding:
            return f"{data.TYPE} concerns a holding that has ended"
    return None


def advance(standing: Standing, event: Message[Payload]) -> Standing:
    """The standing after an event that is not void."""
    row = LIFECYCLE[type(event.data)]
    if row.to is None and not row.takes_place:
        return standing
    return Standing(row.to or standing.status, event.id if row.takes_place else standing.holding)
