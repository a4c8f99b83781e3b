"""What the gauges of sla count a case under follows from its state alone."""

from __future__ import annotations

from dataclasses import replace

from lab.replay.case_fold import CaseFold
from schemas import events
from schemas.reference import DeadlineKind
from services.sla.app import counted
from services.sla.domain import DECIDER
from services.sla.labels import labels
from services.sla.state import State
from tests.story import CASE, moment
from tests.unit.held_case import deadline, event, held, limits


def after(*more: object) -> State:
    fold = CaseFold(CASE)
    for offset, each in enumerate(held(*more)):  # type: ignore[arg-type]
        fold.fold(offset, each)
    state: State = fold.states["sla"]
    return state


def overdue() -> object:
    said = events.Overdue(
        kind=DeadlineKind.RESOLVE, due=moment(9), department="vc-v11", level="village",
        holding=held()[1].id, climbs=True,
    )  # fmt: skip
    return event("overdue", said, 9, because="limits")


def test_a_held_case_is_counted_once_its_deadline_has_run_out() -> None:
    assert labels(after()) == ()
    assert labels(after(overdue())) == ("overdue/vc-v11/village",)


def test_each_provisional_deadline_is_counted_under_its_year() -> None:
    guessed = limits(deadline(), deadline(DeadlineKind.SIGN, provisional=True))
    state = after(event("again", guessed, because="assigned"))
    assert labels(state) == (f"provisional/{moment(9).year}",)


def test_a_case_under_supervision_is_counted_while_it_is_open() -> None:
    state = replace(after(), supervised=True)
    assert labels(state) == ("supervised",)
    assert labels(replace(DECIDER.initial(), supervised=True)) == ()


def test_gauges_tell_the_labels_apart() -> None:
    stored = {"overdue/vc-v11/village": 3, "supervised": 2, "provisional/2027": 5}
    assert counted(stored) == ({("vc-v11", "village"): 3}, {"2027": 5}, 2)
