"""What operators watch: ages from receipt, causes that never come back, labels that stay bounded."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from schemas import envelope
from schemas.envelope import Message
from schemas.publish import PUBLISHED
from schemas.reference import Calendar
from schemas.topics import PAYLOADS, TOPICS
from services.shell import metrics
from services.shell.ages import Ages
from services.shell.desk import COMMANDS, LOG
from services.shell.reference import read_folder
from services.shell.vitals import Stuck
from services.sla.coverage import FAR, covered_until

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def sample(type_: str, **changes: Any) -> Message[Any]:
    """The golden sample of a message, with some of its data changed."""
    value = (PUBLISHED / "samples" / f"{type_}.json").read_bytes()
    message = envelope.read(value, PAYLOADS)
    data = message.data.model_copy(update=changes)
    return Message(str(uuid4()), message.source, str(uuid4()), message.time, data)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class OneDesk:
    """As much of a desk as the vitals look at: where it reads, and up to where it may commit."""

    def __init__(self, reads: int, commits: int) -> None:
        self.positions = {LOG: reads, COMMANDS: 0}
        self.commits = commits

    def committable(self) -> dict[str, int]:
        return {LOG: self.commits, COMMANDS: 0}


def test_a_report_is_waited_for_since_its_receipt_and_not_since_it_was_written() -> None:
    opened = sample("case.opened.v1", submitted_at=NOW - timedelta(hours=3), received_at=NOW)
    assigned = sample("case.assigned.v1", because="routed")
    assigned = Message(assigned.id, "", opened.subject, opened.time, assigned.data)
    before = value("gridcase_assignment_seconds_sum"), value("gridcase_assignment_seconds_count")
    ages = Ages("router")
    soon = NOW + timedelta(seconds=2)
    ages.observe([milliseconds(NOW), milliseconds(soon)], [opened, assigned], soon)
    assert value("gridcase_assignment_seconds_count") == before[1] + 1
    assert value("gridcase_assignment_seconds_sum") == pytest.approx(before[0] + 2)
    Ages("sla").observe([milliseconds(NOW), milliseconds(soon)], [opened, assigned], soon)
    assert value("gridcase_assignment_seconds_count") == before[1] + 1, "its writer alone counts"


def test_an_event_is_as_old_as_its_record() -> None:
    before = value("gridcase_event_age_seconds_sum", service="sla")
    Ages("sla").observe([milliseconds(NOW)], [None], NOW + timedelta(seconds=7))
    assert value("gridcase_event_age_seconds_sum", service="sla") == pytest.approx(before + 7)


def test_a_cause_that_holds_the_commit_back_grows_old_and_the_next_one_begins_anew() -> None:
    time = [100.0]
    stuck = Stuck(lambda: time[0])
    desk: Any = OneDesk(reads=10, commits=4)
    assert stuck.oldest({0: desk}) == 0
    time[0] = 160
    desk.positions[LOG] = 50  # others go on
    assert stuck.oldest({0: desk}) == 60
    desk.commits = 5
    assert stuck.oldest({0: desk}) == 0
    desk.commits = 50
    time[0] = 500
    assert stuck.oldest({0: desk}) == 0


def test_invented_sources_share_one_name() -> None:
    for number in range(3 * metrics.SOURCES_SHOWN):
        metrics.count_report(f"invented-{number}", "opened", NOW)
    shown = {
        s.labels["source"]
        for family in REGISTRY.collect()
        for s in family.samples
        if s.name == "gridcase_reports_total"
    }
    assert len(shown) <= metrics.SOURCES_SHOWN + 1
    assert value("gridcase_reports_total", source="other", outcome="opened") > 0


def test_a_source_that_was_only_ever_refused_is_not_named() -> None:
    metrics.count_refusal(sample("report.rejected.v1", source="nobody-we-know").data)
    assert value("gridcase_reports_total", source="nobody-we-know", outcome="rejected") == 0
    assert value("gridcase_reports_total", source="other", outcome="rejected") > 0


def test_a_countys_topics_are_so_many_labels_as_the_table_has_rows() -> None:
    units = [f"vc-{number}" for number in range(6_000)]
    names = [topic.of(u) for topic in TOPICS if topic.per_department for u in units]
    assert {metrics.family(name) for name in names} == {"assignments", "updates"}
    assert metrics.family("case.events") == "case.events"


LABELS = {
    "service", "topic", "outcome", "type", "source", "category", "department", "level", "from", "to",
    "year", "dependency", "le",
}  # fmt: skip
"""A grid, a case, a person is none."""


def series() -> set[tuple[str, ...]]:
    """All that a `/metrics` shows of ours, by name and labels."""
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items())))
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith("gridcase_")
    }


def a_case_goes_by(grid: str, lead: str, level: str) -> None:
    """What a report from this grid makes the services count."""
    opened = sample("case.opened.v1", grid=grid, received_at=NOW)
    assigned = sample("case.assigned.v1", lead=lead, level=level)
    climbed = sample("case.escalated.v1", from_level="village", to_level="town")
    told = sample("assignment.created.v1")
    out = [("case.events", message) for message in (opened, assigned, climbed)]
    metrics.count_out("router", [*out, (f"assignments.{lead}", told)])
    metrics.count_in("router", Counter({(LOG, "accepted"): 3, ("void", assigned.type): 1}))
    assigned = Message(assigned.id, "", opened.subject, NOW, assigned.data)
    Ages("router").observe([milliseconds(NOW)] * 2, [opened, assigned], NOW)


def test_a_county_of_6000_grids_shows_no_more_series_than_its_departments_make() -> None:
    hanyin = read_folder(Path("deploy/hanyin"))
    grids = [area.code for area in hanyin.areas if area.kind == "grid"]
    units = [(unit.code, unit.level) for unit in hanyin.departments]
    assert len(grids) > 5_900
    elsewhere = series()
    for number, (code, level) in enumerate(units):
        a_case_goes_by(grids[number], code, level)
    before = series()
    for grid, (code, level) in zip(grids, cycle(units), strict=False):
        a_case_goes_by(grid, code, level)
    assert series() == before
    named = {label.partition("=")[0] for _, *labels in before for label in labels}
    assert named <= LABELS
    by_name = Counter(name for name, *_ in before - elsewhere)
    assert max(by_name.values(), default=0) <= len(units)


def test_a_calendar_is_covered_until_its_source_ends() -> None:
    week: Any = {"mon": ()}
    china = Calendar(id="a", timezone="Asia/Shanghai", week=week, holidays="chinesecalendar")
    always = Calendar(id="b", timezone="Asia/Shanghai", week=week, holidays="none")
    assert covered_until([always], NOW).year == NOW.year + FAR
    assert covered_until([always, china], NOW) == covered_until([china], NOW)
    long_after = datetime(2150, 6, 1, tzinfo=UTC)
    assert covered_until([china], long_after) < long_after
