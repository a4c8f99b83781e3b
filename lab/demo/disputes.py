"""The disputes of January to August 2022 as the field study counts them, rehearsed in process.

    945 accepted, 892 settled; settlements 557 in villages + 331 in towns + 6 in the county = 894

The study's own sums differ by two, and both are kept: two disputes settled in their village were not
settled for good; their people said so, and the town settled them again. So 892 cases are settled by
894 settlements, and the figures of the levels add up to more than those of the county.

**Everything else is invented**: places, days and words follow from a seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lab import inputs
from lab.inputs import TimedInput
from schemas import events, ids
from schemas.envelope import Message
from schemas.inputs import (
    Action,
    Location,
    RatedBy,
    Rating,
    Report,
    Reporter,
    ReporterKind,
    Settlement,
    Update,
)
from schemas.reference import Level, Urgency
from schemas.rulebook import Rulebook

SOURCE = "mediation-desk"
SETTLED_AT = {Level.VILLAGE: 555, Level.TOWN: 329, Level.COUNTY: 6}
"""Disputes that are settled once, by the level that settles them."""
SETTLED_TWICE = 2
"""In the village, and after a low rating in the town."""
UNSETTLED = 53
FIRST = datetime.fromisoformat("2022-01-04T09:00:00+08:00")
LAST_DAY = 225
"""Days after the first on which the last is reported: 17 August 2022."""
END = datetime.fromisoformat("2022-08-31T23:59:00+08:00")
LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Dispute:
    """How one dispute goes: which level settles it, and whether it comes back."""

    report: Report
    settles_at: Level | None
    comes_back: bool = False


def disputes(rules: Rulebook, seed: int = 945) -> list[Dispute]:
    """All 945, in the order of time."""
    chance = Random(seed)
    ends: list[tuple[Level | None, bool]] = [
        *((level, False) for level, count in SETTLED_AT.items() for _ in range(count)),
        *[(Level.VILLAGE, True)] * SETTLED_TWICE,
        *[(None, False)] * UNSETTLED,
    ]
    chance.shuffle(ends)
    villages = [area for area in rules.reference.areas if area.kind == "village"]
    kinds = _kinds(rules)
    made = [
        Dispute(_report(number, chance.choice(villages).code, chance.choice(kinds), chance), *end)
        for number, end in enumerate(ends, start=1)
    ]
    return sorted(made, key=lambda dispute: dispute.report.submitted_at)


def _kinds(rules: Rulebook) -> list[str]:
    """Kinds of disputes that begin in the village and may climb to the county."""
    leaves = [kind for kind in rules.reference.categories if kind.parent == rules.settings.disputes]
    village = rules.reference.areas[-1].code
    routes = {kind.code: rules.routes(village, kind.code, None, Urgency.NORMAL) for kind in leaves}
    return [code for code, found in routes.items() if found and found[0].level is Level.VILLAGE]


def _report(number: int, village: str, category: str, chance: Random) -> Report:
    at = FIRST + timedelta(days=chance.randrange(LAST_DAY), minutes=chance.randrange(480))
    return Report(
        report_id=f"dispute-{number:03}",
        source=SOURCE,
        submitted_at=at,
        text=f"双方有纠纷,请求调解({number})。",
        category=category,
        location=Location(village=village),
        reporter=Reporter(kind=ReporterKind.RESIDENT, id=f"party-{number:03}"),
    )


class Mediators:
    """Each level mediates; a dispute that it does not settle climbs when its time is over."""

    def __init__(self, stories: Iterable[Dispute]) -> None:
        self._stories = {
            ids.case_id(SOURCE, dispute.report.report_id): dispute for dispute in stories
        }
        self._settled: set[str] = set()

    def reports(self) -> Iterator[TimedInput]:
        return (inputs.report(dispute.report) for dispute in self._stories.values())

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        dispute = self._stories.get(event.subject)
        if dispute is None:
            return
        match event.data:
            case events.Assigned() as assigned:
                yield self._say(event, assigned.lead, Action.SIGN, timedelta(minutes=20))
                if self._settles(dispute, event.subject, assigned.level):
                    yield self._say(event, assigned.lead, Action.RESOLVE, timedelta(hours=3))
            case events.Resolved():
                yield from self._rate(event, dispute)

    def _settles(self, dispute: Dispute, case: str, level: Level) -> bool:
        if dispute.settles_at is None:
            return False
        at = Level.TOWN if case in self._settled else dispute.settles_at
        return LEVELS.index(level) >= LEVELS.index(at)

    def _rate(self, event: Message[Any], dispute: Dispute) -> Iterator[TimedInput]:
        """Content, but for the two who come back."""
        again = event.subject in self._settled
        self._settled.add(event.subject)
        unhappy = dispute.comes_back and not again
        rating = Rating(
            case_id=event.subject,
            rating_id=f"stars-{event.id}",
            at=event.time + timedelta(hours=5),
            by=RatedBy.RESIDENT,
            stars=1 if unhappy else 5,
        )
        yield inputs.rating(rating, holding=event.data.holding)

    def _say(
        self, event: Message[Any], department: str, action: Action, after: timedelta
    ) -> TimedInput:
        settled = Settlement(outcome="settled", parties=2) if action is Action.RESOLVE else None
        update = Update(
            settlement=settled,
            update_id=ids.derive("dispute", event.id, action),
            case_id=event.subject,
            action=action,
            at=event.time + after,
            by=f"mediator@{department}",
            result="双方达成调解协议。" if settled else None,
        )
        return inputs.update(department, update, holding=event.id)
