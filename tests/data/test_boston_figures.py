"""Boston's figures, computed by our measures and straight from the CSV by pandas, to the last digit.

Each row becomes the events that the city's own system would have told: opened, assigned, the target,
and how it ended. They go through the lifecycle and the fold of rating, as from the log.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lab.mapping import Mapping, fill, read_mapping
from schemas import events, ids
from schemas.commands import ReporterOnLog
from schemas.envelope import Message
from schemas.inputs import Channel, ReporterKind
from schemas.lifecycle import advance, void_because
from schemas.outputs import Scorecard
from schemas.reference import DeadlineKind, Level, Service, Urgency
from schemas.rulebook import Rulebook
from services.rating.domain import DECIDER
from services.rating.facts import State
from services.rating.scorecards import scorecards
from services.shell.reference import read_folder
from tests.data.test_real_data import DATA, ROOT

pandas = pytest.importorskip("pandas", reason="pandas is what the figures are compared with")
FILE = DATA / "boston311/2015_01-09.csv.gz"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"there is no {FILE}: set GRIDCASE_DATA")
TAKEN = datetime(2016, 1, 12, 20, tzinfo=UTC)
"""When the city took the file: its last closing is of this day."""
PERIODS = {
    "2015": ("2015-01-01", "2016-01-01"),
    "2015-Q2": ("2015-04-01", "2015-07-01"),
    "2015-02": ("2015-02-01", "2015-03-01"),
    "2015-11": ("2015-11-01", "2015-12-01"),
}


def facts_of(row: dict[str, str], mapping: Mapping) -> State:
    opened, target, ended = (
        mapping.times.read(row[name]) for name in ("OPEN_DT", "TARGET_DT", "CLOSED_DT")
    )
    assert opened is not None
    state = DECIDER.initial()
    for tell, at in _told(row, opened, target, max(ended, opened) if ended else None):
        data = tell(state.standing.holding or "")
        identity = ids.derive("boston", row["CASE_ENQUIRY_ID"], data.TYPE)
        event: Message[Any] = Message(identity, "/boston", identity, at, data)
        assert void_because(state.standing, data) is None
        state = DECIDER.evolve(replace(state, standing=advance(state.standing, event)), event)
    return state


Tell = Callable[[str], events.CaseEvent]
"""Makes an event about the holding that stands."""


def _told(
    row: dict[str, str], opened: datetime, target: datetime | None, ended: datetime | None
) -> Iterator[tuple[Tell, datetime]]:
    department = row["Department"]
    yield lambda _holding: _opened(row, opened), opened
    yield lambda holding: events.Assigned(
        holding=holding, lead=department, level=Level.COUNTY, area="boston",
        because=events.AssignedBecause.ROUTED, why="as in the file",
    ), opened  # fmt: skip
    if target is not None:
        deadline = events.Deadline(
            kind=DeadlineKind.RESOLVE, started=opened, due=target, duration="1cd", policy="file"
        )
        yield lambda holding: events.DeadlineSet(
            holding=holding, deadlines=(deadline,), why="as in the file"
        ), opened  # fmt: skip
    if ended is not None:
        yield lambda holding: events.Resolved(
            holding=holding, department=department, update_id="u", by="b", at=ended
        ), ended  # fmt: skip


def _opened(row: dict[str, str], at: datetime) -> events.Opened:
    return events.Opened(
        source="boston-311", report_id=row["CASE_ENQUIRY_ID"], digest="", submitted_at=at,
        received_at=at, text="", channel=Channel.TEXT, service=Service.SENTIMENT,
        category_by="given", urgency=Urgency.NORMAL, area="boston", area_level="county",
        area_how="given", area_certain=True, reporter=ReporterOnLog(kind=ReporterKind.RESIDENT),
    )  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> list[tuple[str, State]]:
    mapping = read_mapping(ROOT / "lab/mappings/boston311.yaml")
    with gzip.open(FILE, "rt", encoding=mapping.encoding, newline="") as file:
        rows = csv.DictReader(file)
        return [(fill(mapping.report.report_id, row), facts_of(row, mapping)) for row in rows]


@pytest.fixture(scope="module")
def table() -> Any:
    """The file as pandas reads it, its local times made instants."""
    frame = pandas.read_csv(FILE, dtype=str)
    for name in ("OPEN_DT", "TARGET_DT", "CLOSED_DT"):
        local = pandas.to_datetime(frame[name]).dt.tz_localize(
            "America/New_York", ambiguous=[True] * len(frame), nonexistent="raise"
        )
        frame[name] = local.dt.tz_convert("UTC")
    frame["CLOSED_DT"] = frame[["OPEN_DT", "CLOSED_DT"]].max(axis=1).where(frame.CLOSED_DT.notna())
    return frame


def by_pandas(table: Any, start: str, end: str) -> dict[str, tuple[int, int]]:
    """On time ÷ (on time + overdue) by department: on time is closed in the period and by its
    target; overdue is a target that passed in the period unmet."""
    first, after = (pandas.Timestamp(day, tz="America/New_York") for day in (start, end))
    target, closed = table.TARGET_DT, table.CLOSED_DT
    met = (closed <= target) & (closed >= first) & (closed < after)
    missed = (target >= first) & (target < after) & (target < TAKEN) & ~(closed <= target)
    sums = table.assign(met=met, missed=missed).groupby("Department")[["met", "missed"]].sum()
    return {unit: (int(row.met), int(row.met + row.missed)) for unit, row in sums.iterrows()}


@pytest.mark.parametrize("period", PERIODS)
def test_on_time_per_department_is_what_pandas_finds_in_the_csv(
    facts: list[tuple[str, State]], table: Any, period: str
) -> None:
    rules = Rulebook(read_folder(ROOT / "deploy/boston"))
    cards: dict[str, Scorecard] = {
        card.id: card
        for card in scorecards(facts, rules, period, TAKEN)
        if card.scope == "department"
    }
    expected = by_pandas(table, *PERIODS[period])
    assert len(expected) == 17
    for unit, (numerator, denominator) in expected.items():
        rate = cards[unit].rates["on_time"] if unit in cards else None
        found = (rate.numerator, rate.denominator) if rate else (0, 0)
        assert found == (numerator, denominator), unit
        if rate is not None and denominator:
            assert rate.value == numerator / denominator
    assert sum(denominator for _, denominator in expected.values()) > 500
