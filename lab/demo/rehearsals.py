"""The demo's months, rehearsed: their logs, and the figures of the field study that come out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lab import inputs
from lab.demo.disputes import END, Mediators, disputes
from lab.demo.month import month
from lab.demo.parties import DemoParties, Together
from lab.demo.stories import read_stories
from lab.rehearsal import Rehearsal
from schemas.envelope import Message
from schemas.outputs import Scorecard
from schemas.reference import Level, Reference
from schemas.rulebook import Rulebook
from services.rating.facts import State
from services.rating.scorecards import scorecards

Cards = dict[tuple[str, str], Scorecard]


def july(reference: Reference) -> tuple[Rehearsal, datetime]:
    """July 2022, played until its last matter is settled, and when that is."""
    rules, stories = Rulebook(reference), read_stories()
    rehearsal = Rehearsal(reference, DemoParties(stories, rules))
    rehearsal.add(inputs.report(report) for report, _ in stories)
    end = month(stories, rules)[1]
    rehearsal.run(end)
    return rehearsal, end


def mediation(reference: Reference) -> tuple[Rehearsal, datetime]:
    """July and the disputes of January to August 2022 in one log, and the end of August."""
    rules, stories = Rulebook(reference), read_stories()
    mediators = Mediators(disputes(rules, stories))
    rehearsal = Rehearsal(reference, Together(DemoParties(stories, rules), mediators))
    rehearsal.add(inputs.report(report) for report, _ in stories)
    rehearsal.add(mediators.reports())
    rehearsal.run(END)
    return rehearsal, END


def facts_of(rehearsal: Rehearsal) -> dict[str, State]:
    return {case: entry.state for case, entry in rehearsal.desks["rating"].entries.items()}


def cards_of(rehearsal: Rehearsal, reference: Reference, period: str, now: datetime) -> Cards:
    found = scorecards(facts_of(rehearsal).items(), Rulebook(reference), period, now)
    return {(card.scope, card.id): card for card in found}


def rehearsed(reference: Reference, *, disputes: bool) -> tuple[list[Message[Any]], list[str]]:
    """The log, and lines that say what the study reports and what came out."""
    rehearsal, end = mediation(reference) if disputes else july(reference)
    lines = list(_of_july(cards_of(rehearsal, reference, "2022-07", end)))
    if disputes:
        lines += _settled(cards_of(rehearsal, reference, "2022", end))
    return rehearsal.log, lines


def _of_july(cards: Cards) -> Iterator[str]:
    card = next(card for (scope, _), card in cards.items() if scope == "county")
    requests = cards.get(("programme", "wechat-requests"))
    if requests is not None:
        rate, stars = requests.rates["on_time"], requests.stars
        yield f"requests in time {rate.numerator}/{rate.denominator} (study: 18/18)"
        yield f"five points {stars['histogram']['5']}/{stars['n']} (study: 18/18)"
    for name in ("completion", "satisfaction", "satisfaction_with_silence"):
        rate = card.rates[name]
        yield f"{name} {rate.numerator}/{rate.denominator} (study: at least 98 %)"


def _settled(cards: Cards) -> Iterator[str]:
    card = cards["programme", "mediation"]
    by_level = [cards["level", level].counts["completed"] for level in Level]
    yield f"disputes accepted {card.counts['accepted']} (study: 945)"
    yield f"settled {card.counts['completed']} (study: 892)"
    yield f"by village, town, county {' + '.join(map(str, by_level))} = {sum(by_level)} (study: 557 + 331 + 6)"
