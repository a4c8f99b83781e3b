"""What has been counted for one unit, and the card that it makes.

    (verdicts, spans, stars) of each case ─► Tally ─► counts, rates, stars, times

The rule to remember: **a tally counts whole tuples of verdicts**: there are few different ones, so
adding a case is one step, and the figures are worked out at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple, TypeAlias

from schemas.outputs import Rate
from services.rating.hours import Hours
from services.rating.judging import Verdict, Window
from services.rating.measures import MEASURES, SPANS, Measure
from services.rating.views import View

JUDGES = tuple(measure.judge for measure in MEASURES)
Spans: TypeAlias = tuple[tuple[float, float] | None, ...]


class Line(NamedTuple):
    """What one case says of a unit."""

    verdicts: tuple[Verdict | None, ...]
    spans: Spans
    stars: int | None


def read(view: View, window: Window, hours: Hours) -> Line:
    spans = [span.between(view) for span in SPANS]
    return Line(
        tuple([judge(view, window) for judge in JUDGES]),
        tuple([hours(*span) if span is not None else None for span in spans]),
        view.rating.stars if view.rating is not None else None,
    )


@dataclass(slots=True)
class Tally:
    verdicts: Counter[tuple[Verdict | None, ...]] = field(default_factory=Counter)
    spans: list[Spans] = field(default_factory=list)
    stars: Counter[int | None] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        self.verdicts[line.verdicts] += 1
        self.spans.append(line.spans)
        self.stars[line.stars] += 1

    def of_measures(self) -> dict[str, Counter[Verdict]]:
        """How often each verdict fell, for each measure."""
        found: dict[str, Counter[Verdict]] = {m.name: Counter() for m in MEASURES}
        for verdicts, times in self.verdicts.items():
            for measure, verdict in zip(MEASURES, verdicts, strict=True):
                if verdict is not None:
                    found[measure.name][verdict] += times
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
    columns = zip(*tally.spans, strict=True) if tally.spans else ((),) * len(SPANS)
    return {span.name: _span(column) for span, column in zip(SPANS, columns, strict=True)}


def _span(column: Iterable[tuple[float, float] | None]) -> dict[str, Any]:
    hours = [both for both in column if both is not None]
    return {
        "n": len(hours),
        "elapsed": percentiles([elapsed for elapsed, _ in hours]),
        "working": percentiles([working for _, working in hours]),
    }


def percentiles(hours: Sequence[float]) -> dict[str, float | None]:
    """By nearest rank, so that each is the time of a real case; to a hundredth of an hour."""
    ordered = sorted(hours)
    return {
        f"p{share}": round(ordered[ceil(len(ordered) * share / 100) - 1], 2) if ordered else None
        for share in (50, 90)
    }
