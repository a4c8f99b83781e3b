"""One limit for each kind, or several, one after the other.

    rows of one kind, in time ─► the cheapest story: a row unexplained costs 1, a new limit CHANGE
    changes of all kinds      ─► one date where several kinds may have changed together

The rule to remember: a policy is only what history supports: the share that it explains is told
with it, and a kind with too few rows has none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lab.infer.limits import Past, limits, nearly
from services.sla.calendar import WorkCalendar

CHANGE = 10
"""A new limit must explain this many rows more than the old one would."""
CONSIDERED = 8
"""So many of a kind's most frequent limits are considered."""
UNITS = ("wd", "cd", "h", "m", "wh")
"""Of limits that explain equally many rows, the first of these is the usual one."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """A limit of a kind, from `since` on (None: from the beginning). `of` rows were set while it
    held, `explained` of them to the minute; `nearly` more by the same limit from some minutes
    before or after; `rivals` are other limits that explain some of the rest."""

    kind: str
    duration: str
    since: datetime | None
    of: int
    explained: int
    nearly: int
    rivals: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        return self.explained / self.of


def infer(history: Iterable[Past], calendar: WorkCalendar, at_least: int = 1) -> list[Inferred]:
    """The policies that explain a history; kinds in order of their names, then in order of time.
    A limit that explains fewer than `at_least` rows is none. Some 60 µs a row."""
    by_kind: dict[str, list[Past]] = defaultdict(list)
    for past in history:
        by_kind[past.kind].append(past)
    found: list[Inferred] = []
    windows: list[Window] = []
    for kind in sorted(by_kind):
        rows = sorted(by_kind[kind], key=lambda past: past.started)
        for policy, window in _of_kind(rows, calendar):
            if policy.explained >= at_least:
                found.append(policy)
                windows += [window] if window else []
    return _dated(found, windows)


def _of_kind(rows: Sequence[Past], calendar: WorkCalendar) -> list[tuple[Inferred, Window | None]]:
    sets = [limits(past, calendar) for past in rows]
    counts = Counter(duration for each in sets for duration in each)
    considered = sorted(counts, key=lambda duration: (-counts[duration], _usual(duration)))
    if not considered:
        return []
    spans = _spans(sets, considered[:CONSIDERED])
    return [_policy(rows, sets, calendar, *span) for span in spans]


def _usual(duration: str) -> tuple[int, str]:
    return UNITS.index(duration.lstrip("0123456789")), duration


def _spans(sets: Sequence[set[str]], considered: list[str]) -> list[tuple[str, int, int]]:
    """(limit, first row, row after the last) of the cheapest story. Viterbi's algorithm: the
    cheapest way to arrive at each limit, row by row, remembering where it came from."""
    costs = dict.fromkeys(considered, 0)
    came: list[dict[str, str]] = []
    for possible in sets:
        cheapest = min(considered, key=costs.__getitem__)
        step, origin = {}, {}
        for duration in considered:
            stay, change = costs[duration], costs[cheapest] + CHANGE
            origin[duration] = duration if stay <= change else cheapest
            step[duration] = min(stay, change) + (duration not in possible)
        costs = step
        came.append(origin)
    chosen = [min(considered, key=costs.__getitem__)]
    for origin in reversed(came[1:]):
        chosen.append(origin[chosen[-1]])
    return _runs(chosen[::-1])


def _runs(chosen: Sequence[str]) -> list[tuple[str, int, int]]:
    starts = [n for n, each in enumerate(chosen) if n == 0 or each != chosen[n - 1]]
    ends = [*starts[1:], len(chosen)]
    return [(chosen[start], start, end) for start, end in zip(starts, ends, strict=True)]


def _policy(
    rows: Sequence[Past],
    sets: Sequence[set[str]],
    calendar: WorkCalendar,
    duration: str,
    start: int,
    end: int,
) -> tuple[Inferred, Window | None]:
    held = range(start, end)
    others = [n for n in held if duration not in sets[n]]
    near = [n for n in others if nearly(rows[n], duration, calendar)]
    rest = Counter(other for n in others if n not in near for other in sets[n])
    since = rows[start].started if start else None
    policy = Inferred(
        kind=rows[0].kind,
        duration=duration,
        since=since,
        of=len(held),
        explained=len(held) - len(others),
        nearly=len(near),
        rivals=tuple(rest.most_common(3)),
    )
    if since is None:
        return policy, None
    last = max((n for n in range(start) if duration not in sets[n]), default=start - 1)
    return policy, Window(rows[last].started, since)


# ── changes ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Window:
    """A limit changed after one row and by the time of the next."""

    after: datetime
    by: datetime


def _dated(found: list[Inferred], windows: list[Window]) -> list[Inferred]:
    """Each start moved to the moment that most kinds' changes have in common. Rules are changed for
    many kinds at once, so what one kind's rows leave open another's tell."""
    moved: dict[datetime, datetime] = {}
    left = list(windows)
    while left:
        group = max((_with(window.by, left) for window in left), key=len)
        moment = _round(max(each.after for each in group), min(each.by for each in group))
        moved |= {window.by: moment for window in group}
        left = [window for window in left if window not in group]
    return [replace(each, since=moved[each.since]) if each.since else each for each in found]


def _with(moment: datetime, windows: Iterable[Window]) -> list[Window]:
    """The changes that may have happened by this moment, together."""
    return [each for each in windows if each.after < moment <= each.by]


def _round(after: datetime, by: datetime) -> datetime:
    """The full hour, minute or second by which all of them had changed."""
    minute = by.replace(second=0, microsecond=0)
    hour = minute.replace(minute=0)
    return next((moment for moment in (hour, minute) if moment > after), by)
