"""What a case is counted and found under, from its state alone, so that nothing looks at all cases.

triage                      a petition officer is asked something: it is on the queue
unrouted                    nobody has it: it waits for `assign`
open/<department>/<level>   held by a lead
wrong/<department>          that returned it, and triage found to be wrong

The rule to remember: `triage` stands first, since the index finds a label by its beginning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from schemas.lifecycle import HELD, Status
from services.router.state import State
from services.router.triage import is_asked

TRIAGE = "^triage"
"""Finds what is on the queue."""


def labels(state: State) -> tuple[str, ...]:
    found = ["triage"] if is_asked(state) else []
    status = state.standing.status
    if status is Status.TRIAGE:
        found.append("unrouted")
    if status in HELD and state.lead:
        found.append(f"open/{state.lead}/{state.now.level}")
    found += [f"wrong/{department}" for department in state.wrong_returns]
    return tuple(found)


def held_by(departments: Iterable[str]) -> str:
    """Finds what one of them leads."""
    codes = "|".join(re.escape(code) for code in sorted(departments))
    return rf"(^| )open/({codes})/"


def counted(
    labels: Mapping[str, int],
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str]], int]:
    """How many cases are open, by department and level; how many returns were wrong, by department;
    and how many cases are unrouted."""
    held: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str]] = Counter()
    for label, number in labels.items():
        match label.split("/"):
            case ["open", department, level]:
                held[department, level] = number
            case ["wrong", department]:
                wrong[(department,)] = number
    return held, wrong, labels.get("unrouted", 0)
