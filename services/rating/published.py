"""What was published: every edition of every period, as it stood then.

    rating_periods {period, version, as_of, reason, …}      one document an edition
    rating_cards   {period, version, scope, id, card}       one document a card

The rule to remember: **an edition never changes**. Its cards are stored first, then the edition, and
only then is it told; a correction is another edition, with its reason.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from schemas.outputs import Scorecard

KEPT = 6
"""Editions whose cards are kept at hand."""


@dataclass(frozen=True, slots=True)
class Edition:
    period: str
    version: int
    as_of: datetime
    """When the figures were taken."""
    rules: str
    reason: str | None = None
    told: bool = False

    @property
    def id(self) -> str:
        return f"{self.period}/v{self.version}"


class Published:
    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._periods = database["rating_periods"]
        self._cards = database["rating_cards"]
        self.incarnation = ""
        """The log's; what was made from another log is not ours."""
        self._at_hand: OrderedDict[str, list[Scorecard]] = OrderedDict()

    async def prepare(self, incarnation: str) -> None:
        self.incarnation = incarnation
        await self._cards.create_index([("scope", 1), ("id", 1), ("period", 1)])
        await self._cards.create_index([("edition", 1)])

    async def editions(self, period: str | None = None) -> list[Edition]:
        """All editions, or those of one period; the earliest first."""
        wanted = {"incarnation": self.incarnation} | ({"period": period} if period else {})
        found = self._periods.find(wanted, {"_id": False, "incarnation": False})
        editions = [Edition(**document) async for document in found]
        return sorted(editions, key=lambda edition: (edition.period, edition.version))

    async def newest(self, period: str, as_of: datetime | None = None) -> Edition | None:
        """The edition that holds, or held at a moment; None if there was none."""
        known = [e for e in await self.editions(period) if as_of is None or e.as_of <= as_of]
        return known[-1] if known else None

    async def cards(self, edition: Edition) -> list[Scorecard]:
        """Its cards, by scope and id as they were made."""
        if edition.id not in self._at_hand:
            wanted = {"edition": edition.id, "incarnation": self.incarnation}
            found = self._cards.find(wanted, {"card": True}).sort("place", 1)
            cards = [Scorecard.model_validate(document["card"]) async for document in found]
            self._at_hand[edition.id] = cards
            while len(self._at_hand) > KEPT:
                self._at_hand.popitem(last=False)
        self._at_hand.move_to_end(edition.id)
        return self._at_hand[edition.id]

    async def history(self, scope: str, id: str, periods: Sequence[str]) -> dict[str, Scorecard]:
        """The cards of one unit in those periods that were published, the newest editions."""
        wanted = {"scope": scope, "id": id, "period": {"$in": list(periods)}}
        found = self._cards.find(wanted | {"incarnation": self.incarnation}, {"card": True})
        cards = [Scorecard.model_validate(document["card"]) async for document in found]
        ordered = sorted(cards, key=lambda card: (card.period, card.version))
        return {card.period: card for card in ordered}

    async def put(self, edition: Edition, cards: Iterable[Scorecard]) -> None:
        """Keep an edition that is not there yet."""
        about = {"edition": edition.id, "incarnation": self.incarnation}
        documents = [
            about
            | {"_id": f"{edition.id}/{card.scope}/{card.id}", "place": place}
            | {"scope": card.scope, "id": card.id, "period": card.period}
            | {"card": card.model_dump(mode="json")}
            for place, card in enumerate(cards)
        ]
        requests = [ReplaceOne({"_id": d["_id"]}, d, upsert=True) for d in documents]
        if requests:
            await self._cards.bulk_write(requests, ordered=False)
        whole = {name: getattr(edition, name) for name in Edition.__slots__}
        whole |= {"_id": edition.id, "incarnation": self.incarnation}
        await self._periods.replace_one({"_id": edition.id}, whole, upsert=True)

    async def was_told(self, edition: Edition) -> None:
        await self._periods.update_one({"_id": edition.id}, {"$set": {"told": True}})
