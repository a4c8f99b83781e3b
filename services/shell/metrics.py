"""The metrics of the contract, prefix `gridcase_`. Counters count what this process did; gauges
about cases are set from the stored state, so they are right after a restart.

The rule to remember: **no label grows with what is sent in.** A label is a service, a topic of the
table (a department's own topics count as their family), an outcome, a department or a level; grids,
cases and people are none, and sources are told apart up to `SOURCES_SHOWN`.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from schemas.envelope import Message, Payload
from schemas.events import Assigned, Escalated, Opened, ReportAdded
from schemas.outputs import ReportRejected
from schemas.reference import Department, Level
from schemas.topics import TOPICS, Topic
from services.shell.histogram import LotHistogram

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
WAITS = (1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)
SOURCES_SHOWN = 100
OTHERS = "other"
"""Every source beyond those, so that nobody can fill a database by inventing names."""
FAMILIES = tuple(topic.name for topic in TOPICS if topic.per_department)

MESSAGES = Counter(
    "gridcase_messages_total", "Records by what became of them", ["service", "topic", "outcome"]
)
STEP_SECONDS = Histogram(
    "gridcase_step_seconds", "Time of one turn of the step", ["service"], buckets=LATENCIES
)
EVENT_AGE = LotHistogram(
    "gridcase_event_age_seconds", "Age of events when they are folded, since they were published",
    "service", LATENCIES,
)  # fmt: skip
ASSIGNMENT_SECONDS = Histogram(
    "gridcase_assignment_seconds",
    "Time from the receipt of a report to its first assignment",
    buckets=WAITS,
)
PENDING_EVENTS = Gauge(
    "gridcase_pending_events", "Causes that wait for their answer to come back", ["service"]
)
OLDEST_PENDING = Gauge(
    "gridcase_oldest_pending_seconds", "How long the oldest cause has had no answer", ["service"]
)
LAG = Gauge("gridcase_consumer_lag_records", "Records that wait to be read", ["service", "topic"])
SNAPSHOT_AGE = Gauge(
    "gridcase_snapshot_age_seconds", "Time since the last snapshot was written", ["service"]
)
DEPENDENCY_UP = Gauge(
    "gridcase_dependency_up", "Whether what the service needs answers (1) or not (0)",
    ["service", "dependency"],
)  # fmt: skip
TIMER_LAG = Gauge("gridcase_timer_lag_seconds", "How late the earliest timer is", ["service"])
VOID_EVENTS = Counter("gridcase_void_events_total", "Events that were void", ["service", "type"])
REPORTS = Counter("gridcase_reports_total", "Reports by outcome", ["source", "outcome"])
LAST_REPORT = Gauge(
    "gridcase_source_last_report_timestamp_seconds", "When a source last sent a report", ["source"]
)
CALENDAR_UNTIL = Gauge(
    "gridcase_calendar_covered_until_timestamp_seconds",
    "End of the last year whose holidays are known to every calendar in force",
)
HOTSPOTS = Counter("gridcase_hotspots_total", "Surges of one kind in one town", ["category"])
JOINED = Counter("gridcase_reports_joined_total", "Reports that asked to join an open case")
ASSIGNMENTS = Counter("gridcase_assignments_total", "Assignments made", ["department", "level"])
ESCALATIONS = Counter("gridcase_escalations_total", "Cases that climbed", ["from", "to"])
UNROUTED = Gauge("gridcase_unrouted_cases", "Cases that wait for triage")
WRONG_RETURNS = Gauge(
    "gridcase_wrong_returns", "Returns that triage found to be wrong", ["department"]
)
OPEN_CASES = Gauge("gridcase_open_cases", "Cases that are held", ["department", "level"])
OVERDUE_CASES = Gauge("gridcase_overdue_cases", "Held cases past due", ["department", "level"])
SUPERVISED = Gauge("gridcase_supervised_cases", "Open cases under supervision")
PROVISIONAL = Gauge(
    "gridcase_provisional_deadlines", "Deadlines in years whose holidays are not known", ["year"]
)
SATISFACTION = Gauge("gridcase_satisfaction_ratio", "Satisfied of those rated", ["department"])
COMPLETION = Gauge("gridcase_completion_ratio", "Completed of accepted", ["department"])
ON_TIME = Gauge("gridcase_on_time_ratio", "On time of completed", ["department"])


def set_all(gauge: Gauge, values: Tally[Any]) -> None:
    """Set a gauge for exactly these labels; the others are gone."""
    gauge.clear()
    for labels, value in values.items():
        gauge.labels(*labels).set(value)


def count_in(service: str, tally: Tally[tuple[str, str]]) -> None:
    for (lane, outcome), number in tally.items():
        if lane == "void":
            VOID_EVENTS.labels(service, outcome).inc(number)
        else:
            topic = "case.events" if lane == "log" else f"{service}.commands"
            MESSAGES.labels(service, topic, outcome).inc(number)


def family(topic: str) -> str:
    """``updates.county-water`` → ``updates``: so many series as topics in the table."""
    first = topic.partition(".")[0]
    return first if first in FAMILIES else topic


def expect(service: str, topics: Iterable[Topic]) -> None:
    """Show zero for what has not happened, so that the first dead letter is an increase."""
    for topic in topics:
        MESSAGES.labels(service, topic.name, "dead").inc(0)


def count_out(service: str, messages: Iterable[tuple[str, Message[Payload]]]) -> None:
    """Messages that the broker has acknowledged, each with the topic that it went to."""
    published: Tally[str] = Tally()
    for topic, message in messages:
        published[topic] += 1
        match message.data:
            case Assigned(lead=lead, level=level):
                ASSIGNMENTS.labels(lead, level).inc()
            case Escalated(from_level=low, to_level=high):
                ESCALATIONS.labels(low, high).inc()
            case Opened(source=source, received_at=at):
                count_report(source, "opened", at)
            case ReportAdded(source=source):
                count_report(source, "added", message.time)
    for topic, number in published.items():
        MESSAGES.labels(service, family(topic), "published").inc(number)


def count_refusal(refused: Payload) -> None:
    """A refusal that a door has sent. Only a source that has been believed is named."""
    if isinstance(refused, ReportRejected):
        source = refused.source if refused.source in _latest else OTHERS
        REPORTS.labels(source, "rejected").inc()


_latest: dict[str, datetime] = {}
"""The sources that are named, and when each last sent a report that was taken."""


def count_report(source: str, outcome: str, at: datetime) -> None:
    """One report of a source that was taken, and when it came."""
    if source not in _latest and len(_latest) >= SOURCES_SHOWN:
        source = OTHERS
    _latest[source] = max(at, _latest.get(source, at))
    REPORTS.labels(source, outcome).inc()
    LAST_REPORT.labels(source).set(_latest[source].timestamp())


def expect_escalations() -> None:
    """Show zero for the ways up that nobody has had to go."""
    for low, high in pairwise(level.value for level in (Level.VILLAGE, Level.TOWN, Level.COUNTY)):
        ESCALATIONS.labels(low, high).inc(0)


_expected: set[str] = set()


def expect_departments(version: str, units: Iterable[Department]) -> None:
    """Show zero for the departments of a version of the rules, so that the first case is counted
    as an increase; once for each version."""
    if version not in _expected:
        _expected.add(version)
        for unit in units:
            ASSIGNMENTS.labels(unit.code, unit.level.value).inc(0)
