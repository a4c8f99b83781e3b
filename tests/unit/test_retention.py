"""Contacts are kept as long as the rules say, and no longer."""

from __future__ import annotations

from datetime import timedelta

from schemas import ids
from schemas.reference import Settings
from schemas.rulebook import Rulebooks
from services.intake.retention import contacts_of, expired
from services.intake.state import KnownReport, State
from tests.county import small_county
from tests.story import CASE, START

RULES = Rulebooks([small_county(settings=Settings(keep_contacts="30cd"))])
JOINED = State(
    ended=START,
    reports=(KnownReport("test", "r1", "d"), KnownReport("hotline", "r2", "d")),
)
LATE = START + timedelta(days=31)


def test_the_contacts_of_a_case_are_those_of_all_its_reports() -> None:
    assert contacts_of(CASE, JOINED) == (CASE, ids.case_id("hotline", "r2"))


def test_they_go_when_the_time_after_the_end_has_passed() -> None:
    assert list(expired({CASE: JOINED}, RULES, LATE)) == list(contacts_of(CASE, JOINED))
    assert list(expired({CASE: JOINED}, RULES, START + timedelta(days=29))) == []


def test_an_open_case_keeps_them_and_so_do_rules_without_a_limit() -> None:
    assert list(expired({CASE: State()}, RULES, LATE)) == []
    assert list(expired({CASE: JOINED}, Rulebooks([small_county()]), LATE)) == []
