"""Several counties at a time: each in one process, as many processes as asked for.

    plans ─► dealt out ─► simulate ─► Lived … in the order of the plans

The rule to remember: **counties share nothing**, so how many processes there are changes nothing.
The cases of one county share its departments' queues, and stay together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic, process_time
from typing import Any

from lab.replay.running import dealt
from lab.simulate.checking import OnTime, on_time
from lab.simulate.county import Plan, simulate, simulate_log
from lab.simulate.habits import Habits
from lab.simulate.observing import Observed
from schemas.envelope import Message
from schemas.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Lived:
    """What became of one county. `seconds` by the clock on the wall; `cpu` of processor time, where
    all was done in this process."""

    cases: int
    events: int
    on_time: dict[str, OnTime]
    """By department, in the order of their codes."""
    seconds: float
    cpu: float | None


def told(seen: Observed, seconds: float, cpu: float | None = None) -> Lived:
    return Lived(len(seen.cases), seen.events, dict(sorted(on_time(seen).items())), seconds, cpu)


def live(
    plan: Plan,
    habits: Habits,
    rules: Rulebook,
    log: Path | None = None,
    to: Callable[[datetime], None] = lambda _moment: None,
) -> Lived:
    """One county, its log written where one is named; `to` is told how far time has come. Raises
    OSError where the log cannot be written."""
    seen, began, used = Observed(), monotonic(), process_time()

    def see(event: Message[Any]) -> None:
        seen.take(event)
        to(event.time)

    if log is None:
        simulate(plan, habits, rules, see)
    else:
        simulate_log(plan, habits, rules, log, see)
    return told(seen, monotonic() - began, process_time() - used)


def live_all(
    plans: Sequence[Plan],
    habits: Habits,
    rules: Rulebook,
    logs: Sequence[Path | None],
    jobs: int,
) -> list[Lived]:
    """All of them, over so many processes; a plan's log is that at its place."""
    return dealt(partial(_share, plans, habits, rules, logs), len(plans), jobs)


def _share(
    plans: Sequence[Plan],
    habits: Habits,
    rules: Rulebook,
    logs: Sequence[Path | None],
    mine: Sequence[int],
) -> list[Lived]:
    return [live(plans[place], habits, rules, logs[place]) for place in mine]
