"""Which topics a county needs: the topics table, spelled out for its departments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.topics import CASE_EVENTS, TOPICS, Topic, dead, dead_letter_config
from services.shell.settings import Settings
from services.shell.topic_admin import TopicSpec

BROKERS_DEFAULT = -1


def plan(settings: Settings, departments: Iterable[str], replication: int = 1) -> list[TopicSpec]:
    """All topics of one county, in the order of the table. Dead-letter topics for departments'
    own topics are made when they are first needed."""
    codes = list(departments)
    return [
        TopicSpec(settings.topic(name), settings.partitions_of(topic), topic.config(), replication)
        for topic in TOPICS
        for name in _names(topic, codes)
    ]


def _names(topic: Topic, departments: Iterable[str]) -> Iterator[str]:
    if topic.per_department:
        yield from (topic.of(code) for code in departments)
    else:
        yield topic.name


def log_topic(settings: Settings) -> str:
    return settings.topic(CASE_EVENTS.name)


def dead_letter_topic(topic: str) -> TopicSpec:
    """The place for what could not be read on `topic`, copied as often as the broker's default says:
    a single copy would take nothing where two must be in sync."""
    return TopicSpec(dead(topic), 1, dead_letter_config(), BROKERS_DEFAULT)
