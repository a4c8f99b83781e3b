"""An import without a platform: the log that it writes is the one that the services would have."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.main import app
from lab import inputs
from lab.account import Account
from lab.import_log import write_log
from lab.importing import ImportParties
from lab.rehearsal import Rehearsal
from lab.replay.reading import opened
from lab.replay.replaying import Asked, replay
from lab.story.case_log import events_of
from schemas.envelope import Message
from schemas.reference import DeadlineKind
from tests.boston_like import END, MAPPING, export, limited, log_of, rows

CLIMBING = limited("3cd", DeadlineKind.RESOLVE)


def by_case(log: list[Message[Any]]) -> dict[str, list[Message[Any]]]:
    found: dict[str, list[Message[Any]]] = defaultdict(list)
    for event in log:
        found[event.subject].append(event)
    return found


def test_each_case_is_what_the_four_desks_make_of_it(tmp_path: Path) -> None:
    accepted = export(tmp_path, rows(60))
    rehearsal = Rehearsal(CLIMBING, ImportParties(accepted))
    rehearsal.add(inputs.report(row.report) for row in accepted)
    desks = by_case(rehearsal.run(END))
    alone = by_case(list(events_of(log_of(tmp_path, accepted, CLIMBING))))
    assert alone == desks
    assert any("escalated" in event.type for event in rehearsal.log)


def test_the_log_is_in_the_order_of_time_and_the_same_with_any_number_of_processes(
    tmp_path: Path,
) -> None:
    accepted = export(tmp_path, rows(40))
    one = log_of(tmp_path, accepted, CLIMBING).read_bytes()
    times = [event.time for event in events_of(tmp_path / "log.jsonl")]
    assert times == sorted(times)
    three = log_of(tmp_path, accepted, CLIMBING, jobs=3).read_bytes()
    assert sorted(three.splitlines()) == sorted(one.splitlines())
    assert replay(tmp_path / "log.jsonl", Asked()).cases == 40


def test_every_row_is_accounted_for_and_a_refusal_has_its_reason(tmp_path: Path) -> None:
    early = rows(3)
    early[0] = (early[0][0].replace(year=1901), None)
    account = Account("desk")
    accepted = export(tmp_path, early)
    account.rows = account.sent = len(accepted)
    events = write_log(accepted, CLIMBING, END, tmp_path / "log.jsonl.gz", account, 1)
    assert account.balances
    assert len(account.opened) == 2
    assert "is before" in account.refused["0"]
    with opened(tmp_path / "log.jsonl.gz") as log:
        assert events == len(log.readlines()) > 0


def test_the_command_writes_a_log_where_no_platform_runs(tmp_path: Path) -> None:
    export(tmp_path, rows(5))
    boston = Path(__file__).parents[2] / "deploy/hanyin"
    file, mapping, log = (str(tmp_path / n) for n in ("rows.csv", "mapping.yaml", "log.jsonl"))
    Path(mapping).write_text(
        MAPPING.replace("grid: g111", "town: 城关镇").replace("{slug: what}", "street-lights")
    )
    asked = ["import", file, "--mapping", mapping, "--reference", str(boston), "--log", log]
    done = CliRunner().invoke(app, [*asked, "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert replay(Path(log), Asked()).cases == 5


def test_a_log_needs_rules(tmp_path: Path) -> None:
    export(tmp_path, rows(1))
    file, mapping = str(tmp_path / "rows.csv"), str(tmp_path / "mapping.yaml")
    done = CliRunner().invoke(app, ["import", file, "--mapping", mapping, "--log", "x.jsonl"])
    assert done.exit_code == 2
    assert "--reference" in done.output
