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
from datetime import datetime

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
    known = list(facts)
    window, before = (window_of(rules, each, now) for each in (period, previous(period)))
    sections = (
        (Words("增长的问题", "What grew"), _grew(known, rules, window, before)),
        (Words("同一地点反复发生", "What recurs in the same place"), _recurs(known, rules, window)),
        (
            Words("热点演变为纠纷", "Hot spots that turned into disputes"),
            _turned(known, rules, window),
        ),
        (Words("下月可能超期", "What is likely to be late next"), _late_next(known, rules, window)),
    )
    return Analysis(period, window.now, sections)


def _opened_in(facts: Sequence[tuple[str, State]], window: Window) -> list[tuple[str, State]]:
    return [(case, state) for case, state in facts if window.has(state.opened_at)]


def _named(rules: Rulebook, scope: str, code: str) -> Words:
    return name_of(rules, scope, code)  # type: ignore[arg-type]


def _grew(
    facts: Sequence[tuple[str, State]], rules: Rulebook, window: Window, before: Window
) -> tuple[Finding, ...]:
    now = _by_category(_opened_in(facts, window))
    then = _by_category(_opened_in(facts, before))
    grown = sorted(
        (len(then[code]) - len(cases), code)
        for code, cases in now.items()
        if len(cases) >= LEAST and len(cases) > len(then[code])
    )
    return tuple(_growth(rules, code, now[code], len(then[code])) for _, code in grown[:MOST])


def _by_category(cases: Sequence[tuple[str, State]]) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for case, state in cases:
        if state.category is not None:
            found[state.category].append(case)
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


def _place(rules: Rulebook, state: State) -> str | None:
    return next((area.code for area in rules.path(state.area) if area.kind == "village"), None)


def _recurs(
    facts: Sequence[tuple[str, State]], rules: Rulebook, window: Window
) -> tuple[Finding, ...]:
    spots: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for case, state in _opened_in(facts, window):
        village = _place(rules, state)
        if village is not None and state.category is not None:
            spots[village, state.category].append(case)
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


def _turned(
    facts: Sequence[tuple[str, State]], rules: Rulebook, window: Window
) -> tuple[Finding, ...]:
    """Villages where a dispute was reported after several other matters in the 90 days before."""
    by_village: defaultdict[str, list[tuple[datetime, str, bool]]] = defaultdict(list)
    for case, state in facts:
        village = _place(rules, state)
        if village is not None and state.opened_at is not None:
            by_village[village].append((state.opened_at, case, _is_dispute(rules, state)))
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


def _is_dispute(rules: Rulebook, state: State) -> bool:
    return rules.settings.disputes in rules.category_path(state.category)


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


def _late_next(
    facts: Sequence[tuple[str, State]], rules: Rulebook, window: Window
) -> tuple[Finding, ...]:
    """Open work whose limit ends after now, where its kind was late at least once in three so far."""
    done, late, open_ = Counter[str](), Counter[str](), defaultdict[str, list[str]](list)
    for case, state in facts:
        for holding in state.holdings:
            due, kind = holding.limits.resolve, state.category
            if due is None or kind is None:
                continue
            if holding.ended is None and due >= window.now:
                open_[kind].append(case)
            elif holding.until is not None or due < window.now:
                done[kind] += 1
                late[kind] += holding.ran_out(window.now)
    found = [
        (round(len(cases) * late[kind] / done[kind]), kind)
        for kind, cases in open_.items()
        if done[kind] >= LEAST and 3 * late[kind] >= done[kind]
    ]
    ordered = sorted(found, key=lambda each: (-each[0], each[1]))[:MOST]
    return tuple(
        _lateness(rules, kind, open_[kind], expected, late[kind], done[kind])
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
