"""A county lived through: its log, written as it comes.

    habits + reference data + seed ─► reports ─► four deciders ◄─► parties ─► log

The rule to remember: **same seed, same bytes**: nothing here reads a clock, and what several cases
share (a department's queue) they share in the order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lab import inputs
from lab.inputs import TimedInput
from lab.runner import Runner, unhindered
from lab.simulate.arrivals import Coming, Span
from lab.simulate.habits import Habits
from lab.simulate.parties import CountyParties
from schemas import envelope
from schemas.envelope import Message
from schemas.rulebook import Rulebook

PEOPLE = 310_000
AFTERWARDS = 60
"""Days for which time goes on after the last report."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated: which days, how many cases (None: as the rates give), by which luck."""

    span: Span
    seed: int
    afterwards: int = AFTERWARDS
    people: int = PEOPLE
    extra: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    """Comes before report ids, where several counties are in one log."""

    def start(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.span.first, time(), zone).astimezone(UTC)

    def end(self, zone: ZoneInfo) -> datetime:
        last = self.span.first + timedelta(days=self.span.days + self.afterwards)
        return datetime.combine(last, time(), zone).astimezone(UTC)


def reports(plan: Plan, habits: Habits, rules: Rulebook) -> Iterator[TimedInput]:
    coming = Coming(habits, rules, plan.seed, plan.people, plan.name)
    return (inputs.report(report) for report in coming.reports(plan.span))


def simulate(
    plan: Plan,
    habits: Habits,
    rules: Rulebook,
    see: Callable[[Message[Any]], None],
    feed: Iterable[TimedInput] | None = None,
) -> None:
    """Live through the plan; `see` is told of every event, in the order of time. `feed` comes in
    instead of what the habits would bring."""
    parties = CountyParties(habits, rules, plan.seed, plan.extra)
    runner = Runner(rules.reference, parties, see)
    with unhindered():
        coming = reports(plan, habits, rules) if feed is None else feed
        runner.run(coming, plan.end(rules.zone))


def simulate_log(
    plan: Plan,
    habits: Habits,
    rules: Rulebook,
    to: Path,
    see: Callable[[Message[Any]], None] = lambda _event: None,
) -> None:
    """`simulate` into a file of one event a line. Raises OSError where it cannot be written."""
    with to.open("wb") as file:

        def put(event: Message[Any]) -> None:
            file.write(envelope.write(event) + b"\n")
            see(event)

        simulate(plan, habits, rules, put)
