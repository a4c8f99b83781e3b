"""A log that is folded anew in little memory gives the facts that it gives in much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from schemas.envelope import Message
from services.rating.cabinet import written
from services.rating.domain import DECIDER
from services.rating.refolding import Refolding
from services.shell.desk import Desk
from tests.log import RULEBOOKS
from tests.unit.looked_at import lives


def at_once(log: Sequence[Message[Any]]) -> dict[str, bytes]:
    desk = Desk(DECIDER, RULEBOOKS, 0)
    for offset, event in enumerate(log):
        desk.fold(offset, event)
    return {case: written(entry.state) for case, entry in desk.entries.items()}


@settings(max_examples=60, deadline=None)
@for_any(
    st.lists(st.integers(0, len(lives()) - 1), max_size=60), st.integers(0, 4), st.integers(1, 5)
)
def test_a_case_that_waits_on_disk_folds_as_in_memory(
    order: list[int], most: int, looks_every: int
) -> None:
    """In any order and with copies, so that much is void; what was seen is known on the disk as well."""
    log = [lives()[number] for number in order]
    refolding = Refolding(most, looks_every)
    for offset, event in enumerate(log):
        refolding.fold(0, offset, event)
    assert {case: written(state) for case, state in refolding.facts().items()} == at_once(log)


def test_only_so_many_cases_are_in_memory() -> None:
    refolding = Refolding(most=1, looks_every=1)
    for offset, event in enumerate(lives()):
        refolding.fold(int(event.subject[-1], 16) % 2, offset, event)
        assert sum(len(desk.entries) for desk in refolding._desks.values()) <= 1
