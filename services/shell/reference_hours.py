"""Rules for hours and days of their own: do two of them meet, do they fill the week together?

    hours × (working, free) days ─► the minutes of two days ─► overlap, or all of them

The rule to remember: rules whose other conditions are the same may stand beside each other as long
as no minute belongs to two that are equally specific.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.duty import DAY_MINUTES, minutes
from schemas.reference import RoutingRule

WHOLE_DAY = (1 << DAY_MINUTES) - 1


def week(rule: RoutingRule) -> int:
    """The minutes at which a rule applies, as bits: those of a working day, then of a free one."""
    day = _day(rule)
    return (0 if rule.days == "free" else day) | (
        0 if rule.days == "working" else day << DAY_MINUTES
    )


def _day(rule: RoutingRule) -> int:
    if rule.hours is None:
        return WHOLE_DAY
    begins, lasts = minutes(rule.hours)
    bits = ((1 << lasts) - 1) << begins
    return (bits | bits >> DAY_MINUTES) & WHOLE_DAY


def always(rules: Iterable[RoutingRule]) -> bool:
    """Whether one of the rules applies at any time."""
    filled = 0
    for rule in rules:
        if rule.hours is None and rule.days is None:
            return True
        filled |= week(rule)
    return filled == WHOLE_DAY | WHOLE_DAY << DAY_MINUTES


def meet(one: RoutingRule, other: RoutingRule) -> bool:
    """Whether two rules of the same conditions, their times aside, are equally specific at some
    minute: both or neither name hours, both or neither name days."""
    alike = (one.hours is None) == (other.hours is None) and (one.days is None) == (
        other.days is None
    )
    return alike and bool(week(one) & week(other))
