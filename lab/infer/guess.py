"""Why does another system's due time differ from ours? A guess for each kind.

    rows that differ ─► same limit, counted from another minute │ another limit │ a date of its own

The rule to remember: **it is a guess**, the most frequent story first; the rows alone cannot say
what somebody meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lab.infer.limits import Past, limits, nearly
from services.sla.calendar import WorkCalendar

MINUTES = "our limit, counted from some minutes earlier or later"
OTHER = "another limit, {}"
CHOSEN = "a date of its own"
AT_LEAST = 2
"""So many rows make another limit; one alone may be chance."""


def guess(rows: Iterable[tuple[Past, str | None]], calendar: WorkCalendar) -> dict[str, int]:
    """How many of the rows each story explains; the second of a pair is the limit that we have."""
    told: Counter[str] = Counter()
    left: list[set[str]] = []
    for past, ours in rows:
        if ours is not None and nearly(past, ours, calendar):
            told[MINUTES] += 1
        else:
            left.append(limits(past, calendar))
    while left:
        counts = Counter(duration for each in left for duration in sorted(each))
        best = max(counts, key=counts.__getitem__, default="")
        if counts[best] < AT_LEAST:
            told[CHOSEN] += len(left)
            break
        told[OTHER.format(best)] += counts[best]
        left = [each for each in left if best not in each]
    return dict(told.most_common())
