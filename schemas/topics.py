"""The topics table: one row a topic. Creation, AsyncAPI, dead letters and docs come from it.

A row with ``per_department`` stands for a family: ``assignments.<department>``. Codes hold no dot,
so the last part of the name is the department. Every topic that somebody outside may write has a
dead-letter topic beside it, ``<topic>.dead``, for what cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas import commands, events, inputs, joins, outputs
from schemas.envelope import Payload

KEYED_PARTITIONS = 12
"""Of every topic keyed by case, unless a county has chosen others; never changed in place."""

DAY_MS = 24 * 3600 * 1000
MAX_RECORD_BYTES = 2 * 1024 * 1024
"""The largest record that comes in."""
MAX_OWN_BYTES = 3 * MAX_RECORD_BYTES
"""The largest that the services write: a command carries the words of its record, and the whole of
it once more as ciphertext, which is a third longer."""
MAX_DEAD_BYTES = 4 * MAX_RECORD_BYTES
"""The largest that may be set aside, which adds a little to whatever record it was."""

SERVICES = ("intake", "router", "sla", "rating")


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    messages: tuple[type[Payload], ...]
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    kept: Literal["forever", "compacted"] | int
    """Days, or how else."""
    partitions: int = 1
    door_of: str | None = None
    """The service whose door it is: outsiders write it, so the broker stamps receipt times."""
    per_department: bool = False
    about: str = ""

    @property
    def dead(self) -> str:
        return dead(self.name)

    def of(self, department: str) -> str:
        return f"{self.name}.{department}"

    def config(self) -> dict[str, str]:
        """The broker's settings for this topic."""
        largest = MAX_RECORD_BYTES if self.door_of else MAX_OWN_BYTES
        settings = {"max.message.bytes": str(largest)}
        if self.kept == "compacted":
            settings["cleanup.policy"] = "compact"
        else:
            days_ms = -1 if self.kept == "forever" else int(self.kept) * DAY_MS
            settings |= {"cleanup.policy": "delete", "retention.ms": str(days_ms)}
        if self.kept == "forever":
            settings["retention.bytes"] = "-1"
        if self.door_of:
            settings["message.timestamp.type"] = "LogAppendTime"
        return settings


def dead(topic: str) -> str:
    return f"{topic}.dead"


def _commands(service: str, *messages: type[Payload]) -> Topic:
    return Topic(
        f"{service}.commands", "case id", messages, (service,), (service,), 7, KEYED_PARTITIONS,
        about=f"what the doors of {service} let in, re-keyed by case",
    )  # fmt: skip


CASE_EVENTS = Topic(
    "case.events", "case id", events.EVENTS, SERVICES, SERVICES, "forever", KEYED_PARTITIONS,
    about="every fact about every case: the record",
)  # fmt: skip
REPORTS_SUBMITTED = Topic(
    "reports.submitted", "any", (inputs.Report,), ("other systems",), ("intake",), 7,
    KEYED_PARTITIONS, door_of="intake", about="what residents and grid workers report",
)  # fmt: skip
REPORTS_REJECTED = Topic(
    "reports.rejected", "report id", (outputs.ReportRejected,), ("intake",), ("the source",), 30,
    about="reports that did not become a case, and why",
)  # fmt: skip
REPORTS_ANSWERED = Topic(
    "reports.answered", "report id", (outputs.ReportAnswered,), ("router",), ("the source",), 30,
    about="how far each matter is, for whoever sent it in",
)  # fmt: skip
ASSIGNMENTS = Topic(
    "assignments", "case id", outputs.ASSIGNMENT_MESSAGES, ("router",), ("that department",), 30,
    per_department=True, about="all that concerns one department",
)  # fmt: skip
UPDATES = Topic(
    "updates", "any", (inputs.Update,), ("that department",), ("router",), 30,
    door_of="router", per_department=True, about="what one department says about its cases",
)  # fmt: skip
TRIAGE_DECISIONS = Topic(
    "triage.decisions", "any", (inputs.TriageDecision,), ("petition officers",),
    ("router", "intake"), 30, door_of="router", about="what a person decided where no rule could",
)  # fmt: skip
RATINGS_SUBMITTED = Topic(
    "ratings.submitted", "any", (inputs.Rating,), ("residents' channels",), ("rating",), 30,
    door_of="rating", about="stars from residents, return visits and polls",
)  # fmt: skip
INTAKE_COMMANDS = _commands(
    "intake", commands.SubmitReport, commands.ConfirmReport,
    joins.AddReport, joins.OpenReport, joins.PartReport,
)  # fmt: skip
ROUTER_COMMANDS = _commands(
    "router", commands.SubmitUpdate, commands.SubmitDecision, commands.AdoptCase,
    commands.AnswerMerge, commands.HandOver,
)  # fmt: skip
RATING_COMMANDS = _commands("rating", commands.SubmitRating)
VISITS_REQUESTED = Topic(
    "visits.requested", "case id", (outputs.VisitRequested,), ("rating",),
    ("whoever makes return visits",), 30, about="the month's sample of closed cases to ask about again",
)  # fmt: skip
HOTSPOTS = Topic(
    "hotspots", "area/category", (outputs.HotspotDetected,), ("intake",), ("anyone",), 30,
    about="many reports of one kind in one town in a short time",
)  # fmt: skip
SCORECARDS = Topic(
    "scorecards", "period/scope/id", (outputs.Scorecard,), ("rating",), ("anyone",), "compacted",
    about="how well each unit did in each period",
)  # fmt: skip
REFERENCE = Topic(
    "reference", "version/kind/id", (), ("gridcase reference publish",), SERVICES, "compacted",
    about="areas, departments, categories, rules, deadlines and calendars, by version",
)  # fmt: skip
CLOCK = Topic(
    "clock", "one key", (inputs.ClockTick,), ("the driver",), SERVICES, "compacted",
    about="what time it is, where the clock is the stream's",
)  # fmt: skip

TOPICS: tuple[Topic, ...] = (
    REPORTS_SUBMITTED, REPORTS_REJECTED, REPORTS_ANSWERED, CASE_EVENTS, ASSIGNMENTS, UPDATES,
    TRIAGE_DECISIONS, RATINGS_SUBMITTED, INTAKE_COMMANDS, ROUTER_COMMANDS, RATING_COMMANDS,
    HOTSPOTS, VISITS_REQUESTED, SCORECARDS, REFERENCE, CLOCK,
)  # fmt: skip

COMMANDS_OF = {"intake": INTAKE_COMMANDS, "router": ROUTER_COMMANDS, "rating": RATING_COMMANDS}
CO_PARTITIONED = (CASE_EVENTS, *COMMANDS_OF.values())
"""The log and the commands: a case has the same partition in all of them, and one owner. Nobody but
the services knows them, so a county may move them to more partitions."""
PAYLOADS = {message.TYPE: message for topic in TOPICS for message in topic.messages}
"""Every message of the contract by its type."""
EVENT_TYPES = {event.TYPE: event for event in events.EVENTS}


def dead_letter_config() -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(30 * DAY_MS),
        "max.message.bytes": str(MAX_DEAD_BYTES),
    }
