"""Whoever dies, freezes or loses its partitions: figures lack nothing, and are of no two moments."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

import pytest

from services.rating.live import Live
from tests.simulation.looking import looked

SEEDS = 40
WITHIN = 1_500

_look_at_own = Live._look_at_own


async def _only_in_memory(self: Live, number: int, desk: Any) -> None:
    """As if all of a partition were always in memory."""
    whole, desk.cases.whole = desk.cases.whole, True
    try:
        await _look_at_own(self, number, desk)
    finally:
        desk.cases.whole = whole


async def _says_more_than_it_took(self: Live, number: int, desk: Any) -> None:
    """The offset is that of the end of the look, not of its beginning."""
    await _look_at_own(self, number, desk)
    self._complete[number] = desk.folded


async def _believes_all_others(self: Live, own: Container[int]) -> None:
    """Another's partition is taken to be as its owner says, unread."""
    stored = await self.runtime.snapshots.stored_up_to()
    self._complete |= {number: at for number, at in stored.items() if number not in own}


OFF: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "what is not in memory is asked for": ("_look_at_own", _only_in_memory),
    "a look is of its beginning": ("_look_at_own", _says_more_than_it_took),
    "another's cases are read before its word is taken": ("_look_at_others", _believes_all_others),
}


def test_figures_lack_nothing_whatever_goes_wrong() -> None:
    played = {seed: looked(seed) for seed in range(SEEDS)}
    assert {seed: world.missed for seed, world in played.items() if world.missed} == {}
    assert sum(world.looks for world in played.values()) > SEEDS


@pytest.mark.parametrize("rule", OFF)
def test_without_this_rule_figures_lack_something(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Live, *OFF[rule])
    assert any(looked(seed).missed for seed in range(WITHIN))
