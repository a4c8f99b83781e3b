"""What the field study of Hanyin reports of July 2022 comes out of the demo's log, case by case.

The demo month is rehearsed in process, on the same pure functions that the platform runs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import inputs
from lab.demo.month import month
from lab.demo.parties import DemoParties
from lab.demo.stories import read_stories
from lab.rehearsal import Rehearsal
from schemas.outputs import Rate, Scorecard
from schemas.reference import Reference
from schemas.rulebook import Rulebook
from services.rating.scorecards import scorecards
from services.shell.reference import read_folder

REQUESTS = "wechat-requests"


@pytest.fixture(scope="module")
def hanyin() -> Reference:
    return read_folder(Path(__file__).parents[2] / "deploy/hanyin")


@pytest.fixture(scope="module")
def july(hanyin: Reference) -> dict[tuple[str, str], Scorecard]:
    """The cards of July, taken when its last matter was settled."""
    rules, stories = Rulebook(hanyin), read_stories()
    rehearsal = Rehearsal(hanyin, DemoParties(stories, rules))
    rehearsal.add(inputs.report(report) for report, _ in stories)
    end = month(stories, rules)[1]
    rehearsal.run(end)
    facts = [(case, entry.state) for case, entry in rehearsal.desks["rating"].entries.items()]
    return {(card.scope, card.id): card for card in scorecards(facts, rules, "2022-07", end)}


def test_the_18_requests_of_july_were_all_in_time(
    july: dict[tuple[str, str], Scorecard],
) -> None:
    card = july["programme", REQUESTS]
    for rate in ("on_time", "within_case_limit", "completion", "satisfaction", "response"):
        assert card.rates[rate] == Rate(numerator=18, denominator=18), rate


def test_the_18_requests_of_july_were_all_given_five_points(
    july: dict[tuple[str, str], Scorecard],
) -> None:
    stars = july["programme", REQUESTS].stars
    assert (stars["n"], stars["mean"], stars["histogram"]["5"]) == (18, 5.0, 18)


@pytest.mark.parametrize("rate", ["completion", "satisfaction", "satisfaction_with_silence"])
def test_completion_and_satisfaction_are_above_98_percent(
    july: dict[tuple[str, str], Scorecard], rate: str
) -> None:
    found = july["county", "610921"].rates[rate]
    assert found.value is not None
    assert found.value >= 0.98
    assert found.denominator > 200


def test_nothing_is_left_over(july: dict[tuple[str, str], Scorecard]) -> None:
    county = july["county", "610921"]
    assert county.counts["accepted"] == len(read_stories())
    assert (
        county.counts["pending"]
        == county.rates["completion"].denominator - (county.counts["completed"])
    )
