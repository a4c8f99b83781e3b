"""Closed periods: computed once, kept as published, and told on `scorecards`.

    every partition has passed the month's end ─► the log up to there ─► scorecards ─► MongoDB
                                                                          ├► topic `scorecards`
                                                                          └► topic `visits.requested`

The figures are made from the log as it was known at the moment when they are taken, so whoever has
the log can make them again, to the byte (`gridcase rating verify`).

The rule to remember: **what was published stays** (see `published`). A crash between storing and
telling tells the stored cards again. What arrives later changes the figures as they are now, never
the published ones: only a correction does, with its reason, and as another version. Only the owner
of partition 0 publishes.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from pymongo.errors import PyMongoError

from schemas import envelope, ids
from schemas.envelope import Message
from schemas.outputs import Scorecard, VisitRequested
from schemas.reference import elapsed
from schemas.rulebook import Rulebook
from schemas.topics import SCORECARDS, VISITS_REQUESTED
from services.rating.facts import State
from services.rating.league import compared
from services.rating.periods import month_of, months_between, previous, window_of
from services.rating.published import Edition, Published
from services.rating.scorecards import scorecards
from services.rating.time_machine import TimeMachine
from services.rating.visits import draw
from services.shell.runtime import Runtime

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.2
CORRECTIONS_SECONDS = 2.0
_NEVER = datetime.max.replace(tzinfo=UTC)
"""For asking when a period ends, which does not depend on now."""


def taken_at(rules: Rulebook, period: str) -> datetime:
    """When the figures of a period are taken: at its end, or as long after it as the county says."""
    return window_of(rules, period, _NEVER).end + _grace(rules)


def _grace(rules: Rulebook) -> timedelta:
    after = rules.settings.publish_after
    return elapsed(after) if after is not None else timedelta(0)


class Bulletin:
    """Publishes closed periods for one running rating service."""

    def __init__(self, runtime: Runtime[State]) -> None:
        self.runtime = runtime
        self.published = Published(runtime.database)
        self.time_machine = TimeMachine(runtime.settings)
        self.month: str | None = None
        """The month that had begun when closed periods were last looked for."""
        self._looked = 0.0

    async def run(self) -> None:
        """Look for periods that are over whenever a new one has begun, and for corrections, for
        ever."""
        await self.published.prepare(self.runtime.log.id)
        while True:
            try:
                await self._look()
            except PyMongoError as error:
                logger.warning("the bulletin waits for the database: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        begun = self._begun()
        if begun != self.month and await self._publish_all():
            self.month = begun
        if monotonic() - self._looked >= CORRECTIONS_SECONDS:
            await self._correct()
            self._looked = monotonic()

    def waiting(self) -> bool:
        """Whether a look is still to come: for those who wait for quiet."""
        return self._begun() != self.month

    def _begun(self) -> str | None:
        """The month whose figures are the next to be taken."""
        passed = self.runtime.step.passed
        if passed is None:
            return self.month
        rules = self.runtime.feed.rulebooks.at(passed)
        return month_of(rules, passed - _grace(rules))

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
        for period in months_between(rules, first, passed - _grace(rules)) if first else ():
            if not await self._all_have_passed(taken_at(rules, period)):
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
        """Publish a period that is over, unless that is done."""
        edition = await self.published.newest(period)
        if edition is None:
            edition = await self._new(period, rules, taken_at(rules, period), 1)
        if not edition.told:
            await self._tell(await self.published.cards(edition))
            if edition.version == 1:
                await self._ask_for_visits(edition, rules)
            await self.published.was_told(edition)
            logger.info("period %s: version %s published", period, edition.version)

    async def _new(
        self, period: str, rules: Rulebook, as_of: datetime, version: int, reason: str | None = None
    ) -> Edition:
        facts = await self.time_machine.facts(as_of)
        cards = await asyncio.to_thread(scorecards, facts, rules, period, as_of)
        before = await self.published.newest(previous(period))
        if before is not None:
            old = await self.published.cards(before)
            cards = compared(cards, {(card.scope, card.id): card for card in old})
        named = {"version": version, "reason": reason}
        edition = Edition(period, version, as_of, rules.version, reason)
        await self.published.put(edition, [card.model_copy(update=named) for card in cards])
        return edition

    # ── corrections ──────────────────────────────────────────────────────────────────────────

    @property
    def wanted(self) -> Any:
        """Corrections that somebody asked for: ``{_id, period, reason, by}``."""
        return self.runtime.database["rating_corrections"]

    async def _correct(self) -> None:
        """Publish another version of each period for which somebody gave a reason. What became of
        the wish stays with it."""
        passed = self.runtime.step.passed
        if passed is None or 0 not in self.runtime.step.desks:
            return
        async for wish in self.wanted.find({"edition": {"$exists": False}}):
            edition = await self.published.newest(wish["period"])
            if edition is None:
                said = {"edition": None, "refusal": "this period has not been published yet"}
            else:
                rules = self.runtime.feed.rulebooks.at(passed)
                version = edition.version + 1
                made = await self._new(wish["period"], rules, passed, version, wish["reason"])
                await self._publish(wish["period"], rules)
                said = {"edition": made.id}
            await self.wanted.update_one({"_id": wish["_id"]}, {"$set": said})

    async def _ask_for_visits(self, edition: Edition, rules: Rulebook) -> None:
        """The month's sample of closed cases goes to whoever makes return visits."""
        facts = await self.time_machine.facts(edition.as_of)
        visits = await asyncio.to_thread(draw, facts.items(), rules, edition.period)
        topic = self.runtime.settings.topic(VISITS_REQUESTED.name)
        messages = [_visit(visit, edition.as_of) for visit in visits]
        futures = [
            await self.runtime.producer.send(
                topic, envelope.write(message), key=message.subject.encode()
            )
            for message in messages
        ]
        await asyncio.gather(*futures)

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


def _visit(visit: VisitRequested, at: datetime) -> Message[VisitRequested]:
    identity = ids.derive("visit", visit.period, visit.case_id)
    return Message(identity, "/services/rating", visit.case_id, at, visit)


def _message(card: Scorecard) -> Message[Scorecard]:
    identity = ids.derive("scorecard", _key(card), card.version)
    assert card.as_of is not None, "a published card says when it was made"
    return Message(identity, "/services/rating", _key(card), card.as_of, card)
