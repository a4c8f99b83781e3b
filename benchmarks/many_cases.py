"""Facts of very many cases, as a county would have them: for measuring figures and pages.

Nothing is played: the facts are made as they would be after the log, by a seeded chance, spread over
the months before ``until`` so that most are over, some are late and some are still being worked on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from schemas import ids
from schemas.inputs import RatedBy, ReporterKind
from schemas.lifecycle import Standing, Status
from schemas.reference import Service, Urgency
from schemas.rulebook import Rulebook
from services.rating.facts import Ending, Holding, Limits, Stars, State

GRID_WORKERS = 300


def many_cases(
    rules: Rulebook, count: int, until: datetime, *, days: int = 60, seed: int = 321
) -> Iterator[tuple[str, State]]:
    """``count`` cases by their ids, opened in the ``days`` before ``until``."""
    chance = Random(seed)
    areas = [area.code for area in rules.reference.areas if area.kind in ("grid", "village")]
    kinds = [kind.code for kind in rules.reference.categories if kind.parent is not None]
    for number in range(count):
        case = ids.case_id("many", str(number))
        opened = until - timedelta(seconds=chance.uniform(0, days * 86400))
        yield (
            case,
            _case(case, rules, opened, until, chance.choice(areas), chance.choice(kinds), chance),
        )


def _case(
    case: str,
    rules: Rulebook,
    opened: datetime,
    until: datetime,
    area: str,
    category: str,
    chance: Random,
) -> State:
    service = chance.choice(list(Service))
    worker = chance.random() < 0.4
    holding = _holding(case, rules, opened, area, category, service, chance)
    resolved = holding.until is not None and holding.until <= until
    if not resolved:
        holding = _unfinished(holding)
    closes = holding.until + timedelta(days=7) if holding.until else None
    closed = closes is not None and closes <= until
    status = Status.CLOSED if closed else Status.RESOLVED if resolved else Status.SIGNED
    return State(
        standing=Standing(status, holding.id),
        source="many",
        area=area,
        category=category,
        service=service,
        reporter=f"w{chance.randrange(GRID_WORKERS):04}"
        if worker
        else f"r{chance.randrange(10**6)}",
        reporter_kind=ReporterKind.GRID_WORKER if worker else ReporterKind.RESIDENT,
        opened_at=opened,
        ended_at=closes if closed else None,
        limits=Limits(respond=opened + timedelta(hours=9), case=opened + timedelta(days=15)),
        holdings=(holding,),
    )


def _holding(
    case: str,
    rules: Rulebook,
    opened: datetime,
    area: str,
    category: str,
    service: Service,
    chance: Random,
) -> Holding:
    rule = rules.routes(area, category, service, Urgency.NORMAL)[0]
    unit = rules.unit(rule.ladder[rule.level], area)
    since = opened + timedelta(seconds=1)
    signed = since + timedelta(minutes=chance.uniform(1, 150))
    until = signed + timedelta(hours=chance.expovariate(1 / 40))
    stars = Stars(RatedBy.RESIDENT, chance.choices(range(1, 6), (1, 1, 3, 8, 12))[0], None, until)
    return Holding(
        id=ids.derive("many", case),
        department=unit.code if unit else "nobody",
        level=rule.level,
        since=since,
        until=until,
        ended=Ending.RESOLVED,
        resolved_by=ids.derive("many", case, "resolved"),
        limits=Limits(sign=since + timedelta(hours=2), resolve=since + timedelta(days=4)),
        signed_at=signed,
        responded_at=signed + timedelta(minutes=5),
        ratings=(stars,) if chance.random() < 0.6 else (),
    )


def _unfinished(h: Holding) -> Holding:
    return Holding(
        h.id, h.department, h.level, h.since, limits=h.limits, signed_at=h.signed_at,
        responded_at=h.responded_at,
    )  # fmt: skip
