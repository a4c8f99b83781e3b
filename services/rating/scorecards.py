"""Scorecards: how well each unit did in one month, from the facts of all cases.

    (case id, facts) … ─► who answers for it ─► what the judges say ─► Tally of each ─► Scorecard

`behind` asks the same judges for the cases behind one cell, so that a list is always as long as its
number says.

The rule to remember: **a card follows from the facts, the rules and `now`**, and from nothing else;
the order of the cases does not matter. A period that is over stays as published; the same period
asked for later may differ where a result was rated or reopened since, and is a new version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from services.rating.facts import State
from services.rating.hours import Hours
from services.rating.judging import Verdict, Window
from services.rating.league import group_of, ranked
from services.rating.measures import BY_NAME, COUNTS, RATES
from services.rating.tally import Tally, rate, read, stars, times
from services.rating.units import SCOPES, Key, answerable, known_units, name_of
from services.sla.calendar import WorkCalendar

Facts: TypeAlias = Iterable[tuple[str, State]]


def scorecards(facts: Facts, rules: Rulebook, period: str, now: datetime) -> list[Scorecard]:
    """One card for every unit that the rules know, and for those that only the cases know, by
    scope and id, with the league's ranks. ``period`` is a month, ``2022-07``, in the county's time
    zone; ``now`` is when the figures are taken. ValueError for a malformed period."""
    window = window_of(rules, period, now)
    tallies: dict[Key, Tally] = defaultdict(Tally, {key: Tally() for key in known_units(rules)})
    ask, hours = answerable(rules, window), Hours(WorkCalendar.of(rules.calendar()), window.start)
    for _, case in facts:
        for view, keys in ask(case):
            line = read(view, window, hours)
            for key in keys:
                tallies[key].add(line)
    ordered = sorted(tallies, key=lambda key: (SCOPES.index(key[0]), key[1]))
    cards = [_card(key, tallies[key], rules, period, window) for key in ordered]
    return ranked(cards, rules.settings.minimum_sample)


def behind(
    facts: Facts,
    rules: Rulebook,
    period: str,
    now: datetime,
    *,
    scope: str,
    id: str,
    measure: str,
    part: str = "numerator",
) -> list[str]:
    """The ids of the cases behind one cell, in the order of the facts.

    ``part`` is ``numerator`` (of a count: the number itself), ``denominator`` or ``excluded``.
    KeyError for an unknown measure; ValueError for an unknown part or a malformed period."""
    window = window_of(rules, period, now)
    ask, judge, belongs = answerable(rules, window), BY_NAME[measure].judge, _part(part)
    return [
        case_id
        for case_id, case in facts
        for view, keys in ask(case)
        if (scope, id) in keys and belongs(judge(view, window))
    ]


def _part(name: str) -> Callable[[Verdict | None], bool]:
    match name:
        case "numerator":
            return lambda verdict: verdict == "counted"
        case "denominator":
            return lambda verdict: verdict in ("counted", "missed")
        case "excluded":
            return lambda verdict: verdict not in (None, "counted", "missed")
        case _:
            raise ValueError(f"{name!r} is not numerator, denominator or excluded")


def window_of(rules: Rulebook, period: str, now: datetime) -> Window:
    """The month in the county's time zone. ValueError for what is not written ``2022-07``."""
    zone = ZoneInfo(rules.calendar().timezone)
    first = datetime.strptime(period, "%Y-%m").replace(tzinfo=zone)
    if f"{first:%Y-%m}" != period:
        raise ValueError(f"{period!r} is no month such as 2022-07")
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    start, end = first.astimezone(UTC), after.astimezone(UTC)
    return Window(start, end, now.astimezone(UTC), rules.settings.low_stars)


def _card(key: Key, tally: Tally, rules: Rulebook, period: str, window: Window) -> Scorecard:
    (scope, id), verdicts = key, tally.of_measures()
    name = name_of(rules, scope, id)
    return Scorecard(
        period=period,
        scope=scope,
        id=id,
        name=name.zh,
        name_en=name.en,
        group=group_of(rules, scope, id),
        as_of=window.now,
        rules=rules.version,
        counts={measure.name: verdicts[measure.name]["counted"] for measure in COUNTS},
        rates={measure.name: rate(measure, verdicts[measure.name]) for measure in RATES},
        stars=stars(tally),
        times=times(tally),
    )
