"""The monthly analysis 研判: what the month's cases say, each sentence with its figure and its cases.

    facts of all cases, rules, a month, now ─► findings ─► page, PDF, Markdown

The rule to remember: **no sentence without a figure, no figure without its cases**. What is likely
next month is told by counting alone: open cases whose limit ends in it, at the rate at which their
kind was late before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import NamedTuple, TypeAlias

from schemas.rulebook import Rulebook
from services.rating.board import Facts
from services.rating.facts import State
from services.rating.judging import Window
from services.rating.measures import Words
from services.rating.periods import previous, window_of
from services.rating.units import name_of

LEAST = 3
"""Fewer cases than these grow, recur or are late by chance."""
MOST = 5
"""Findings of one kind."""


EARLIER = timedelta(days=91)
"""A matter that turned into a dispute is not older than that."""


class Matter(NamedTuple):
    """What the sentences ask of a case: there are many."""

    opened_at: datetime
    category: str | None
    area: str


Matters: TypeAlias = Sequence[tuple[str, Matter]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, and the cases that it speaks of."""

    words: Words
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    period: str
    as_of: datetime
    sections: tuple[tuple[Words, tuple[Finding, ...]], ...]


def analyse(facts: Facts, rules: Rulebook, period: str, now: datetime) -> Analysis:
    """The findings of one period. ValueError for a malformed one."""
    window, before = (window_of(rules, each, now) for each in (period, previous(period)))
    late, since = Lateness(window.now), min(before.start, window.start - EARLIER)
    known: list[tuple[str, Matter]] = []
    for case, state in facts:
        late.take(case, state)
        if state.opened_at is not None and state.opened_at >= since:
            category = intern(state.category) if state.category is not None else None
            known.append((case, Matter(state.opened_at, category, intern(state.area))))
    sections = (
        (Words("增长的问题", "What grew"), _grew(known, rules, window, before)),
        (Words("同一地点反复发生", "What recurs in the same place"), _recurs(known, rules, window)),
        (
            Words("热点演变为纠纷", "Hot spots that turned into disputes"),
            _turned(known, rules, window),
        ),
        (Words("下月可能超期", "What is likely to be late next"), late.next(rules)),
    )
    return Analysis(period, window.now, sections)


def _opened_in(known: Matters, window: Window) -> Matters:
    return [(case, matter) for case, matter in known if window.has(matter.opened_at)]


def _named(rules: Rulebook, scope: str, code: str) -> Words:
    return name_of(rules, scope, code)  # type: ignore[arg-type]


def _grew(known: Matters, rules: Rulebook, window: Window, before: Window) -> tuple[Finding, ...]:
    now = _by_category(_opened_in(known, window))
    then = _by_category(_opened_in(known, before))
    grown = sorted(
        (len(then[code]) - len(cases), code)
        for code, cases in now.items()
        if len(cases) >= LEAST and len(cases) > len(then[code])
    )
    return tuple(_growth(rules, code, now[code], len(then[code])) for _, code in grown[:MOST])


def _by_category(cases: Matters) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for case, matter in cases:
        if matter.category is not None:
            found[matter.category].append(case)
    return found


def _growth(rules: Rulebook, code: str, cases: list[str], before: int) -> Finding:
    zh, en = _named(rules, "category", code)
    n = len(cases)
    return Finding(
        Words(
            f"“{zh}”本期 {n} 件,上期 {before} 件,增加 {n - before} 件。",
            f"{en}: {n} cases, {before} in the period before, {n - before} more.",
        ),
        tuple(sorted(cases)),
    )


def _place(rules: Rulebook, matter: Matter) -> str | None:
    return next((area.code for area in rules.path(matter.area) if area.kind == "village"), None)


def _recurs(known: Matters, rules: Rulebook, window: Window) -> tuple[Finding, ...]:
    spots: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for case, matter in _opened_in(known, window):
        village = _place(rules, matter)
        if village is not None and matter.category is not None:
            spots[village, matter.category].append(case)
    often = sorted((-len(cases), spot) for spot, cases in spots.items() if len(cases) >= LEAST)
    return tuple(_recurrence(rules, *spot, spots[spot]) for _, spot in often[:MOST])


def _recurrence(rules: Rulebook, village: str, category: str, cases: list[str]) -> Finding:
    place, kind = _named(rules, "village", village), _named(rules, "category", category)
    return Finding(
        Words(
            f"{place.zh}“{kind.zh}”本期发生 {len(cases)} 件。",
            f"{place.en}: {len(cases)} cases of {kind.en} in the period.",
        ),
        tuple(sorted(cases)),
    )


def _turned(known: Matters, rules: Rulebook, window: Window) -> tuple[Finding, ...]:
    """Villages where a dispute was reported after several other matters in the 90 days before."""
    by_village: defaultdict[str, list[tuple[datetime, str, bool]]] = defaultdict(list)
    for case, matter in known:
        village = _place(rules, matter)
        if village is not None and matter.opened_at is not None:
            by_village[village].append((matter.opened_at, case, _is_dispute(rules, matter)))
    found = []
    for village, matters in sorted(by_village.items()):
        disputes = [(at, case) for at, case, dispute in matters if dispute and window.has(at)]
        if not disputes:
            continue
        first = min(disputes)[0]
        earlier = [
            case for at, case, dispute in matters if not dispute and 0 < (first - at).days <= 90
        ]
        if len(earlier) >= LEAST:
            found.append(_turn(rules, village, [case for _, case in disputes], earlier))
    return tuple(sorted(found, key=lambda finding: (-len(finding.cases), finding.words.zh))[:MOST])


def _is_dispute(rules: Rulebook, matter: Matter) -> bool:
    return rules.settings.disputes in rules.category_path(matter.category)


def _turn(rules: Rulebook, village: str, disputes: list[str], earlier: list[str]) -> Finding:
    zh, en = _named(rules, "village", village)
    return Finding(
        Words(
            f"{zh}在此前 90 天内有 {len(earlier)} 件诉求,本期出现纠纷 {len(disputes)} 件。",
            f"{en}: {len(disputes)} disputes in the period, after {len(earlier)} other cases in the 90 "
            "days before.",
        ),
        tuple(sorted([*disputes, *earlier])),
    )


class Lateness:
    """Open work whose limit ends after now, where its kind was late at least once in three so far."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._done, self._late = Counter[str](), Counter[str]()
        self._open = defaultdict[str, list[str]](list)

    def take(self, case: str, state: State) -> None:
        for holding in state.holdings:
            due, kind = holding.limits.resolve, state.category
            if due is None or kind is None:
                continue
            if holding.ended is None and due >= self._now:
                self._open[kind].append(case)
            elif holding.until is not None or due < self._now:
                self._done[kind] += 1
                self._late[kind] += holding.ran_out(self._now)

    def next(self, rules: Rulebook) -> tuple[Finding, ...]:
        found = [
            (round(len(cases) * self._late[kind] / self._done[kind]), kind)
            for kind, cases in self._open.items()
            if self._done[kind] >= LEAST and 3 * self._late[kind] >= self._done[kind]
        ]
        ordered = sorted(found, key=lambda each: (-each[0], each[1]))[:MOST]
        return tuple(
            _lateness(rules, kind, self._open[kind], expected, self._late[kind], self._done[kind])
            for expected, kind in ordered
        )


def _lateness(
    rules: Rulebook, kind: str, cases: list[str], expected: int, late: int, done: int
) -> Finding:
    zh, en = _named(rules, "category", kind)
    return Finding(
        Words(
            f"“{zh}”在办 {len(cases)} 件;以往 {done} 次办理中超期 {late} 次,照此约 {expected} 件将超期。",
            f"{en}: {len(cases)} open; {late} of {done} before were late, so about {expected} will be.",
        ),
        tuple(sorted(cases)),
    )
