"""The fact sheet of one case: who held it when, with what limits, and how it went.

    opened ─► holding (assigned … resolved, returned, escalated, reassigned) ─► holding ─► …
                 └ limits, signed, first word, ratings of its result, reopened

`folding` makes them from the events of the log.

The rule to remember: **facts are moments, not verdicts**. Whether something was on time is told
from times alone (see `verdicts`), never from the presence of `case.overdue`: a timer that fired
late makes nobody late, and deadlines that landed before or after the work give the same facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.envelope import Instant
from schemas.inputs import RatedBy, ReporterKind
from schemas.lifecycle import LEFT, Status
from schemas.reference import Level, Service, Urgency
from services.decider import CaseState


class Ending(StrEnum):
    """How a department's time with a case ended."""

    RESOLVED = "resolved"
    RETURNED = "returned"
    ESCALATED = "escalated"
    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Limits:
    """The moment by which each step is due, as last set: `sign` and `resolve` are a holder's own,
    `respond` and `case` the case's."""

    sign: Instant | None = None
    respond: Instant | None = None
    resolve: Instant | None = None
    case: Instant | None = None


RATERS = tuple(RatedBy)
"""Whose word counts first."""


def is_low(stars: int, solved: bool | None, low_stars: int) -> bool:
    """A rating with which nobody can be content; the one definition, for reopening and scores."""
    return stars <= low_stars or solved is False


@dataclass(frozen=True, slots=True)
class Stars:
    """The last word of one kind of rater on one result."""

    by: RatedBy
    stars: int
    solved: bool | None
    at: Instant
    rater: str | None = None
    """The pseudonym of whoever rated, where the channel tells."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One department's time with the case, from `assigned` (its id) to whatever ended it."""

    id: str
    department: str
    level: Level
    since: Instant
    until: Instant | None = None
    ended: Ending | None = None
    resolved_by: str | None = None
    """The id of the `case.resolved` event."""
    limits: Limits = Limits()
    signed_at: Instant | None = None
    responded_at: Instant | None = None
    """Its first word to the reporter; the result is one too."""
    paused_at: Instant | None = None
    """Since when the clock of `resolve` has stood still, with no end in sight; it stays where the
    work ended so. A pause with a limit is in the due time at once, and stops no clock."""
    paused_by: str | None = None
    extended: bool = False
    ratings: tuple[Stars, ...] = ()
    replaced: tuple[Stars, ...] = ()
    """Earlier words on this result, which a later one of the same kind of rater has replaced."""
    handlers: tuple[str, ...] = ()
    """Who spoke for the department, as it names them."""
    reopened_at: Instant | None = None
    found_wrong_at: Instant | None = None
    """When triage sent the case back to the department that had returned it."""

    def word(self, *, without_resident: bool = False) -> Stars | None:
        """The rating that counts: the resident's own before a visit's, a visit's before a poll's."""
        if not self.ratings:
            return None
        heard = [s for s in self.ratings if not (without_resident and s.by is RatedBy.RESIDENT)]
        return min(heard, key=lambda stars: RATERS.index(stars.by), default=None)

    def said_by(self, by: RatedBy) -> Stars | None:
        return next((stars for stars in self.ratings if stars.by is by), None)

    def ran_out(self, now: datetime) -> bool:
        """Whether the limit of `resolve` passed while the clock was running."""
        due = self.limits.resolve
        return due is not None and due < (self.paused_at or self.until or now)


@dataclass(frozen=True, slots=True)
class Pressure:
    """The case climbed a level, or came under supervision. `holding` is what stood then."""

    at: Instant
    holding: str | None
    to_level: Level | None = None


@dataclass(frozen=True, slots=True)
class State(CaseState):
    source: str = ""
    area: str = ""
    category: str | None = None
    service: Service | None = None
    urgency: Urgency = Urgency.NORMAL
    reporter: str | None = None
    """The pseudonym of who reported; none for a whistle-blower."""
    reporter_kind: ReporterKind | None = None
    opened_at: Instant | None = None
    ended_at: Instant | None = None
    """When it was closed or withdrawn, unless reopened since."""
    closes_after_days: int = 7
    limits: Limits = Limits()
    """The case's own clock, which never starts afresh."""
    holdings: tuple[Holding, ...] = ()
    escalations: tuple[Pressure, ...] = ()
    supervisions: tuple[Pressure, ...] = ()

    @property
    def holder(self) -> Holding | None:
        """The holding of whoever has the case now, if anybody has."""
        latest = self.holdings[-1] if self.holdings else None
        return latest if latest is not None and latest.ended is None else None

    @property
    def result(self) -> Holding | None:
        """The holding whose result stands, if one does."""
        stands = self.standing.status in (Status.RESOLVED, Status.CLOSED)
        return self.holdings[-1] if stands and self.holdings else None

    @property
    def responded_at(self) -> datetime | None:
        """The first word to the reporter, whoever gave it."""
        words = [h.responded_at for h in self.holdings if h.responded_at is not None]
        return min(words, default=None)

    @property
    def reopened(self) -> int:
        return sum(holding.reopened_at is not None for holding in self.holdings)

    @property
    def grid_worker(self) -> str | None:
        """The pseudonym of the grid worker who reported it, if one did."""
        return self.reporter if self.reporter_kind is ReporterKind.GRID_WORKER else None

    def moments(self) -> Iterator[datetime]:
        """All moments in the facts: what is told of the case can change with time only there."""
        limits = [self.limits, *(holding.limits for holding in self.holdings)]
        dues = [
            due for each in limits for due in (each.sign, each.respond, each.resolve, each.case)
        ]
        pressures = [pressure.at for pressure in (*self.escalations, *self.supervisions)]
        spans = [
            moment
            for h in self.holdings
            for moment in (
                h.since,
                h.until,
                h.signed_at,
                h.responded_at,
                h.paused_at,
                h.reopened_at,
                h.found_wrong_at,
            )
        ]
        ends = (self.opened_at, self.ended_at)
        return (at for at in (*ends, *dues, *spans, *pressures) if at is not None)

    def pending_at(self, moment: datetime) -> bool:
        """Whether somebody still had to do something about it at that moment."""
        if self.opened_at is None or self.opened_at > moment:
            return False
        withdrawn = self.standing.status in LEFT
        if withdrawn and self.ended_at is not None and self.ended_at <= moment:
            return False
        return not any(_rested(holding, moment) for holding in self.holdings)


def _rested(holding: Holding, moment: datetime) -> bool:
    if holding.ended is not Ending.RESOLVED or holding.until is None or holding.until > moment:
        return False
    return holding.reopened_at is None or holding.reopened_at > moment
