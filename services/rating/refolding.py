"""Folding a whole log anew, in little memory: most cases wait on disk until their next event.

    fold(partition, offset, event) … ─► facts(): the cabinet with all cases

The rule to remember: **it is the desk that folds**, copies and voids as in live reading; here is only
said which cases lie before it. As in the step, a case leaves when the disk has it as it stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from schemas.envelope import Message
from schemas.rulebook import Rulebooks
from services.decider import never_due
from services.rating.cabinet import Cabinet
from services.rating.domain import DECIDER
from services.rating.facts import State
from services.rating.scratch import scratch
from services.shell.desk import Desk
from services.shell.entries import Entry

FOLDS = replace(DECIDER, due=never_due)
"""What was known at a moment: no timer runs."""
MOST = 15_000
"""Cases in memory."""
LOOKS_EVERY = 1_000
"""Records after which it is seen whether there are more."""


class Refolding:
    def __init__(self, most: int = MOST, looks_every: int = LOOKS_EVERY) -> None:
        self._most = most
        self._looks_every = looks_every
        self._desks: dict[int, Desk[State]] = {}
        self._facts = Cabinet()
        self._rest = scratch(
            "CREATE TABLE rest (case_id TEXT PRIMARY KEY, position INTEGER, seen BLOB, void BLOB, "
            "copies BLOB) WITHOUT ROWID"
        )
        """What there is of a case beside its facts."""
        self._folded = 0

    def fold(self, partition: int, offset: int, event: Message[Any]) -> None:
        desk = self._desks.get(partition)
        if desk is None:
            desk = self._desks[partition] = Desk(FOLDS, Rulebooks(), partition)
        if missing := desk.missing((event.subject,)):
            desk.adopt(self._found(event.subject), missing)
        desk.fold(offset, event)
        self._folded += 1
        if self._folded % self._looks_every == 0:
            self._make_room()

    def facts(self) -> Cabinet:
        """Of all cases, as they were folded so far."""
        for desk in self._desks.values():
            self._put_down(desk)
        return self._facts

    def _make_room(self) -> None:
        """Once it is full, for half of it: so each case is put down once for several events."""
        if sum(len(desk.entries) for desk in self._desks.values()) <= self._most:
            return
        for desk in self._desks.values():
            self._put_down(desk)
            desk.cases.room = self._most // (2 * len(self._desks))
            desk.end_turn()

    def _put_down(self, desk: Desk[State]) -> None:
        for case, entry in desk.take_dirty().items():
            self._facts.put(case, entry.state)
            row = (case, entry.offset, entry.seen, entry.void, orjson.dumps(entry.copies))
            self._rest.execute("REPLACE INTO rest VALUES (?, ?, ?, ?, ?)", row)
            desk.cases.confirm(case, entry.offset)

    def _found(self, case: str) -> list[Entry[State]]:
        found = self._rest.execute(
            "SELECT position, seen, void, copies FROM rest WHERE case_id = ?", (case,)
        ).fetchone()
        if found is None:
            return []
        offset, seen, void, copies = found
        return [
            Entry(
                case, self._facts[case], seen, void, offset, tuple(orjson.loads(copies)),
                stored=offset,
            )
        ]  # fmt: skip
