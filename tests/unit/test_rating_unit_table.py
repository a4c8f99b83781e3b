"""A unit's table of measures tells what its card holds, and each number opens its cases."""

from __future__ import annotations

from services.rating.measures import MEASURES
from services.rating.web.parts import View
from services.rating.web.tables import unit_table
from tests.unit.rating_life import VC, VC2, Life
from tests.unit.rating_words import JULY, cards_of, held


def sent_back() -> Life:
    return held().returned(2).assigned(VC2, at=3).returned(4).sent_back(VC, 5)


def test_a_wrong_return_is_told_of_the_unit_and_opens_its_case() -> None:
    cards = cards_of(sent_back())
    assert cards["department", VC].counts["wrongly_returned"] == 1
    assert cards["department", VC2].counts["wrongly_returned"] == 0
    table = unit_table(View("en", JULY, "Asia/Shanghai"), cards["department", VC])
    assert all(f'#{measure.name}"' in table for measure in MEASURES)
    assert "measure=wrongly_returned" in table


def test_a_month_published_before_there_was_a_measure_is_still_shown() -> None:
    card = cards_of(sent_back())["department", VC]
    counts = {name: n for name, n in card.counts.items() if name != "wrongly_returned"}
    table = unit_table(
        View("en", JULY, "Asia/Shanghai"), card.model_copy(update={"counts": counts})
    )
    assert "Wrongly returned" not in table
    assert "Returned" in table
