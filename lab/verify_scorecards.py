"""Published figures against the log: the proof that they follow from it, to the byte.

case.events, as it was known when an edition was taken ─► scorecards ─► the same bytes?
"""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from schemas.outputs import Scorecard
from services.rating.league import compared
from services.rating.periods import previous
from services.rating.published import Edition, Published
from services.rating.scorecards import scorecards
from services.rating.time_machine import TimeMachine
from services.shell.incarnation import log_of
from services.shell.reference_feed import ReferenceFeed
from services.shell.settings import Settings
from services.shell.snapshots import connect


@dataclass(slots=True)
class Verified:
    """How one edition compares with what the log makes."""

    edition: Edition
    cards: int = 0
    different: list[str] = field(default_factory=list)
    """Scope and id of cards that are not the same, or are in one of both alone."""


def held_against(edition: Edition, stored: list[Scorecard], made: list[Scorecard]) -> Verified:
    """Card by card, as bytes."""
    ours, theirs = ({f"{c.scope}/{c.id}": _bytes(c) for c in cards} for cards in (stored, made))
    different = [key for key in sorted(ours | theirs) if ours.get(key) != theirs.get(key)]
    return Verified(edition, len(stored), different)


def _bytes(card: Scorecard) -> bytes:
    return orjson.dumps(card.model_dump(mode="json"))


async def verify(settings: Settings, feed: ReferenceFeed) -> list[Verified]:
    """All editions of the running platform, made again from its log."""
    published = Published(connect(settings.mongo, settings.database))
    await published.prepare((await log_of(settings)).id)
    time_machine = TimeMachine(settings)
    found = []
    for edition in await published.editions():
        facts = await time_machine.facts(edition.as_of)
        rules = feed.rulebooks.get(edition.rules)
        assert rules is not None, f"the rules {edition.rules} are no longer on the topic"
        made = scorecards(facts, rules, edition.period, edition.as_of)
        before = await published.newest(previous(edition.period), edition.as_of)
        if before is not None:
            old = await published.cards(before)
            made = compared(made, {(card.scope, card.id): card for card in old})
        named = {"version": edition.version, "reason": edition.reason}
        made = [card.model_copy(update=named) for card in made]
        found.append(held_against(edition, await published.cards(edition), made))
    return found
