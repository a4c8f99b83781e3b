"""Longer limits, as few and as little longer as will do; and shorter ones that cost nobody anything.

    spans + share to reach ─► the row whose next longer limit saves most for its waiting ─► … ─► limits
    spans ─► the shortest limit of a row under which nobody more would have been late

The rule to remember: **everybody under a row waits by its limit**: a limit that is a quarter longer
for a hundred cases costs as much as one that is a half longer for fifty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import NamedTuple

from lab.policy.spans import Seen, Span
from services.sla.calendar import WorkCalendar

STEP = 0.25
"""A limit changes by a quarter of what it is today at a time, and by one unit at least."""
ENOUGH = 20
"""Holdings under a row, before it is said that a shorter limit would have done for all."""


@dataclass(slots=True)
class _Row:
    """The holdings under one row of the deadlines, and how long its limit may grow."""

    today: str
    spans: list[Span]
    longer: list[tuple[str, frozenset[int]]]
    """Limits in order, each with the holdings that would still be late."""
    at: int = 0

    @property
    def late(self) -> frozenset[int]:
        return self.longer[self.at][1]

    def best(self) -> tuple[float, int]:
        """The step that saves most for what it costs, and where it leads."""
        found = (0.0, self.at)
        for place in range(self.at + 1, len(self.longer)):
            saved = len(self.late) - len(self.longer[place][1])
            cost = len(self.spans) * (
                _amount(self.longer[place][0]) - _amount(self.longer[self.at][0])
            )
            found = max(
                found, (saved * _amount(self.today) / cost, place), key=lambda each: each[0]
            )
        return found


def longer_limits(
    spans: Sequence[Span], calendar: WorkCalendar, share: float, at_most: float
) -> dict[str, str]:
    """The limits that change, by the row's id, so that so large a share of holdings is in time; as
    many as help, if that cannot be. No limit grows beyond `at_most` times today's."""
    rows = {name: _row(those, calendar, at_most) for name, those in _by_row(spans).items()}
    allowed = int((1 - share) * len(spans))
    while sum(len(row.late) for row in rows.values()) > allowed:
        gain, place, name = max(
            ((*row.best(), name) for name, row in rows.items()), default=(0, 0, "")
        )
        if not gain:
            break
        rows[name].at = place
    return {name: row.longer[row.at][0] for name, row in sorted(rows.items()) if row.at}


class Shorter(NamedTuple):
    """A row of the deadlines with a shorter limit that would have done, and how many held by it."""

    row: str
    today: str
    limit: str
    held: int


def shorter_limits(known: Seen, calendar: WorkCalendar, at_least: float) -> list[Shorter]:
    """For each row the shortest limit, at least so much of today's, under which none more would have
    been late; those first that spare most waiting. It is judged by the holdings for which it would
    have run out before the log's end, done or not: of others the log cannot tell."""
    found = []
    for name, those in _by_row([*known.spans, *known.open]).items():
        today = those[-1].duration
        for limit in reversed(_shrinking(today, at_least)):
            dues = [(span, _due_under(span, limit, calendar)) for span in those]
            told = [(span, due) for span, due in dues if due <= known.end]
            late = any(not span.late and (span.ended or known.end) > due for span, due in told)
            if len(told) >= ENOUGH and not late:
                found.append(Shorter(name, today, limit, len(told)))
                break
    return sorted(found, key=lambda each: (-each.held * _spared(each), each.row))


def _spared(each: Shorter) -> float:
    return 1 - _amount(each.limit) / _amount(each.today)


def _shrinking(today: str, at_least: float) -> list[str]:
    amount, unit = _amount(today), today.lstrip("0123456789")
    step, least = max(1, int(amount * STEP)), max(ceil(amount * at_least), 1)
    return [f"{each}{unit}" for each in range(amount - step, least - 1, -step)]


def _by_row(spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        found[span.policy].append(span)
    return found


def _row(spans: list[Span], calendar: WorkCalendar, at_most: float) -> _Row:
    today = spans[-1].duration
    longer = [
        (each, frozenset(n for n, span in enumerate(spans) if _is_late(span, each, calendar)))
        for each in _growing(today, at_most)
    ]
    now = frozenset(n for n, span in enumerate(spans) if span.late)
    return _Row(today, spans, [(today, now), *longer])


def _growing(today: str, at_most: float) -> list[str]:
    amount, unit = _amount(today), today.lstrip("0123456789")
    step = max(1, ceil(amount * STEP))
    return [f"{each}{unit}" for each in range(amount + step, int(amount * at_most) + 1, step)]


def _amount(duration: str) -> int:
    return int(duration.rstrip("mhcdw"))


def _is_late(span: Span, duration: str, calendar: WorkCalendar) -> bool:
    """Under that limit; as it was, where nobody knows when it ended."""
    return span.late if span.ended is None else span.ended > _due_under(span, duration, calendar)


def _due_under(span: Span, duration: str, calendar: WorkCalendar) -> datetime:
    """Under that limit, moved as much by pauses and extensions as it was."""
    moved = span.due - _due(span.started, span.duration, calendar)
    return _due(span.started, duration, calendar) + moved


def _due(started: datetime, duration: str, calendar: WorkCalendar) -> datetime:
    return calendar.add(started, duration)
