"""Hot spots: many reports of one kind in one town in a short time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given as random
from hypothesis import strategies as st

from schemas import ids
from schemas.envelope import Message
from schemas.outputs import HotspotDetected
from schemas.reference import Hotspots, Settings
from schemas.rulebook import Rulebook
from services.intake.surges import Surges
from tests.county import small_county
from tests.story import START
from tests.unit.test_joining import opened

RULES = Rulebook(small_county(settings=Settings(hotspots=Hotspots(least=3))))


def event(number: int, hours: float, **changes: Any) -> Message[Any]:
    at = START + timedelta(hours=hours)
    data = opened(f"s{number}", submitted_at=at, received_at=at, **changes)
    return Message(ids.derive("s", number), "/services/intake", f"case-{number}", at, data)


def told(*events: Message[Any]) -> list[tuple[str, HotspotDetected]]:
    surges = Surges()
    return [found for e in events if (found := surges.see(e, RULES))]


def test_enough_reports_of_one_kind_in_one_town_within_the_window_are_a_surge() -> None:
    ((_, surge),) = told(event(1, 0), event(2, 5, grid="g121"), event(3, 9))
    assert (surge.area, surge.category, surge.reports) == ("t1", "street-lights", 3)
    assert set(surge.cases) == {"case-1", "case-2", "case-3"}


def test_reports_of_other_kinds_towns_or_days_do_not_add_up() -> None:
    assert told(event(1, 0), event(2, 5, grid="g211"), event(3, 9, category="potholes")) == []
    assert told(event(1, 0), event(2, 20), event(3, 40)) == []


def test_what_is_usual_is_no_surge() -> None:
    before = [event(number, -24 * number) for number in range(3, 30)] * 1
    doubled = [event(100 + number, -24 * number + 1) for number in range(3, 30)]
    assert not [
        surge for _, surge in told(*before, *doubled, event(1, 0), event(2, 1)) if surge.reports > 3
    ]


def test_the_same_surge_has_the_same_id_whoever_sees_it_and_however_often() -> None:
    events = [event(1, 0), event(2, 1), event(3, 2)]
    assert [i for i, _ in told(*events, *events)] == [i for i, _ in told(*events)]


def test_rules_without_limits_look_for_none() -> None:
    surges, rules = Surges(), Rulebook(small_county())
    assert not [1 for n in range(9) if surges.see(event(n, n / 10), rules)]


@random(st.permutations(range(6)))
def test_the_order_of_arrival_does_not_hide_a_surge(order: list[int]) -> None:
    assert told(*(event(number, number / 2) for number in order))
