"""How often one may call: a bucket of tokens for each caller. Who may at all: `services.shell.access`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic

MOST_CALLERS = 10_000
"""Callers remembered; of more, whoever was silent longest is forgotten."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """So many calls a minute for each caller, as many at once."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self.per_minute = per_minute
        self.clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, caller: str) -> int:
        """0 and one call less, or the seconds until the next is allowed."""
        now, each = self.clock(), self.per_minute / 60
        bucket = self._buckets.pop(caller, None) or _Bucket(float(self.per_minute), now)
        bucket.tokens = min(self.per_minute, bucket.tokens + (now - bucket.at) * each)
        bucket.at = now
        self._buckets[caller] = bucket
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(ceil((1 - bucket.tokens) / each), 1)
