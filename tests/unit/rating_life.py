"""The life of one case, told in hours: `Life().assigned(at=1, resolve=20).resolved(at=9).state`.

Folds as the shell does. The holding that stands is named by itself, so a story says only what
happened and when; hours count from `START`, Monday 4 July 2022, 09:00 in Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from schemas import events
from schemas.events import AssignedBecause
from schemas.inputs import RatedBy
from schemas.lifecycle import advance, void_because
from schemas.reference import DeadlineKind, Level
from services.rating.domain import DECIDER, initial
from services.rating.facts import State
from tests.county import small_county
from tests.story import message, moment
from tests.unit.router_words import assigned, clocked, opened, reopened, ruled, said

LEVEL_OF = {unit.code: unit.level for unit in small_county().departments}
VC, VC2, TOWN, BUREAU = DEPARTMENTS = ("vc-v11", "vc-v21", "governance-t1", "county-bureau")


def _deadline(kind: str, started: float, due: float) -> events.Deadline:
    return events.Deadline(
        kind=DeadlineKind(kind), started=moment(started), due=moment(due), duration="2h", policy="p"
    )


class Life:
    def __init__(self, *, at: float = 0, case: str = "case", **changes: Any) -> None:
        self.case = case
        self.state: State = initial()
        self.ids = count(1)
        self.tell(opened(**changes), at)

    @property
    def holding(self) -> str:
        return self.state.standing.holding or ""

    def tell(self, data: events.CaseEvent, at: float, because: str | None = None) -> Life:
        record = message(data, id=f"{self.case}-{next(self.ids)}", at=moment(at), because=because)
        reason = void_because(self.state.standing, data)
        assert reason is None, f"the story is impossible: {reason}"
        self.last = record.id
        standing = advance(self.state.standing, record)
        self.state = DECIDER.evolve(replace(self.state, standing=standing), record)
        return self

    def assigned(
        self,
        to: str = VC,
        *,
        at: float,
        because: AssignedBecause = AssignedBecause.ROUTED,
        **limits: float,
    ) -> Life:
        """``sign=3, resolve=20`` are the hours, counted from `START`, at which they are due."""
        self.tell(
            assigned(to, self.holding, level=LEVEL_OF.get(to, Level.VILLAGE), because=because), at
        )
        return self.limits(limits, at) if limits else self

    def sent_back(self, to: str, at: float) -> Life:
        """Triage gives it to a department that had returned it."""
        said: dict[str, Any] = {"level": LEVEL_OF[to], "because": AssignedBecause.TRIAGE}
        return self.tell(assigned(to, self.holding, wrong_return=True, **said), at)

    def limits(
        self,
        due: Mapping[str, float],
        at: float = 0,
        *,
        own: bool = True,
        because: str | None = None,
    ) -> Life:
        """Clocks of the present holder, or else the case's own."""
        return self.tell(self.clock(due, at, own=own), at, because)

    def clock(self, due: Mapping[str, float], at: float, *, own: bool) -> events.DeadlineSet:
        deadlines = tuple(_deadline(kind, at, hours) for kind, hours in due.items())
        holding = self.holding if own else None
        return events.DeadlineSet(holding=holding, deadlines=deadlines, why="a clock")

    def case_limits(self, **due: float) -> Life:
        return self.limits(due, own=False)

    def did(self, event: type[events.DepartmentEvent], at: float) -> Life:
        return self.tell(said(event, self.holding), at)

    def signed(self, at: float) -> Life:
        return self.did(events.Signed, at)

    def resolved(self, at: float) -> Life:
        return self.did(events.Resolved, at)

    def returned(self, at: float) -> Life:
        return self.did(events.Returned, at)

    def extended(self, at: float, until: float) -> Life:
        return self.tell(
            ruled(events.Extended, holding=self.holding, until=moment(until)), at
        ).limits({"resolve": until}, at)

    def climbs(self, at: float, to: str = TOWN, **limits: float) -> Life:
        climbed = clocked(
            events.Escalated, self.holding, from_level=Level.VILLAGE, to_level=Level.TOWN
        )
        self.tell(climbed, at)
        return self.assigned(to, at=at, because=AssignedBecause.ESCALATED, **limits)

    def rated(
        self, stars: int, at: float, solved: bool | None = None, by: RatedBy = RatedBy.RESIDENT
    ) -> Life:
        fields: dict[str, Any] = {"rating_id": f"r{at}", "at": moment(at), "by": by}
        return self.tell(
            events.Rated(holding=self.holding, stars=stars, solved=solved, **fields), at
        )

    def reopened(self, at: float) -> Life:
        return self.tell(reopened(self.holding, nth=self.state.reopened + 1), at)

    def closed(self, at: float) -> Life:
        return self.tell(events.Closed(holding=self.holding, how="silence"), at)

    def withdrawn(self, at: float) -> Life:
        return self.tell(ruled(events.Withdrawn, how="withdrawn"), at)
