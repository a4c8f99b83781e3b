"""The board: the scorecards of one period, kept up to date case by case.

    put(case, facts) ─► its old lines out, its new ones in ─┐
    advance(now)     ─► only cases whose limits ran out ────┴─► Tally of each unit ─► cards()
                          (what was said of each: `ledger`)

A full recomputation is a new board with all cases put on it. The rule to remember: **the way does
not matter**: whatever was put, changed and let pass in whatever order, the cards are those of a new
board with the same facts at the same moment, to the byte.

Time changes a verdict only where it passes a moment that stands in the facts of the case, so each
case waits for the next such moment, and time costs no more than what falls due. In memory are the
tallies alone, whose size follows from the units: the cases stand in the ledger, their facts elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias, cast
from zoneinfo import ZoneInfo

from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from services.rating.facts import State
from services.rating.guard import Guard
from services.rating.hours import Hours
from services.rating.judging import Verdict
from services.rating.league import Group, judged, ranks
from services.rating.ledger import Ledger, Share
from services.rating.measures import COUNTS, MEASURES, RATES
from services.rating.periods import window_of
from services.rating.tally import Line, Tally, rate, read, stars, times
from services.rating.units import SCOPES, Key, answerable, known_units, name_of
from services.sla.calendar import WorkCalendar

Facts: TypeAlias = Iterable[tuple[str, State]]
COLUMN = {measure.name: number for number, measure in enumerate(MEASURES)}


class Cell(NamedTuple):
    """The cases behind one figure: how many, and some of them with what was said of each."""

    total: int
    cases: list[tuple[str, Verdict]]


class Board:
    def __init__(
        self,
        rules: Rulebook,
        period: str,
        now: datetime,
        known: Mapping[str, State] | None = None,
    ) -> None:
        """`known`: where the facts stand of every case that was put on the board; without it, the
        board keeps them. ValueError for a malformed period."""
        self.rules = rules
        self.period = period
        self.window = window_of(rules, period, now)
        self._known = frozenset(known_units(rules))
        self._tallies: dict[Key, Tally] = {key: Tally() for key in self._known}
        self._ledger = Ledger()
        self._own: dict[str, State] | None = {} if known is None else None
        self._facts: Mapping[str, State] = self._own if known is None else known  # type: ignore[assignment]
        zone = ZoneInfo(rules.calendar().timezone)
        self._guard = Guard(zone, rules.settings.ratings_a_day, self.window.start)
        self.window = self.window._replace(floods=self._guard.floods)
        self._ask = answerable(rules)
        self._hours = Hours(WorkCalendar.of(rules.calendar()), self.window.start)
        self._cards: dict[Key, Scorecard] = {}
        self._stale: set[Key] = set(self._known)
        self._order: list[Key] | None = None
        """The units in the order of their cards; None: it is to be found anew."""

    @property
    def now(self) -> datetime:
        return self.window.now

    # ── cases and time ───────────────────────────────────────────────────────────────────────

    def put(self, case: str, facts: State) -> None:
        """The facts of a case as they are now, whether it was known before or not."""
        if self._own is not None:
            self._own[case] = facts
        others = self._guard.put(case, facts)
        self._put(case, facts)
        for other in others:
            self._put(other, self.facts(other))

    def _put(self, case: str, facts: State) -> None:
        shares = self._judged(case, facts)
        until = self._holds_until(facts) if shares else None
        for keys, line in self._ledger.put(case, shares, until):
            self._take_out(keys, line)
        for keys, line in shares:
            for key in keys:
                self._tally(key).add(line)
            self._stale.update(keys)

    def advance(self, now: datetime) -> None:
        """Time has come to `now`; it never goes back."""
        if now <= self.window.now:
            return
        self.window = self.window._replace(now=now)
        for case in self._ledger.woken(now):
            self._put(case, self.facts(case))

    def _judged(self, case: str, facts: State) -> tuple[Share, ...]:
        return tuple(
            (keys, read(view, self.window, self._hours))
            for view, keys in self._ask(case, facts, self.window)
        )

    def _take_out(self, keys: tuple[Key, ...], line: Line) -> None:
        for key in keys:
            tally = self._tallies[key]
            tally.remove(line)
            if tally.is_empty and key not in self._known:
                del self._tallies[key]
                self._order = None
        self._stale.update(keys)

    def _tally(self, key: Key) -> Tally:
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally()
            self._order = None
        return found

    def _holds_until(self, facts: State) -> datetime | None:
        """Some verdicts change at a moment and some just after it, so one that is now is waited for
        as well."""
        return min((at for at in facts.moments() if at >= self.window.now), default=None)

    # ── figures ──────────────────────────────────────────────────────────────────────────────

    def cards(self) -> list[Scorecard]:
        """One card for every unit that the rules know, and for those that only the cases know, by
        scope and id, with the league's ranks, all as of now."""
        self._renew()
        if self._order is None:
            self._order = sorted(self._tallies, key=lambda key: (SCOPES.index(key[0]), key[1]))
        return [_stamped(self._cards[key], self.window.now) for key in self._order]

    def _renew(self) -> None:
        """Make the cards anew of which a case changed, and rank those whom they are compared with."""
        groups: set[Group | None] = set()
        for key in self._stale:
            before = self._cards.pop(key, None)
            if key in self._tallies:
                self._cards[key] = before = self._card(key)
            if before is not None:
                groups.add(before.group)  # type: ignore[arg-type]
        self._stale.clear()
        for group in groups - {None}:
            self._rank(group)

    def _rank(self, group: Group | None) -> None:
        rows = {key: card for key, card in self._cards.items() if card.group == group}
        found = ranks(rows.values())
        for key, card in rows.items():
            if card.rank != (rank := found.get(card.id)):
                self._cards[key] = card.model_copy(update={"rank": rank})

    def _card(self, key: Key) -> Scorecard:
        (scope, id), tally = key, self._tallies[key]
        name, verdicts = name_of(self.rules, scope, id), tally.of_measures()
        rates = {measure.name: rate(measure, verdicts[measure.name]) for measure in RATES}
        return Scorecard(
            period=self.period,
            scope=scope,
            id=id,
            name=name.zh,
            name_en=name.en,
            as_of=self.window.now,
            rules=self.rules.version,
            counts={measure.name: verdicts[measure.name]["counted"] for measure in COUNTS},
            rates=rates,
            stars=stars(tally),
            times=times(tally),
            **judged(self.rules, scope, id, rates),
        )

    # ── lists ────────────────────────────────────────────────────────────────────────────────

    def facts(self, case: str) -> State:
        """The facts of a case that the board was told. KeyError for any other."""
        return self._facts[case]

    def cell(
        self,
        key: tuple[str, str],
        measure: str,
        belongs: Callable[[Verdict], bool],
        start: int,
        most: int | None,
    ) -> Cell:
        """The cases of a unit on which a measure has such a verdict, in the order of their ids, from
        ``start`` on, at the ``most``. KeyError for an unknown measure; nothing for an unknown unit."""
        column, unit = COLUMN[measure], cast(Key, key)
        tally = self._tallies.get(unit)
        said = {
            verdicts: number
            for verdicts, number in (tally.cases if tally is not None else {}).items()
            if (verdict := verdicts[column]) is not None and belongs(verdict)
        }
        total = sum(said.values())
        if start >= total:
            return Cell(total, [])
        found = self._ledger.listed(unit, said, start, most)
        return Cell(total, [(case, cast(Verdict, v[column])) for case, v in found])


def _stamped(card: Scorecard, as_of: datetime) -> Scorecard:
    """The card as of another moment. What `model_copy` does, without copying what nobody changes: a
    tenth of its time, and there are hundreds of cards."""
    stamped = Scorecard.__new__(Scorecard)
    object.__setattr__(stamped, "__dict__", card.__dict__ | {"as_of": as_of})
    for name in ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
        object.__setattr__(stamped, name, getattr(card, name))
    return stamped
