"""The disputes of January to August 2022 as the field study counts them, July's stories among them.

    945 accepted, 892 settled; settlements 557 in villages + 331 in towns + 6 in the county = 894

The study says "to August 2022" and no more; here they begin with the year. Its own sums differ by
two, and both are kept: two disputes settled in their village were not settled for good; their people
said so, and the town settled them again. So 892 cases are settled by 894 settlements, and the figures
of the levels add up to more than those of the county.

The demo's own stories of July tell some of the 945; those here are the rest. **Everything about them
is invented**: places, days and words follow from a seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lab import inputs
from lab.demo.stories import Story
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
"""Disputes of the whole county that are settled once, by the level that settles them."""
SETTLED_TWICE = 2
"""In the village, and after a low rating in the town."""
UNSETTLED = 53
FIRST = datetime.fromisoformat("2022-01-04T09:00:00+08:00")
LAST_DAY = 225
"""Days after the first on which the last is reported: 17 August 2022."""
END = datetime.fromisoformat("2022-08-31T23:59:00+08:00")
LEVELS = tuple(Level)
Stories = Iterable[tuple[Report, Story]]


@dataclass(frozen=True, slots=True)
class Dispute:
    """How one dispute goes: which level settles it, and whether it comes back."""

    report: Report
    settles_at: Level | None
    comes_back: bool = False


def disputes(rules: Rulebook, told: Stories = (), seed: int = 945) -> list[Dispute]:
    """All 945 but those that the stories `told` are about, in the order of time."""
    chance = Random(seed)
    elsewhere = settled_in(told, rules)
    ends: list[tuple[Level | None, bool]] = [
        *((at, False) for at, all_ in SETTLED_AT.items() for _ in range(all_ - elsewhere[at])),
        *[(Level.VILLAGE, True)] * SETTLED_TWICE,
        *[(None, False)] * UNSETTLED,
    ]
    chance.shuffle(ends)
    places = _places(rules)
    chance.shuffle(places)
    moments = sorted(_moment(chance) for _ in ends)
    return [
        Dispute(_report(number, at, *places[number % len(places)], rules), *end)
        for number, (at, end) in enumerate(zip(moments, ends, strict=True), start=1)
    ]


def settled_in(stories: Stories, rules: Rulebook) -> Counter[Level]:
    """The disputes among the stories, by the level that settles them."""
    return Counter(
        story.settles_at or Level.VILLAGE
        for _, story in stories
        if rules.is_dispute(story.category)
    )


def _places(rules: Rulebook) -> list[tuple[str, str]]:
    """Each village with each kind of dispute. They are gone through in turn, so that no two of a
    kind are near enough in place and time to be taken for one."""
    villages = [area.code for area in rules.reference.areas if area.kind == "village"]
    return [(village, kind) for village in villages for kind in _kinds(rules)]


def _kinds(rules: Rulebook) -> list[str]:
    """Kinds of disputes that begin in the village and may climb to the county."""
    leaves = [kind for kind in rules.reference.categories if kind.parent == rules.settings.disputes]
    village = rules.reference.areas[-1].code
    routes = {kind.code: rules.routes(village, kind.code, None, Urgency.NORMAL) for kind in leaves}
    return [code for code, found in routes.items() if found and found[0].level is Level.VILLAGE]


def _moment(chance: Random) -> datetime:
    return FIRST + timedelta(days=chance.randrange(LAST_DAY), minutes=chance.randrange(480))


def _report(number: int, at: datetime, village: str, category: str, rules: Rulebook) -> Report:
    kind = rules.category(category)
    return Report(
        report_id=f"dispute-{number:03}",
        source=SOURCE,
        submitted_at=at,
        text=f"双方因{kind.name if kind else '纠纷'}争执不下,请求调解。",
        category=category,
        location=Location(village=village),
        reporter=Reporter(kind=ReporterKind.RESIDENT, id=f"party-{number:03}"),
    )


class Mediators:
    """Each level mediates; what it does not settle it passes up, and the county's own efforts go on."""

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
                yield from self._mediate(event, dispute, assigned)
            case events.Resolved():
                yield self._rate(event, dispute)

    def _mediate(
        self, event: Message[Any], dispute: Dispute, assigned: events.Assigned
    ) -> Iterator[TimedInput]:
        yield _say(event, assigned.lead, Action.SIGN, timedelta(minutes=20))
        yield _say(event, assigned.lead, Action.FEEDBACK, timedelta(minutes=30))
        if self._settles(dispute, event.subject, assigned.level):
            yield _say(event, assigned.lead, Action.RESOLVE, timedelta(hours=3))
        elif assigned.level is not Level.COUNTY:
            yield _say(event, assigned.lead, Action.PASS_UP, timedelta(days=1))

    def _settles(self, dispute: Dispute, case: str, level: Level) -> bool:
        if dispute.settles_at is None:
            return False
        at = Level.TOWN if case in self._settled else dispute.settles_at
        return LEVELS.index(level) >= LEVELS.index(at)

    def _rate(self, event: Message[Any], dispute: Dispute) -> TimedInput:
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
        return inputs.rating(rating, holding=event.data.holding)


RECORDS = {
    Action.RESOLVE: (Settlement(outcome="settled", parties=2), "双方达成调解协议。"),
    Action.PASS_UP: (Settlement(outcome="failed", parties=2), "本级调解未成,报上一级调解。"),
    Action.FEEDBACK: (None, "已受理,正在约双方见面。"),
}


def _say(event: Message[Any], department: str, action: Action, after: timedelta) -> TimedInput:
    settlement, words = RECORDS.get(action, (None, None))
    update = Update(
        update_id=ids.derive("dispute", event.id, action),
        case_id=event.subject,
        action=action,
        at=event.time + after,
        by=f"mediator@{department}",
        settlement=settlement,
        result=words,
    )
    return inputs.update(department, update, holding=event.id)
