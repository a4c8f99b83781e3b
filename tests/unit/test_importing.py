"""Rows of an export: each becomes a report or is rejected aloud, and is resolved as it says.

The export is a small desk's: number, day, matter, kind of person, when it was done and what was said.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.account import Account
from lab.importing import (
    AT_ONCE,
    LEFT_OPEN,
    UNREADABLE_END,
    Accepted,
    ImportParties,
    Outcome,
    Rejected,
    outcomes,
    read_export,
)
from lab.mapping import CannotImport, Mapping
from schemas import ids
from schemas.envelope import Message
from schemas.events import Assigned, AssignedBecause, Opened, Resolved
from schemas.inputs import Action, Channel, ReporterKind, Update
from schemas.reference import Level, Service, Urgency

HEADER = "no,on,matter,who,done,said"
NINE = datetime(2022, 7, 4, 1, 0, tzinfo=UTC)
"""Monday 4 July 2022, 09:00 in Shanghai."""


def mapping(**ending: str) -> Mapping:
    return Mapping.model_validate(
        {
            "source": "desk",
            "times": {"zone": "Asia/Shanghai", "formats": ["%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M"]},
            "report": {
                "report_id": "{no}",
                "submitted_at": "{on}",
                "text": "{matter}",
                "reporter": {
                    "kind": {"column": "who", "table": {"R": "resident", "G": "grid_worker"}},
                    "id": "{who}{no}",
                },
            },
            "resolution": {"at": "{done}", "by": "clerk", "result": "{said}", **ending},
        }
    )


def read(*rows: str, **ending: str) -> list[Outcome]:
    file = StringIO("\n".join((HEADER, *rows)), newline="")
    return list(outcomes(file, mapping(**ending)))


def accepted(*rows: str, **ending: str) -> Accepted:
    [outcome] = read(*rows, **ending)
    assert isinstance(outcome, Accepted), outcome
    return outcome


def reason(*rows: str, **ending: str) -> str:
    [outcome] = read(*rows, **ending)
    assert isinstance(outcome, Rejected), outcome
    return outcome.reason


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def test_a_row_becomes_a_report_of_its_source() -> None:
    row = accepted("7,2022/7/4 9:00, Lamp out ,G,2022/7/5 17:30,Mended")
    assert row.case_id == ids.case_id("desk", "7")
    assert (row.report.text, row.report.submitted_at) == ("Lamp out", NINE)
    assert (row.report.reporter.kind, row.report.reporter.id) == (ReporterKind.GRID_WORKER, "G7")
    assert (row.report.channel, row.report.category) == (Channel.TEXT, None)
    assert row.resolution is not None
    assert row.resolution.at == datetime(2022, 7, 5, 9, 30, tzinfo=UTC)
    assert (row.resolution.by, row.resolution.result) == ("clerk", "Mended")


def test_times_of_several_formats_stand_in_one_file() -> None:
    rows = read("1,2022/7/4 9:00,a,R,,", "2,2022-07-04 09:00,b,R,,")
    assert [row.report.submitted_at for row in rows if isinstance(row, Accepted)] == [NINE, NINE]


def test_an_unreadable_time_is_rejected_with_its_line_and_reason() -> None:
    rows = read("1,2022/7/4 9:00,a,R,,", "2,early July,b,R,,")
    assert rows[1] == Rejected(3, "submitted_at: 'early July' is in none of the formats")


def test_a_line_is_where_the_row_begins_though_cells_run_over_lines() -> None:
    rows = read('1,2022/7/4 9:00,"two\nlines",R,,', "2,never,b,R,,", "", "3,never,b,R,,")
    assert [row.line for row in rows] == [2, 4, 6]


def test_a_row_that_was_never_closed_has_no_ending() -> None:
    row = accepted("1,2022/7/4 9:00,a,R,,")
    assert (row.resolution, row.notes) == (None, ())


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1,2022/7/4 9:00,a,R,", "5 cells, where the header has 6"),
        ("1,2022/7/4 9:00,a,R,,,", "7 cells, where the header has 6"),
        ('1,2022/7/4 9:00,"a"b,R,,', "not CSV: ',' expected after '\"'"),
        ('1,2022/7/4 9:00,"a,R,,', "not CSV: unexpected end of data"),
        ("1,2022/7/4 9:00,a,Mayor,,", "who: the mapping has no 'Mayor'"),
        (",2022/7/4 9:00,a,R,,", "report_id: Field required"),
        (
            f"1,2022/7/4 9:00,{'a' * 20_001},R,,",
            "text: String should have at most 20000 characters",
        ),
        (f"1,2022/7/4 9:00,a,R,2022/7/5 9:00,{'a' * 20_001}", "resolution.result: String should"),
    ],
)
def test_what_cannot_become_a_report_is_rejected_aloud(row: str, told: str) -> None:
    assert reason(row).startswith(told)


def test_two_rows_with_one_id_would_be_one_case_so_the_second_is_rejected() -> None:
    rows = read("1,2022/7/4 9:00,a,R,,", "1,2022/7/5 9:00,b,R,,")
    assert rows[1] == Rejected(3, "report_id: line 2 has the same")


def test_the_reason_never_repeats_the_text() -> None:
    told = reason(f"1,2022/7/4 9:00,{'Private ' * 3000},R,,")
    assert "Private" not in told


# ── endings ──────────────────────────────────────────────────────────────────────────────────


def test_an_ending_before_the_beginning_is_rejected_unless_the_mapping_says_otherwise() -> None:
    assert reason("1,2022/7/4 9:00,a,R,2022/7/4 8:59,x") == (
        "resolution.at: lies before submitted_at"
    )


def test_clocks_that_differ_may_be_taken_as_done_at_once() -> None:
    row = accepted("1,2022/7/4 9:00,a,R,2022/7/4 8:59,x", if_before_report="at-once")
    assert row.notes == (AT_ONCE,)
    assert row.resolution is not None
    assert row.resolution.at == NINE


def test_an_impossible_ending_may_be_dropped_with_a_note() -> None:
    row = accepted("1,2022/7/4 9:00,a,R,2022/7/4 8:59,x", if_before_report="leave-open")
    assert (row.resolution, row.notes) == (None, (LEFT_OPEN,))


def test_an_unreadable_ending_is_rejected_or_dropped_with_a_note() -> None:
    assert reason("1,2022/7/4 9:00,a,R,soon,x") == "resolution.at: 'soon' is in none of the formats"
    row = accepted("1,2022/7/4 9:00,a,R,soon,x", if_unreadable="leave-open")
    assert (row.resolution, row.notes) == (None, (UNREADABLE_END,))


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_column_is_told_with_the_field_that_needs_it() -> None:
    with pytest.raises(CannotImport, match=r"report\.text needs one column 'matter'"):
        list(outcomes(["no,on,what,who,done,said\n"], mapping()))


def test_an_empty_file_has_no_columns() -> None:
    with pytest.raises(CannotImport, match="there are none at all"):
        list(outcomes([], mapping()))


def test_a_compressed_file_reads_as_a_plain_one(tmp_path: Path) -> None:
    text = f"\ufeff{HEADER}\r\n1,2022/7/4 9:00,路灯,R,,\r\n".encode()
    (tmp_path / "plain.csv").write_bytes(text)
    (tmp_path / "small.csv.gz").write_bytes(gzip.compress(text))
    plain, small = (
        list(read_export(tmp_path / name, mapping())) for name in ("plain.csv", "small.csv.gz")
    )
    assert plain == small
    assert isinstance(plain[0], Accepted)


@pytest.mark.parametrize(
    ("name", "content"),
    [("other.csv", "编号\n".encode("gb18030")), ("broken.csv.gz", gzip.compress(b"a" * 99)[:-9])],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CannotImport, match=name):
        list(read_export(tmp_path / name, mapping()))


NONSENSE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOMENTS = st.sampled_from(["2022/7/4 9:00", "2022/7/3 9:00", "2022-07-05 10:00", "soon", ""])
ROWS = st.one_of(
    st.lists(NONSENSE, min_size=1, max_size=7),
    st.tuples(
        st.sampled_from(["1", "2", "3", ""]),
        MOMENTS,
        NONSENSE,
        st.sampled_from(["R", "G", "M"]),
        MOMENTS,
        NONSENSE,
    ),
)


@given(st.lists(ROWS, max_size=8))
def test_accepted_and_rejected_are_all_rows(rows: list[Sequence[str]]) -> None:
    file = StringIO(newline="")
    csv.writer(file).writerows([HEADER.split(","), *rows])
    file.seek(0)
    account = Account("desk")
    sent = [row for row in map(account.row, outcomes(file, mapping())) if row]
    assert account.rows == len(rows) == len(sent) + account.rejected.total()
    assert len({row.case_id for row in sent}) == len(sent)


@given(st.text(st.sampled_from('"a,\n\r'), max_size=40))
def test_a_torn_file_is_read_to_its_end(text: str) -> None:
    found = list(outcomes(StringIO(f"{HEADER}\n{text}", newline=""), mapping()))
    assert all(isinstance(outcome, Rejected) for outcome in found)
    assert [outcome.line for outcome in found] == sorted({outcome.line for outcome in found})


# ── parties ──────────────────────────────────────────────────────────────────────────────────

CLOSED = "1,2022/7/4 9:00,a,R,2022/7/5 9:00,Mended"


def assigned(row: Accepted, lead: str, after: timedelta, id: str = "e2") -> Message[Any]:
    data = Assigned(
        holding="e1",
        lead=lead,
        level=Level.VILLAGE,
        area="v1",
        category=None,
        because=AssignedBecause.ROUTED,
        why="",
    )
    return Message(id, "/services/router", row.case_id, NINE + after, data)


def resolved(row: Accepted) -> Message[Any]:
    at = NINE + timedelta(days=1)
    data = Resolved(holding="e2", department="roads", update_id="u", by="clerk", at=at)
    return Message("e3", "/services/router", row.case_id, at, data)


def test_whoever_is_assigned_resolves_it_when_the_row_says() -> None:
    row = accepted(CLOSED)
    [update] = ImportParties([row]).react(assigned(row, "roads", timedelta(0)))
    assert isinstance(update.data, Update)
    assert (update.topic, update.holding, update.case) == ("updates.roads", "e2", row.case_id)
    assert (update.data.action, update.at) == (Action.RESOLVE, NINE + timedelta(days=1))
    assert (update.data.by, update.data.result) == ("clerk", "Mended")


def test_how_a_dispute_ended_is_said_where_the_mapping_says_it() -> None:
    row = accepted(CLOSED, settlement="settled")
    [update] = ImportParties([row]).react(assigned(row, "mediators", timedelta(0)))
    assert isinstance(update.data, Update)
    assert update.data.settlement is not None
    assert update.data.settlement.outcome == "settled"


def test_a_settlement_that_is_neither_settled_nor_failed_rejects_the_row() -> None:
    assert reason(CLOSED, settlement="{said}").startswith("resolution.")


def test_nobody_resolves_before_being_assigned() -> None:
    row = accepted(CLOSED)
    [update] = ImportParties([row]).react(assigned(row, "roads", timedelta(days=2)))
    assert update.at == NINE + timedelta(days=2, seconds=1)


def test_a_case_that_climbs_is_resolved_by_its_new_holder_under_another_id() -> None:
    row = accepted(CLOSED)
    parties = ImportParties([row])
    [first] = parties.react(assigned(row, "roads", timedelta(0)))
    [second] = parties.react(assigned(row, "county", timedelta(hours=4), id="e9"))
    assert isinstance(first.data, Update)
    assert isinstance(second.data, Update)
    assert (second.topic, second.holding) == ("updates.county", "e9")
    assert first.data.update_id != second.data.update_id
    assert [first] == list(ImportParties([row]).react(assigned(row, "roads", timedelta(0))))


def test_what_is_resolved_is_forgotten() -> None:
    row = accepted(CLOSED)
    parties = ImportParties([row])
    assert parties.waiting == 1
    assert list(parties.react(resolved(row))) == []
    assert parties.waiting == 0
    assert list(parties.react(assigned(row, "roads", timedelta(0)))) == []


def test_a_row_without_an_ending_and_a_strangers_case_stay_as_they_are() -> None:
    row, stranger = accepted("1,2022/7/4 9:00,a,R,,"), accepted(CLOSED.replace("1", "2", 1))
    parties = ImportParties([row])
    assert parties.waiting == 0
    assert list(parties.react(assigned(row, "roads", timedelta(0)))) == []
    assert list(parties.react(assigned(stranger, "roads", timedelta(0)))) == []


# ── the account ──────────────────────────────────────────────────────────────────────────────


def opened(source: str, report_id: str) -> Message[Any]:
    data = Opened(
        source=source,
        report_id=report_id,
        digest="",
        submitted_at=NINE,
        received_at=NINE,
        text="",
        channel=Channel.TEXT,
        service=Service.SENTIMENT,
        category=None,
        category_by="unsure",
        urgency=Urgency.NORMAL,
        area="c",
        area_level="county",
        area_how="",
        area_certain=False,
        reporter={"kind": "resident"},
    )
    return Message("e1", "/services/intake", ids.case_id(source, report_id), NINE, data)


def test_the_account_balances_once_every_row_has_come_to_an_end() -> None:
    account = Account("desk")
    for outcome in read("1,2022/7/4 9:00,a,R,,", "2,2022/7/4 9:00,b,R,,", "3,never,c,R,,"):
        account.row(outcome)
    account.see(opened("another desk", "2"))
    account.see(opened("desk", "1"))
    assert not account.balances
    account.refused["2"] = "unknown category"
    assert account.balances
    told = dict(account.lines())
    assert (told["rows"], told["  accepted"], told["  rejected by intake"]) == (3, 1, 1)
    assert told["    submitted_at: 'never' is in none of the formats (first in line 4)"] == 1
    assert told["    unknown category"] == 1


def test_of_many_reasons_the_rare_ones_are_counted_together() -> None:
    account = Account("desk")
    for number in range(12):
        account.row(Rejected(number, f"reason {number}"))
    assert dict(account.lines())["    2 other reasons"] == 2
    assert account.balances


def test_reports_that_are_refused_alike_count_together_whatever_their_dates() -> None:
    account = Account("test", sent=2)
    account.refused["1"] = "submitted_at 2014-06-06 is before 2015-01-01"
    account.refused["2"] = "submitted_at 2013-10-23 is before 2015-01-01"
    assert ("    submitted_at <date> is before 2015-01-01", 2) in account.lines()
