"""What must stay true of figures: they follow from the log, to the last digit."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.outputs import Scorecard
from services.rating.scorecards import scorecards
from tests.history import History


def scorecards_follow_from_the_log(history: History) -> Iterator[str]:
    """Those that the running service gave are those that the log makes, up to where it had read."""
    if not history.cards:
        return
    period, now = history.cards[0].period, history.cards[0].as_of
    assert now is not None, "figures say when they were taken"
    facts = []
    for case in sorted(history.cases.values(), key=lambda case: case.id):
        until = history.cards_until[history.partition_of(case)]
        read = [landed for landed in case.landed if landed.offset < until]
        if read:
            facts.append((case.id, read[-1].states["rating"]))
    made = scorecards(facts, history.rulebooks.at(now), period, now)
    given, expected = _by_unit(history.cards), _by_unit(made)
    for unit in sorted(given.keys() | expected.keys()):
        if given.get(unit) != expected.get(unit):
            yield f"{period} {unit}: {given.get(unit)}, but the log makes {expected.get(unit)}"


def _by_unit(cards: list[Scorecard]) -> dict[str, str]:
    return {f"{card.scope}/{card.id}": card.model_dump_json() for card in cards}
