"""The simulator can fail: with any one safeguard turned off, it finds a broken promise.

Promises that only restate the safeguard are left out of the judgement: what counts is what somebody
outside would suffer.
"""

from __future__ import annotations

import pytest

from tests.invariants import Violation
from tests.simulation.running import play
from tests.simulation.safeguards import OFF

WITHIN = 1_000
RESTATES = {
    "one event a cause": {"one cause has at most one event", "ids follow from causes"},
    "ids from causes": {"ids follow from causes"},
    "a case waits for its event in flight": {"all comes to rest"},
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("safeguard", OFF)
def test_without_this_safeguard_a_promise_is_broken(safeguard: str) -> None:
    assert first_broken(safeguard), f"nothing was found in {WITHIN} schedules"


def first_broken(safeguard: str) -> list[Violation]:
    for seed in range(WITHIN):
        found = play(seed, OFF[safeguard]()).violations
        if real := [each for each in found if each.promise not in RESTATES.get(safeguard, ())]:
            return real
    return []
