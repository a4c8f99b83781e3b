"""Which log is written to: the record that says it, and the names that follow from its partitions."""

from __future__ import annotations

import pytest

from schemas.topics import CASE_EVENTS, CO_PARTITIONED, KEYED_PARTITIONS, REPORTS_SUBMITTED, TOPICS
from services.shell.incarnation import Incarnation, WrongLogError, read
from services.shell.settings import Settings

PLAIN, MOVED = Settings(prefix="hanyin-"), Settings(prefix="hanyin-", partitions=24)


def test_a_record_of_an_older_release_is_the_log_of_the_table() -> None:
    log = read(b'{"id": "x"}')
    assert log == Incarnation("x", "x", KEYED_PARTITIONS)
    log.check(PLAIN)


@pytest.mark.parametrize(
    "log", [Incarnation("x", "x"), Incarnation("x", "y", 24), Incarnation("x", "y", 24, 48)]
)
def test_a_record_is_read_as_it_was_written(log: Incarnation) -> None:
    assert read(log.record()[1]) == log


def test_nobody_goes_by_a_log_that_is_not_the_one_of_his_settings() -> None:
    with pytest.raises(WrongLogError, match="GRIDCASE_PARTITIONS says 12: set it to 24"):
        Incarnation("x", "y", 24).check(PLAIN)
    with pytest.raises(WrongLogError, match="topics move --partitions 24"):
        Incarnation("x", "x").check(MOVED)
    Incarnation("x", "y", 24).check(MOVED)


def test_nobody_goes_by_a_log_that_is_being_moved() -> None:
    for settings in (PLAIN, MOVED):
        for log in (Incarnation("x", "x", 12, 24), Incarnation("x", "y", 24, 24)):
            with pytest.raises(WrongLogError, match="being moved to 24"):
                log.check(settings)


def test_a_log_with_other_partitions_has_another_name_and_what_others_know_has_not() -> None:
    assert MOVED.topic(CASE_EVENTS.name) == "hanyin-case.events.24"
    assert MOVED.topic(CASE_EVENTS.dead) == "hanyin-case.events.24.dead"
    assert MOVED.partitions_of(CASE_EVENTS) == 24
    for topic in set(TOPICS) - set(CO_PARTITIONED):
        assert MOVED.topic(topic.name) == PLAIN.topic(topic.name)
    assert MOVED.partitions_of(REPORTS_SUBMITTED) == KEYED_PARTITIONS


@pytest.mark.parametrize("settings", [PLAIN, MOVED])
def test_a_name_on_the_broker_leads_back_to_the_table(settings: Settings) -> None:
    for topic in TOPICS:
        for name in (topic.name, topic.dead, topic.of("water")):
            assert settings.bare_topic(settings.topic(name)) == name
