"""The routing rules of one version, indexed: which apply to a matter, the most specific first.

    area ─► tables of the ruled places above it ─► category, family, any ─► service, urgency ─► rules

The rule to remember: **how specific a rule is follows from its conditions alone**, never from its
place in the file: area, then category, then service, urgency, hours, days. Two rules that are equal
in all of these tie, which the check refuses (`services.shell.reference_check`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.reference import RoutingRule, Service, Urgency

Conditions = tuple[Service | None, Urgency | None]
Table = dict[str | None, dict[Conditions, list[RoutingRule]]]
"""Category → (service, urgency) → rules; None is any."""

TRIED: dict[Conditions, tuple[Conditions, ...]] = {
    (service, urgency): tuple(
        dict.fromkeys((s, u) for s in (service, None) for u in (urgency, None))
    )
    for service in (None, *Service)
    for urgency in (None, *Urgency)
}
"""What to look for, most specific first: the service goes before the urgency."""


class RuleIndex:
    """No question scans the rules: a matter costs some microseconds, with ten rules or 50,000."""

    def __init__(self, rules: Iterable[RoutingRule]) -> None:
        self._tables: dict[str | None, Table] = {}
        for rule in rules:
            bucket = self._tables.setdefault(rule.area, {}).setdefault(rule.category, {})
            bucket.setdefault((rule.service, rule.urgency), []).append(rule)
        for table in self._tables.values():
            for bucket in table.values():
                for found in bucket.values():
                    found.sort(key=timed_first)

    def tables(self, path: Iterable[str]) -> tuple[Table, ...]:
        """The rules of each place of a path that has some, then those for anywhere."""
        return tuple(self._tables[place] for place in (*path, None) if place in self._tables)


def matching(
    tables: Sequence[Table],
    kinds: Sequence[str | None],
    service: Service | None,
    urgency: Urgency | None,
) -> list[RoutingRule]:
    """All rules for a matter, whatever the time, most specific first."""
    buckets = [table[kind] for table in tables for kind in kinds if kind in table]
    if not buckets:
        return []
    tried = TRIED[service, urgency]
    return [rule for bucket in buckets for key in tried if key in bucket for rule in bucket[key]]


def timed_first(rule: RoutingRule) -> tuple[bool, bool, str]:
    """Hours go before days, days before any time; ids only settle what cannot apply together."""
    return (rule.hours is None, rule.days is None, rule.id)
