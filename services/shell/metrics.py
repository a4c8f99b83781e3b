"""The metrics of the contract, prefix `gridcase_`. Counters count what this process did; gauges
about cases are set from the stored state, so they are right after a restart."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import Counter, Gauge, Histogram

from schemas.envelope import Message, Payload
from schemas.events import Assigned, Escalated

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

MESSAGES = Counter(
    "gridcase_messages_total", "Records by what became of them", ["service", "topic", "outcome"]
)
STEP_SECONDS = Histogram(
    "gridcase_step_seconds", "Time of one turn of the step", ["service"], buckets=LATENCIES
)
EVENT_AGE = Histogram(
    "gridcase_event_age_seconds", "Age of events when they are folded", ["service"],
    buckets=LATENCIES,
)  # fmt: skip
PENDING_EVENTS = Gauge(
    "gridcase_pending_events", "Causes that wait for their answer to come back", ["service"]
)
SNAPSHOT_AGE = Gauge(
    "gridcase_snapshot_age_seconds", "Time since the last snapshot was written", ["service"]
)
TIMER_LAG = Gauge("gridcase_timer_lag_seconds", "How late the earliest timer is", ["service"])
VOID_EVENTS = Counter("gridcase_void_events_total", "Events that were void", ["service", "type"])
REPORTS = Counter("gridcase_reports_total", "Reports by outcome", ["source", "outcome"])
ASSIGNMENTS = Counter("gridcase_assignments_total", "Assignments made", ["department", "level"])
ESCALATIONS = Counter("gridcase_escalations_total", "Cases that climbed", ["from", "to"])
UNROUTED = Gauge("gridcase_unrouted_cases", "Cases that wait for triage")
OPEN_CASES = Gauge("gridcase_open_cases", "Cases that are held", ["department", "level"])
OVERDUE_CASES = Gauge("gridcase_overdue_cases", "Held cases past due", ["department", "level"])
SUPERVISED = Gauge("gridcase_supervised_cases", "Open cases under supervision")
PROVISIONAL = Gauge(
    "gridcase_provisional_deadlines", "Deadlines in years whose holidays are not known", ["year"]
)
SATISFACTION = Gauge("gridcase_satisfaction_ratio", "Satisfied of those rated", ["department"])
COMPLETION = Gauge("gridcase_completion_ratio", "Completed of accepted", ["department"])
ON_TIME = Gauge("gridcase_on_time_ratio", "On time of completed", ["department"])


def set_all(gauge: Gauge, values: Tally[tuple[str, str]]) -> None:
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


def count_out(service: str, messages: list[Message[Payload]]) -> None:
    for type_, number in Tally(message.type for message in messages).items():
        MESSAGES.labels(service, type_, "published").inc(number)
    for message in messages:
        match message.data:
            case Assigned(lead=lead, level=level):
                ASSIGNMENTS.labels(lead, level).inc()
            case Escalated(from_level=low, to_level=high):
                ESCALATIONS.labels(low, high).inc()
