"""What the field study of Hanyin reports comes out of the demo's log, case by case.

July 2022, and July with the disputes of that year, are rehearsed in process, on the same pure functions
that the platform runs; `gridcase demo`, and `gridcase demo --disputes`, play the same. The study: 王怡涵、何得桂,《平台型治理:筑牢城乡基层基础的有效实践机制》, 2023.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.demo import rehearsals
from lab.demo.disputes import END, disputes, settled_in
from lab.demo.rehearsals import Cards
from lab.demo.stories import read_stories
from lab.mediation import mediation
from lab.rehearsal import Rehearsal
from schemas.outputs import Rate
from schemas.reference import Level, Reference
from schemas.rulebook import Rulebook, Rulebooks
from services.rating.bulletin import taken_at
from services.rating.domain import DECIDER
from services.rating.scorecards import scorecards
from services.shell.desk import Desk
from services.shell.reference import read_folder

REQUESTS = "wechat-requests"


@pytest.fixture(scope="module")
def hanyin() -> Reference:
    return read_folder(Path(__file__).parents[2] / "deploy/hanyin")


@pytest.fixture(scope="module")
def july(hanyin: Reference) -> Cards:
    """The cards of July, taken when its last matter was settled."""
    rehearsal, end = rehearsals.july(hanyin)
    return rehearsals.cards_of(rehearsal, hanyin, "2022-07", end)


def test_those_who_were_asked_at_the_time_of_publishing_knew_the_same(hanyin: Reference) -> None:
    """The 18 of July are there when its figures are taken, eight days into August."""
    rules = Rulebook(hanyin)
    rehearsal, _ = rehearsals.july(hanyin)
    known = [event for event in rehearsal.log if event.time <= taken_at(rules, "2022-07")]
    desk = Desk(DECIDER, Rulebooks(), 0)
    for offset, event in enumerate(known):
        desk.fold(offset, event)
    facts = [(case, entry.state) for case, entry in desk.entries.items()]
    cards = scorecards(facts, rules, "2022-07", taken_at(rules, "2022-07"))
    card = next(card for card in cards if card.id == REQUESTS)
    assert card.rates["on_time"] == Rate(numerator=18, denominator=18)
    assert card.stars["histogram"]["5"] == 18


def test_the_18_requests_of_july_were_all_in_time(
    july: Cards,
) -> None:
    card = july["programme", REQUESTS]
    for rate in ("on_time", "within_case_limit", "completion", "satisfaction", "response"):
        assert card.rates[rate] == Rate(numerator=18, denominator=18), rate


def test_the_18_requests_of_july_were_all_given_five_points(
    july: Cards,
) -> None:
    stars = july["programme", REQUESTS].stars
    assert (stars["n"], stars["mean"], stars["histogram"]["5"]) == (18, 5.0, 18)


@pytest.mark.parametrize("rate", ["completion", "satisfaction", "satisfaction_with_silence"])
def test_completion_and_satisfaction_are_above_98_percent(july: Cards, rate: str) -> None:
    found = july["county", "610921"].rates[rate]
    assert found.value is not None
    assert found.value >= 0.98
    assert found.denominator > 200


def test_nothing_is_left_over(july: Cards) -> None:
    county = july["county", "610921"]
    assert county.counts["accepted"] == len(read_stories())
    assert (
        county.counts["pending"]
        == county.rates["completion"].denominator - (county.counts["completed"])
    )


# ── dispute mediation, January to August 2022 ────────────────────────────────────────────────


@pytest.fixture(scope="module")
def whole(hanyin: Reference) -> Rehearsal:
    """July's stories and the disputes of January to August in one log, at the end of August."""
    return rehearsals.mediation(hanyin)[0]


@pytest.fixture(scope="module")
def year(hanyin: Reference, whole: Rehearsal) -> Cards:
    return rehearsals.cards_of(whole, hanyin, "2022", END)


def test_945_disputes_were_accepted_and_892_settled(year: Cards) -> None:
    counts = year["programme", "mediation"].counts
    assert (counts["accepted"], counts["completed"], counts["pending"]) == (945, 892, 53)


def test_the_levels_settled_557_and_331_and_6(hanyin: Reference, whole: Rehearsal) -> None:
    """894 in all: the study's own sums differ by two, and so do these. Two disputes were settled in
    their village and, after a low rating, again in the town."""
    found = mediation(whole.log, Rulebooks([hanyin]))
    assert (found.accepted, found.settled) == (945, 892)
    assert found.by_level == {"village": 557, "town": 331, "county": 6}


def test_each_case_is_settled_at_one_level_in_the_end(year: Cards) -> None:
    card = year["programme", "mediation"]
    assert card.counts["reopened"] == 2
    assert [card.rates[f"settled_at_{level}"].numerator for level in Level] == [555, 331, 6]


def test_the_disputes_of_july_are_among_the_945(hanyin: Reference) -> None:
    rules, stories = Rulebook(hanyin), read_stories()
    told = settled_in(stories, rules).total()
    assert told > 30
    assert len(disputes(rules, stories)) == 945 - told


def test_what_the_study_says_of_july_comes_out_of_the_same_log(
    hanyin: Reference, whole: Rehearsal
) -> None:
    july = rehearsals.cards_of(whole, hanyin, "2022-07", END)
    requests = july["programme", REQUESTS]
    assert requests.rates["on_time"] == Rate(numerator=18, denominator=18)
    assert requests.stars["histogram"]["5"] == 18
    for name in ("completion", "satisfaction", "satisfaction_with_silence"):
        assert (july["county", "610921"].rates[name].value or 0) >= 0.98, name
