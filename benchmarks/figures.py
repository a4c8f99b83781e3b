"""``python -m benchmarks.figures [--cases N]``: how long scorecards take, in one process without Kafka.

A full recomputation from the facts of all cases, and a refresh of all cards after one event.
"""

from __future__ import annotations

import argparse
import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from benchmarks.many_cases import many_cases
from schemas.inputs import RatedBy
from schemas.rulebook import Rulebook
from services.rating.facts import Stars, State
from services.rating.scorecards import board_of
from services.shell.reference import read_folder
from services.shell.step import COLLECT_RARELY

HANYIN = Path(__file__).parents[1] / "deploy" / "hanyin"
UNTIL = datetime(2022, 7, 29, 9, tzinfo=UTC)
EVENTS = 50


def measure(count: int) -> dict[str, float]:
    """Seconds for a full recomputation; milliseconds for a refresh, median and slowest."""
    gc.set_threshold(*COLLECT_RARELY)  # as the service does
    rules = Rulebook(read_folder(HANYIN))
    facts = list(many_cases(rules, count, UNTIL))
    started = perf_counter()
    board = board_of(facts, rules, "2022-07", UNTIL)
    cards = board.cards()
    full = perf_counter() - started
    took, chance = [], Random(1)
    for number in range(EVENTS):
        case, state = chance.choice(facts)
        started = perf_counter()
        board.advance(UNTIL + timedelta(minutes=number))
        board.put(case, _rated(state, UNTIL))
        board.cards()
        took.append((perf_counter() - started) * 1000)
    return {
        "cases": count,
        "cards": len(cards),
        "full recomputation, s": round(full, 2),
        "refresh after one event, median ms": round(median(took), 1),
        "refresh after one event, slowest ms": round(max(took), 1),
    }


def _rated(state: State, at: datetime) -> State:
    (holding,) = state.holdings
    stars = Stars(RatedBy.RESIDENT, 1, False, at)
    return replace(state, holdings=(replace(holding, ratings=(stars,)),))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="100,000 by default")
    for name, value in measure(parser.parse_args().cases).items():
        print(f"{name:38} {value:>10,}")
