"""A calendar's answers for one year, laid out so that each is one bisection.

    instants   Mon 08:30 ── 12:00 ── 13:00 ── 17:00 ── Tue 08:30 …
    worked       0 │ runs  3.5 h │ 3.5 │ runs   7.5 h │ …          how much is worked by then
    3wd       +3 days │ Thu 13:00 │ +3 days │ Fri 08:30 │ …        when three working days are over

Between two instants time worked either runs or stands, and ``Nwd`` is either a constant shift or a
constant moment; so what is between two instants is computed once, by the calendar's own rules, and
looked up from then on. A stretch in which neither holds (the Nth day has other hours, the clock
jumps within it) is left to the calendar.

The rule to remember: **a table only remembers**: whatever it says, the calendar says too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(moment: datetime) -> int:
    """Microseconds since 1970. TypeError for a datetime without a zone."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def moment_of(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """The intervals of one working day: openings and closes, in order."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]

    def shift_to(self, other: WorkingDay) -> int | None:
        """How far the other day's intervals lie behind; None where they are other intervals."""
        shift = other.opens[0] - self.opens[0]
        same = len(self.opens) == len(other.opens) and all(
            theirs - ours == shift
            for ours, theirs in zip(
                self.opens + self.closes, other.opens + other.closes, strict=True
            )
        )
        return shift if same else None


class Worked:
    """Time worked since the beginning of a UTC year, at any moment of it."""

    __slots__ = ("points", "zeros")

    def __init__(self, first: int, last: int, days: Sequence[WorkingDay]) -> None:
        self.points: list[datetime] = [moment_of(first)]
        self.zeros: list[datetime | timedelta] = [timedelta(0)]
        """Points alternate. At an opening (odd ones) time runs, as if it had always run since this
        moment; at a close it stands at this sum."""
        total = 0
        for day in days:
            for opens, closes in zip(day.opens, day.closes, strict=True):
                opens, closes = max(opens, first), min(closes, last)
                if opens < closes:
                    self.points += [moment_of(opens), moment_of(closes)]
                    self.zeros.append(moment_of(opens - total))
                    total += closes - opens
                    self.zeros.append(timedelta(microseconds=total))

    def between(self, a: datetime, b: datetime) -> float:
        """Seconds worked from `a` to `b`, both in UTC. Written out for speed."""
        points, zeros = self.points, self.zeros
        i, j = bisect_right(points, a) - 1, bisect_right(points, b) - 1
        before: timedelta = a - zeros[i] if i & 1 else zeros[i]  # type: ignore[assignment]
        by: timedelta = b - zeros[j] if j & 1 else zeros[j]  # type: ignore[assignment]
        return (by - before).total_seconds()


class Shifts:
    """When N working days from any moment of a UTC year are over, keeping the time of day."""

    __slots__ = ("_moments", "_steps")

    def __init__(self, days: Sequence[WorkingDay], n: int) -> None:
        """`days` reach from before the year to N working days after it."""
        moments: list[datetime] = []
        steps: list[timedelta | datetime | None] = []
        for day, target in zip(days, days[n:], strict=False):
            shift = day.shift_to(target)
            step = None if shift is None else timedelta(microseconds=shift)
            for k, opens in enumerate(day.opens):
                # From a close on, it is as if it had come in at the next opening.
                moments += [moment_of(opens), moment_of(day.closes[k])]
                later = k + 1 < len(day.opens)
                steps += [step, moment_of(target.opens[k + 1]) if later and step else None]
            steps[-1] = NEXT
        self._moments, self._steps = moments, _filled(moments, steps)

    def from_(self, start: datetime) -> datetime | None:
        """None where the calendar must say. `start` is in UTC."""
        i = bisect_right(self._moments, start) - 1
        step = self._steps[i] if i >= 0 else None
        return start + step if step.__class__ is timedelta else step  # type: ignore[return-value]


NEXT = datetime.max.replace(tzinfo=UTC)
"""Stands for: as at the next day's opening."""


def _filled(
    moments: Sequence[datetime], steps: Sequence[timedelta | datetime | None]
) -> list[timedelta | datetime | None]:
    """A night says what the next morning's opening says."""
    filled = list(steps)
    for i, step in enumerate(filled):
        if step is NEXT:
            opening = filled[i + 1] if i + 1 < len(filled) else None
            filled[i] = moments[i + 1] + opening if isinstance(opening, timedelta) else None
    return filled


def around(days: Sequence[WorkingDay], first: int, n: int, last: int) -> Sequence[WorkingDay]:
    """The days from the one before `first` to the nth after `last`."""
    begins = [day.opens[0] for day in days]
    start = max(bisect_left(begins, first) - 1, 0)
    return days[start : bisect_right(begins, last) + n + 1]
