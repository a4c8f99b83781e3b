"""Hours, days and duty rosters: who is meant when, and what the check says of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.duty import on_duty, within
from schemas.reference import Level, Reference, Roster, RoutingRule, Urgency
from schemas.rulebook import Rulebook
from services.router.routing import Choice, choose
from services.shell.reference_check import check
from services.shell.reference_hours import always, meet
from tests.county import CLIMB, small_county

COUNTY = small_county()
ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = Roster.model_validate(
    {
        "id": "night",
        "start": "2022-07-04",
        "at": "20:00",
        "turns": ["=enforcement-t1", "=governance-t1", "village-committee"],
        "instead": {"2022-07-06": "=county-bureau"},
    }
)


def rule(id: str, **fields: Any) -> RoutingRule:
    usual = {"id": id, "category": "roads", "level": "town", "ladder": CLIMB}
    return RoutingRule.model_validate(usual | fields)


def county(*rules: RoutingRule, rosters: tuple[Roster, ...] = ()) -> Reference:
    return small_county(rules=(*COUNTY.rules, *rules), rosters=rosters)


def led(reference: Reference, when: str) -> str | None:
    at = datetime.fromisoformat(when).replace(tzinfo=ZONE)
    found = choose(Rulebook(reference), "g111", "potholes", None, Urgency.NORMAL, at=at)
    return found.lead if isinstance(found, Choice) else None


@pytest.mark.parametrize(
    ("when", "inside"), [("18:00", True), ("03:00", True), ("08:00", False), ("12:00", False)]
)
def test_hours_may_pass_midnight(when: str, inside: bool) -> None:
    at = datetime.fromisoformat(f"2022-07-05T{when}").replace(tzinfo=ZONE)
    assert within("18:00-08:00", at) is inside


def test_a_rule_for_the_night_goes_before_the_one_for_any_time() -> None:
    night = county(rule("roads-at-night", hours="20:00-06:00"))
    assert [led(night, f"2022-07-05T{t}") for t in ("21:00", "05:59", "06:00")] == [
        "governance-t1",
        "governance-t1",
        "vc-v11",
    ]


def test_free_days_are_those_of_the_calendar() -> None:
    weekend = county(rule("roads-on-free-days", days="free"))
    assert led(weekend, "2022-07-09T10:00") == "governance-t1"  # a Saturday
    assert led(weekend, "2022-07-08T10:00") == "vc-v11"


@pytest.mark.parametrize(
    ("when", "unit"),
    [
        ("2022-07-04T20:00", "enforcement-t1"),
        ("2022-07-05T03:00", "enforcement-t1"),  # still the turn that began on the 4th
        ("2022-07-05T20:00", "governance-t1"),
        ("2022-07-06T23:00", "county-bureau"),  # instead
        ("2022-07-07T21:00", "enforcement-t1"),
        ("2022-07-03T21:00", "vc-v11"),  # before its start the turns go on backwards
    ],
)
def test_whoever_is_on_duty_takes_it(when: str, unit: str) -> None:
    ladder = {Level.TOWN: "@night", Level.COUNTY: "county-bureau"}
    assert led(county(rule("duty", ladder=ladder, area="c"), rosters=(NIGHT,)), when) == unit


@given(st.datetimes())
def test_every_moment_has_somebody_on_duty(moment: datetime) -> None:
    moment = moment.replace(year=max(moment.year, 2))
    assert on_duty(NIGHT, moment) in {*NIGHT.turns, "=county-bureau"}


def test_rules_whose_hours_do_not_meet_do_not_tie() -> None:
    day, night = rule("day", hours="08:00-20:00"), rule("night", hours="20:00-08:00")
    assert check(county(day, night)) == []


def test_rules_whose_hours_meet_for_a_minute_tie() -> None:
    day, night = rule("day", hours="08:00-20:01"), rule("night", hours="20:00-08:00")
    [tie] = check(county(day, night))
    assert tie.place == "rules/night" and "ties with day" in tie.message


def test_working_and_free_days_do_not_meet_and_fill_the_week_together() -> None:
    working, free = rule("working", days="working"), rule("free", days="free")
    assert not meet(working, free) and always([working, free])
    assert not always([working])
    assert always([rule("day", hours="08:00-20:00"), rule("night", hours="20:00-08:00")])


def test_a_matter_that_is_served_by_day_alone_is_a_hole() -> None:
    rules = tuple(row for row in COUNTY.rules if row.id != "disputes")
    by_day = rule("disputes", category="disputes", hours="08:00-18:00")
    [hole] = check(small_county(rules=(*rules, by_day)))
    assert hole.message.startswith("no rule for land")


def test_a_roster_of_unknown_units_is_found() -> None:
    roster = NIGHT.model_copy(update={"turns": ("=nobody",)})
    assert "rosters/night" in {found.place for found in check(county(rosters=(roster,)))}


hours = st.none() | st.sampled_from(["00:00-08:00", "08:00-20:00", "20:00-00:00"])
times = st.tuples(hours, st.sampled_from([None, "working", "free"]))


@given(st.lists(times, unique=True, max_size=9), st.randoms(), st.datetimes())
def test_which_rule_wins_never_depends_on_the_order_of_the_file(
    conditions: list[tuple[str | None, str | None]], chance: Any, moment: datetime
) -> None:
    moment = moment.replace(year=2022)
    rules = [rule(f"r{n}", hours=h, days=d, area="c") for n, (h, d) in enumerate(conditions)]
    chosen = []
    for _ in range(2):
        chance.shuffle(rules)
        book = Rulebook(county(*rules))
        at = moment.replace(tzinfo=ZONE)
        chosen.append(choose(book, "g111", "potholes", None, Urgency.NORMAL, at=at))
    assert chosen[0] == chosen[1]


def test_a_rule_set_without_ties_stays_so_when_shuffled() -> None:
    reference = county(rule("day", hours="08:00-20:00"))
    backwards = reference.model_copy(update={"rules": reference.rules[::-1]})
    assert check(reference) == check(backwards) == []
