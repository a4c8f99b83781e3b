"""A case with a thousand events costs no more for its next one than it did for its first.

Nothing is timed: Python's calls are counted, which no busy machine changes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest
from bson import encode

from benchmarks.busy_case import EVENTS, PART, words
from benchmarks.cases import START
from schemas.envelope import Message
from schemas.rulebook import Rulebooks
from schemas.topics import SERVICES
from services.shell.desk import Desk
from services.shell.snapshots import States, document_of

ID_BYTES = 16
"""What the desk keeps of each record, so that it knows a copy."""


def calls(desk: Desk[Any], offset: int, event: Message[Any]) -> int:
    """How many functions a fold calls, Python's own included."""
    count = 0

    def heard(_frame: Any, what: str, _argument: Any) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(heard)
    try:
        desk.fold(offset, event)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("service", SERVICES)
def test_the_next_event_of_a_busy_case_costs_what_the_others_did(service: str) -> None:
    decider = import_module(f"services.{service}.domain").DECIDER
    desk: Desk[Any] = Desk(decider, Rulebooks(), 0)
    states: States[Any] = States(decider)
    counted, sizes = [], []
    for offset, event in enumerate(words(START)):
        counted.append(calls(desk, offset, event))
        (entry,) = desk.entries.values()
        if offset in (PART, EVENTS - 1):
            sizes.append(len(encode(document_of(states, 0, entry, "one"))))
    assert not entry.void
    first, last = counted[10:PART], counted[-PART:]
    assert max(last) <= max(first)
    assert sizes[1] - sizes[0] <= ID_BYTES * EVENTS, "only ids are added to what is stored"
