"""The quick way through many cases makes the same log as the rehearsal, case by case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.importing import _read as read_part
from lab import inputs
from lab.compare import Period
from lab.demo.month import month
from lab.demo.parties import DemoParties
from lab.demo.rehearsals import july
from lab.demo.stories import read_stories
from lab.inputs import TimedInput
from lab.mapping import read_mapping
from lab.runner import Runner
from schemas import envelope
from schemas.envelope import Message
from schemas.reference import Reference
from schemas.rulebook import Rulebook
from services.shell.reference import read_folder

HANYIN = Path("deploy/hanyin")
BOSTON_HEADER = (
    "CASE_ENQUIRY_ID,OPEN_DT,CLOSED_DT,CLOSURE_REASON,CASE_TITLE,TYPE,QUEUE,neighborhood,Source"
)
ROWS = (
    "1,2015-03-02 09:00:00,2015-03-03 10:00:00,Done,Sidewalk,Sidewalk Repair (Make Safe),Q,Roxbury,Self Service",
    "2,2015-03-02 10:00:00,2015-03-09 10:00:00,Done,Sidewalk,Sidewalk Repair (Make Safe),Q,Roxbury,Self Service",
    "3,2015-03-05 10:00:00,,,Sidewalk,Sidewalk Repair (Make Safe),Q,Roxbury,Self Service",
)


@cache
def hanyin() -> Reference:
    return read_folder(HANYIN)


def by_case(log: Iterable[Message[Any]]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for event in log:
        found[event.subject].append(envelope.write(event))
    return found


def test_each_case_of_the_demo_month_has_the_events_of_the_rehearsal() -> None:
    rehearsal, end = july(hanyin())
    rules, stories = Rulebook(hanyin()), read_stories()
    reports = sorted((inputs.report(r) for r, _ in stories), key=lambda item: item.at)
    log: list[Message[Any]] = []
    month(stories, rules)
    Runner(hanyin(), DemoParties(stories, rules), log.append).run(reports, end)
    assert by_case(log) == by_case(rehearsal.log)


def test_the_log_comes_in_the_order_of_time() -> None:
    stories = read_stories()
    reports = sorted((inputs.report(r) for r, _ in stories), key=lambda item: item.at)
    log: list[Message[Any]] = []
    end = reports[-1].at + timedelta(days=30)
    Runner(hanyin(), DemoParties(stories, Rulebook(hanyin())), log.append).run(reports, end)
    moments = [event.time for event in log]
    assert moments == sorted(moments)


class Stammering(DemoParties):
    """They say all that they say twice."""

    def react(self, event: Message[Any]) -> Iterable[TimedInput]:
        return [item for item in super().react(event) for _ in range(2)]


def test_what_is_sent_twice_is_answered_once() -> None:
    stories = read_stories()
    reports = sorted((inputs.report(r) for r, _ in stories), key=lambda item: item.at)
    once: list[Message[Any]] = []
    twice: list[Message[Any]] = []
    end = reports[-1].at + timedelta(days=30)
    for log, kind in ((once, DemoParties), (twice, Stammering)):
        parties = kind(stories, Rulebook(hanyin()))
        Runner(hanyin(), parties, log.append).run(reports, end)
    assert twice == once


def test_inputs_out_of_order_are_refused() -> None:
    stories = read_stories()
    reports = sorted((inputs.report(r) for r, _ in stories), key=lambda item: item.at)
    runner = Runner(hanyin(), DemoParties(stories, Rulebook(hanyin())), lambda _event: None)
    with pytest.raises(ValueError, match="order of time"):
        runner.run(reversed(reports), reports[-1].at)


def test_an_import_may_begin_with_a_later_day(tmp_path: Path) -> None:
    export = tmp_path / "requests.csv"
    export.write_text("\n".join((BOSTON_HEADER, *ROWS)) + "\n", "utf-8")
    mapping = read_mapping(Path("lab/mappings/boston311.yaml"))
    account, rows = read_part(export, mapping, None, Period(date(2015, 3, 5)))
    assert [row.report.report_id for row in rows] == ["3"]
    assert account.rows == 1
