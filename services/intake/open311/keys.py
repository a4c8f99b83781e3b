"""Who may send, and how often: api keys with their sources, and a bucket of tokens for each.

The one rule to remember: **a key speaks for one source**. A report that names another is refused, so
nobody can take another's report ids.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic

MOST_CALLERS = 10_000
"""Callers remembered; of more, whoever was silent longest is forgotten."""


class KeysError(ValueError):
    """The setting cannot be read; the text says how to write it."""


def read_keys(setting: str) -> dict[str, str]:
    """``key=source,key=source`` as source by key. Raises `KeysError`."""
    keys: dict[str, str] = {}
    for item in filter(None, (item.strip() for item in setting.split(","))):
        key, equals, source = item.partition("=")
        if not (equals and len(key.strip()) >= 16 and source.strip()):
            raise KeysError(
                "GRIDCASE_API_KEYS: write key=source,key=source, each key of 16 characters or more"
            )
        keys[key.strip()] = source.strip()
    return keys


def source_of(keys: dict[str, str], given: str | None) -> str | None:
    """The source that a key speaks for; compared in constant time."""
    found = None
    for key, source in keys.items():
        if hmac.compare_digest(key.encode(), (given or "").encode()):
            found = source
    return found


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
