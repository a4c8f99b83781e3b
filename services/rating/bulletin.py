"""Closed periods: computed once, kept as published, and told on `scorecards`.

    every partition has passed the month's end ─► facts of all cases ─► scorecards ─► MongoDB
                                                                          └► topic `scorecards`

The rule to remember: **what was published stays**. The cards are stored before they are told, and a
crash between the two tells the stored ones again. Only the owner of partition 0 publishes.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from schemas import envelope, ids
from schemas.envelope import Message
from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from schemas.topics import SCORECARDS
from services.rating.facts import State
from services.rating.periods import month_of, months_between, window_of
from services.rating.scorecards import scorecards
from services.shell.runtime import Runtime

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.2


async def cards_of(
    runtime: Runtime[State], rules: Rulebook, period: str, now: datetime
) -> list[Scorecard]:
    """The scorecards of a period from the stored facts. Computed in a thread: with many cases it
    takes seconds, in which the step must go on and the group must hear of us."""
    documents = await runtime.snapshots.read(_not_over_before(rules, period, now))
    return await asyncio.to_thread(
        lambda: scorecards(runtime.snapshots.facts(documents), rules, period, now)
    )


def _not_over_before(rules: Rulebook, period: str, now: datetime) -> dict[str, Any]:
    """Cases that ended before the period say nothing about it."""
    start = window_of(rules, period, now).start.isoformat().replace("+00:00", "Z")
    return {"$or": [{"state.ended_at": {"$exists": False}}, {"state.ended_at": {"$gte": start}}]}


class Bulletin:
    """Publishes closed periods for one running rating service."""

    def __init__(self, runtime: Runtime[State]) -> None:
        self.runtime = runtime
        self.month: str | None = None
        """The month that had begun when closed periods were last looked for."""

    @property
    def stored(self) -> Any:
        return self.runtime.database["rating_periods"]

    async def run(self) -> None:
        """Look for periods that are over whenever a new one has begun, for ever."""
        while True:
            begun = self._begun()
            if begun != self.month and await self._publish_all():
                self.month = begun
            await asyncio.sleep(LOOK_SECONDS)

    def waiting(self) -> bool:
        """Whether a look is still to come: for those who wait for quiet."""
        return self._begun() != self.month

    def _begun(self) -> str | None:
        passed = self.runtime.step.passed
        return month_of(self.runtime.feed.rulebooks.at(passed), passed) if passed else self.month

    async def _publish_all(self) -> bool:
        """Publish every period that is over; False while some partition has not come so far."""
        step, snapshots = self.runtime.step, self.runtime.snapshots
        passed = step.passed
        if passed is None:
            return False
        await step.save()
        await snapshots.keep_progress(step.desks, passed)
        if 0 not in step.desks:
            return True
        rules = self.runtime.feed.rulebooks.at(passed)
        first = await self._first_case()
        for period in months_between(rules, first, passed) if first else ():
            if not await self._all_have_passed(window_of(rules, period, passed).end):
                return False
            await self._publish(period, rules)
        return True

    async def _first_case(self) -> datetime | None:
        """When the earliest case was opened, of those that this instance knows or has stored."""
        known = [
            entry.state.opened_at
            for desk in self.runtime.step.desks.values()
            for entry in desk.entries.values()
            if entry.state.opened_at is not None
        ]
        stored = await self.runtime.snapshots.collection.find_one(
            {"state.opened_at": {"$ne": None}}, sort=[("state.opened_at", 1)]
        )
        if stored is not None and stored["incarnation"] == self.runtime.snapshots.incarnation:
            known.append(datetime.fromisoformat(stored["state"]["opened_at"]))
        return min(known, default=None)

    async def _all_have_passed(self, end: datetime) -> bool:
        """Every partition's stored facts are from after the period's end."""
        progress = await self.runtime.snapshots.progress()
        return len(progress) == self.runtime.step.partitions and min(progress.values()) >= end

    async def _publish(self, period: str, rules: Rulebook) -> None:
        kept = await self.stored.find_one({"_id": period})
        if kept is None or kept["incarnation"] != self.runtime.snapshots.incarnation:
            kept = await self._compute(period, rules)
            await self.stored.replace_one({"_id": period}, kept, upsert=True)
        if not kept["told"]:
            await self._tell([Scorecard.model_validate(card) for card in kept["cards"]])
            await self.stored.update_one({"_id": period}, {"$set": {"told": True}})
        logger.info("period %s: %s scorecards published", period, len(kept["cards"]))

    async def _compute(self, period: str, rules: Rulebook) -> dict[str, Any]:
        end = window_of(rules, period, datetime.now(UTC)).end
        cards = await cards_of(self.runtime, rules, period, end)
        return {
            "_id": period,
            "incarnation": self.runtime.snapshots.incarnation,
            "told": False,
            "cards": [card.model_dump(mode="json") for card in cards],
        }

    async def _tell(self, cards: list[Scorecard]) -> None:
        topic = self.runtime.settings.topic(SCORECARDS.name)
        futures = [
            await self.runtime.producer.send(
                topic, envelope.write(_message(card)), key=_key(card).encode()
            )
            for card in cards
        ]
        await asyncio.gather(*futures)


def _key(card: Scorecard) -> str:
    return f"{card.period}/{card.scope}/{card.id}"


def _message(card: Scorecard) -> Message[Scorecard]:
    identity = ids.derive("scorecard", _key(card), card.version)
    assert card.as_of is not None, "a published card says when it was made"
    return Message(identity, "/services/rating", _key(card), card.as_of, card)
