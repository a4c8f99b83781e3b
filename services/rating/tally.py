"""What has been counted for one unit, and the figures that it makes.

    (verdicts, spans, stars) of each case ─► Tally ─► counts, rates, stars, times

The rule to remember: **a tally counts cases by whole tuples of verdicts**: there are few different
ones, so adding a case is one step, taking it out again is one as well, and the figures are worked out
at the end. What was added and taken out leaves no trace. Which cases they are, the `ledger` knows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from schemas.outputs import Rate
from services.rating.durations import Durations
from services.rating.hours import Hours
from services.rating.judging import Verdict, Window
from services.rating.measures import MEASURES, SPANS, Measure
from services.rating.views import View

JUDGES = tuple(measure.judge for measure in MEASURES)
KINDS = ("elapsed", "working")
Spans: TypeAlias = tuple[int | None, ...]
"""Hundredths of an hour, elapsed and working, of each row of the table of times."""


class Line(NamedTuple):
    """What one case says of a unit."""

    verdicts: tuple[Verdict | None, ...]
    spans: Spans
    stars: int | None


def read(view: View, window: Window, hours: Hours) -> Line:
    spans: list[int | None] = []
    for span in SPANS:
        between = span.between(view)
        spans += hours(*between) if between is not None else (None, None)
    return Line(
        tuple([judge(view, window) for judge in JUDGES]),
        tuple(spans),
        view.rating.stars if view.rating is not None else None,
    )


def _durations() -> list[Durations]:
    return [Durations() for _ in range(len(SPANS) * len(KINDS))]


@dataclass(slots=True)
class Tally:
    cases: Counter[tuple[Verdict | None, ...]] = field(default_factory=Counter)
    """Of how many cases the judges said the same."""
    spans: list[Durations] = field(default_factory=_durations)
    stars: Counter[int] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        self.cases[line.verdicts] += 1
        if line.stars is not None:
            self.stars[line.stars] += 1
        for durations, value in zip(self.spans, line.spans, strict=True):
            if value is not None:
                durations.add(value)

    def remove(self, line: Line) -> None:
        """Take out a line that was added."""
        self.cases[line.verdicts] -= 1
        if not self.cases[line.verdicts]:
            del self.cases[line.verdicts]
        if line.stars is not None:
            self.stars[line.stars] -= 1
        for durations, value in zip(self.spans, line.spans, strict=True):
            if value is not None:
                durations.remove(value)

    @property
    def is_empty(self) -> bool:
        return not self.cases

    def of_measures(self) -> dict[str, Counter[Verdict]]:
        """How often each verdict fell, for each measure."""
        found: dict[str, Counter[Verdict]] = {m.name: Counter() for m in MEASURES}
        counters = list(found.values())
        for verdicts, alike in self.cases.items():
            for counter, verdict in zip(counters, verdicts, strict=True):
                if verdict is not None:
                    counter[verdict] += alike
        return found


def rate(measure: Measure, verdicts: Counter[Verdict]) -> Rate:
    counted = verdicts["counted"]
    return Rate(
        numerator=counted,
        denominator=counted + verdicts["missed"],
        excluded={why: verdicts[why] for why in measure.left_out if verdicts[why]},
    )


def stars(tally: Tally) -> dict[str, Any]:
    """``n`` ratings, their mean to two places (None without any), and how many of each."""
    histogram = {given: tally.stars[given] for given in range(1, 6)}
    n = sum(histogram.values())
    total = sum(given * times for given, times in histogram.items())
    return {
        "n": n,
        "mean": round(total / n, 2) if n else None,
        "histogram": {str(given): times for given, times in histogram.items()},
    }


def times(tally: Tally) -> dict[str, Any]:
    """For each span, hours elapsed and working: ``n``, and of each kind ``p50`` and ``p90``."""
    pairs = zip(tally.spans[::2], tally.spans[1::2], strict=True)
    return {span.name: _span(*pair) for span, pair in zip(SPANS, pairs, strict=True)}


def _span(elapsed: Durations, working: Durations) -> dict[str, Any]:
    return {"n": elapsed.n, "elapsed": elapsed.percentiles(), "working": working.percentiles()}
