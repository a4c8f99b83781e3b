"""A county's habits from what a log tells.

    Observed ─┬─► arrivals (`lab.simulate.rates`)
              ├─► handling, by department and category; pooled where there are too few
              ├─► capacity: the busiest day of each department
              └─► ratings, triage

The rule to remember: **nothing is looked at that the log does not hold**. What was open at its end
counts as open so long; a log that ends in June knows nothing of July.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from lab.simulate.habits import (
    Capacity,
    Habits,
    Handling,
    Origin,
    Ratings,
    Returns,
    Times,
    Triage,
)
from lab.simulate.lasting import Lasted, times
from lab.simulate.observing import Observed
from lab.simulate.rates import arrivals
from schemas.rulebook import Rulebook
from services.rating.facts import Ending, Holding
from services.sla.calendar import WorkCalendar
from services.sla.deadlines import work_calendar

DAY = timedelta(days=1)
ENOUGH = 30
"""Groups with fewer cases go by a wider one."""
TRIAGE_HOURS = Times(hours=(0.5, 1.0), steps=2)
"""Where a log shows nobody in triage."""
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Held:
    """A holding with what is known of its case."""

    id: str
    category: str | None
    holding: Holding
    weight: float


def fit(observed: Observed, rules: Rulebook, name: str, half_life: float | None = None) -> Habits:
    """The habits. `half_life` in days: a case so old at the log's end counts half. ValueError for a
    log without cases."""
    opened = [state for state in observed.cases.values() if state.opened_at is not None]
    if not opened or observed.end is None:
        raise ValueError("the log has no cases: nothing to fit")
    calendar, pooled = work_calendar(rules), Counter[str]()
    held = list(_held(observed, half_life))
    days = sorted(s.opened_at.astimezone(rules.zone).date() for s in opened if s.opened_at)
    came = arrivals(observed, rules)
    handled = tuple(_handling(held, observed, calendar, pooled))
    return Habits(
        origin=Origin(
            log=name,
            digest=observed.digest,
            events=observed.events,
            cases=len(opened),
            first=str(days[0]),
            last=str(days[-1]),
            half_life_days=half_life,
            pooled=dict(pooled),
        ),
        zone=rules.zone.key,
        arrivals=came,
        handling=handled,
        capacity=tuple(_capacity(held)),
        ratings=tuple(_ratings(observed, calendar)),
        triage=_triage(observed, calendar),
    )


def _held(observed: Observed, half_life: float | None) -> Iterator[Held]:
    for state in observed.cases.values():
        for holding in state.holdings:
            age = (observed.end - holding.since).total_seconds() / 86_400 if observed.end else 0.0
            weight = 0.5 ** (age / half_life) if half_life else 1.0
            yield Held(holding.id, state.category, holding, weight)


# ── handling ─────────────────────────────────────────────────────────────────────────────────


def _handling(
    held: list[Held], observed: Observed, calendar: WorkCalendar, pooled: Counter[str]
) -> Iterator[Handling]:
    """Groups from the most special to the widest, as far as they have cases enough."""
    for name, key in (
        ("category, any department", lambda h: (h.holding.department, h.category)),
        ("department", lambda h: (None, h.category)),
        ("county", lambda h: (h.holding.department, None)),
    ):
        for group, rows in _grouped(held, key):
            if len(rows) >= ENOUGH:
                yield _habit(group, rows, observed, calendar)
            else:
                pooled[name] += 1
    yield _habit((None, None), held, observed, calendar)


def _grouped(
    rows: Iterable[Held], key: object
) -> list[tuple[tuple[str | None, str | None], list[Held]]]:
    found: dict[tuple[str | None, str | None], list[Held]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)  # type: ignore[operator]
    return sorted(found.items(), key=lambda item: (item[0][0] or "", item[0][1] or ""))


def _habit(
    group: tuple[str | None, str | None],
    rows: list[Held],
    observed: Observed,
    calendar: WorkCalendar,
) -> Handling:
    end = observed.end or rows[0].holding.since
    returned = [row for row in rows if row.holding.ended is Ending.RETURNED]
    signed = [row for row in rows if row.id in observed.signed]
    return Handling(
        department=group[0],
        category=group[1],
        cases=len(rows),
        resolve=times([_lasted(row, end) for row in rows], calendar),
        returns=_returns(returned, len(rows), observed, calendar),
        signs=round(len(signed) / len(rows), 4),
        signing=_signing(signed, calendar),
        answers=round(sum(_answered(row.holding) for row in rows) / len(rows), 4),
    )


def _lasted(row: Held, end: datetime) -> Lasted:
    """Until its result; what was returned, taken away or is open had none by then."""
    holding = row.holding
    done = holding.ended is Ending.RESOLVED
    return Lasted(holding.since, holding.until or max(end, holding.since), done, row.weight)


def _returns(
    returned: list[Held], cases: int, observed: Observed, calendar: WorkCalendar
) -> Returns:
    if not returned:
        return Returns()
    took = [Lasted(r.holding.since, r.holding.until, True) for r in returned if r.holding.until]
    why = Counter(observed.reasons.get(row.id, "") for row in returned)
    return Returns(
        share=round(len(returned) / cases, 4),
        hours=times(took, calendar),
        reasons={code: round(n / len(returned), 4) for code, n in sorted(why.items()) if code},
    )


def _signing(signed: list[Held], calendar: WorkCalendar) -> Times | None:
    took = [
        Lasted(row.holding.since, row.holding.signed_at, True)
        for row in signed
        if row.holding.signed_at
    ]
    return times(took, calendar) if took else None


def _answered(holding: Holding) -> bool:
    """Whether the reporter had a word before the result."""
    word = holding.responded_at
    return word is not None and (holding.until is None or word < holding.until)


# ── capacity ─────────────────────────────────────────────────────────────────────────────────


def _capacity(held: list[Held]) -> Iterator[Capacity]:
    """What a department did in its busiest day. Of one with few results nobody knows how many it
    could do."""
    ends: dict[str, list[datetime]] = defaultdict(list)
    for row in held:
        if row.holding.ended is Ending.RESOLVED and row.holding.until:
            ends[row.holding.department].append(row.holding.until)
    for department, moments in sorted(ends.items()):
        if len(moments) >= ENOUGH:
            most = busiest(sorted(moments))
            yield Capacity(department=department, cases=len(moments), per_day=most)


def busiest(moments: list[datetime]) -> int:
    """The most of these moments, in their order, within 24 hours."""
    most, first = 1, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - DAY:
            first += 1
        most = max(most, last - first + 1)
    return most


# ── residents and triage ─────────────────────────────────────────────────────────────────────


def _ratings(observed: Observed, calendar: WorkCalendar) -> Iterator[Ratings]:
    results: dict[str | None, list[Holding]] = defaultdict(list)
    for state in observed.cases.values():
        for holding in state.holdings:
            if holding.ended is Ending.RESOLVED:
                results[holding.department].append(holding)
                results[None].append(holding)
    for department, rows in sorted(results.items(), key=lambda item: item[0] or "~"):
        if department is None or len(rows) >= ENOUGH:
            yield _rated(department, rows, calendar)


def _rated(department: str | None, rows: list[Holding], calendar: WorkCalendar) -> Ratings:
    words = [(row, word) for row in rows if (word := row.word()) is not None]
    if not words:
        return Ratings(department=department, cases=len(rows))
    stars = Counter(word.stars for _, word in words)
    shares = tuple(round(stars[n] / len(words), 4) for n in range(1, 6))
    took = [Lasted(row.until, word.at, True) for row, word in words if row.until]
    return Ratings(
        department=department,
        cases=len(rows),
        rated=round(len(words) / len(rows), 4),
        stars=shares,
        hours=times(took, calendar) if took else None,
    )


def _triage(observed: Observed, calendar: WorkCalendar) -> Triage:
    if not observed.waits:
        return Triage(hours=TRIAGE_HOURS)
    leads: dict[str, Counter[str]] = defaultdict(Counter)
    for _, _, category, lead in observed.waits:
        leads[category or ""][lead] += 1
    chosen = {category: counts.most_common(1)[0][0] for category, counts in sorted(leads.items())}
    took = [Lasted(asked, answered, True) for asked, answered, _, _ in observed.waits]
    return Triage(hours=times(took, calendar), leads=chosen)
