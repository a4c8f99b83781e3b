"""Events that name the holding that they concern are void when it has ended; a refusal is not."""

from __future__ import annotations

from schemas.lifecycle import Standing, Status, void_because
from tests.unit.test_contract import sample

SIGNED = sample("case.signed.v1").data
REFUSED = sample("case.update-refused.v1").data


def test_an_event_about_a_holding_that_has_ended_is_void() -> None:
    assert void_because(Standing(Status.ASSIGNED, SIGNED.holding), SIGNED) is None
    reason = void_because(Standing(Status.ASSIGNED, "a newer one"), SIGNED)
    assert reason is not None
    assert "has ended" in reason


def test_a_refusal_holds_good_whatever_stands_now() -> None:
    assert REFUSED.holding is not None
    assert void_because(Standing(Status.ASSIGNED, "a newer one"), REFUSED) is None
