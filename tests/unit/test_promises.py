"""The judge can find fault: each of these promises is broken on purpose, and it says so.

The others are shown to be of use by `tests/simulation/test_safeguards.py`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.outputs import Scorecard
from services.rating.scorecards import scorecards
from tests.history import History
from tests.invariants import violations
from tests.simulation.running import play
from tests.story import START

SEED = 5
"""A schedule in which departments hear of several events of one case."""


@pytest.fixture(scope="module")
def lived() -> History:
    history = play(SEED).history
    assert history is not None
    return history


def cards_of(history: History) -> list[Scorecard]:
    """The figures as a service would give them that has read all."""
    facts = [(case.id, case.states["rating"]) for case in history.cases.values()]
    return scorecards(sorted(facts), history.rulebooks.at(START), "2022-07", START)


def broken(history: History) -> set[str]:
    return {each.promise for each in violations(history)}


def test_a_history_as_it_should_be_breaks_none(lived: History) -> None:
    assert broken(lived) == set()


def test_what_cannot_be_read_is_found(lived: History) -> None:
    unreadable = replace(lived.outside[0], message=None)
    assert "everything can be read" in broken(replace(lived, outside=[*lived.outside, unreadable]))


def test_a_reader_that_lags_is_found(lived: History) -> None:
    assert "every reader is done" in broken(replace(lived, behind={"sla at case.events/0": 3}))


def test_words_to_a_department_in_another_order_are_found(lived: History) -> None:
    turned = list(reversed(lived.outside))
    assert "departments hear in the order of the log" in broken(replace(lived, outside=turned))


def test_words_that_were_never_said_are_found(lived: History) -> None:
    silent = [r for r in lived.outside if r.topic != "reports.answered"]
    assert "outsiders hear of every accepted event" in broken(replace(lived, outside=silent))


def test_a_report_that_has_parted_is_answered_by_its_own_case() -> None:
    """The router came back after the parting, and answered those who were left."""
    history = play(21168).history
    assert history is not None
    assert broken(history) == set()


def test_a_key_in_two_partitions_is_found(lived: History) -> None:
    moved = replace(lived.outside[0], partition=11)
    assert "every key has one partition" in broken(replace(lived, outside=[*lived.outside, moved]))


def test_a_figure_that_the_log_does_not_make_is_found(lived: History) -> None:
    ends = dict.fromkeys(range(2), 10_000)
    made = cards_of(lived)
    kept = replace(lived, cards=made, cards_until=ends)
    assert "scorecards follow from the log" not in broken(kept)
    wrong = [made[0].model_copy(update={"counts": made[0].counts | {"accepted": 99}}), *made[1:]]
    assert "scorecards follow from the log" in broken(replace(kept, cards=wrong))
