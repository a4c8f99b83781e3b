"""A log that breaks a promise is found out, and the first event that does is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.replay.verifying import DECISIONS, READABLE, Verified, verify
from schemas import ids
from schemas.rulebook import Rulebooks
from services.shell.reference import read_folder
from tests import rehearsed

Line = dict[str, Any]
Break = Callable[[list[Line]], int]
"""Breaks a log; the number of the line that does."""


def parsed() -> list[Line]:
    return [orjson.loads(line) for line in rehearsed.lines()]


def first(log: list[Line], kind: str, which: Callable[[Line], bool] = lambda _line: True) -> int:
    """The place of the first event of a type."""
    return next(n for n, line in enumerate(log) if kind in line["type"] and which(line))


def verified(tmp_path: Path, log: list[Line], rules: Rulebooks | None = None) -> Verified:
    return verify(rehearsed.written(tmp_path, [orjson.dumps(line) + b"\n" for line in log]), rules)


def test_an_unbroken_log_keeps_every_promise_and_is_decided_again(tmp_path: Path) -> None:
    found = verify(rehearsed.written(tmp_path), Rulebooks([rehearsed.hanyin()]))
    assert found.holds, found.shown
    assert (found.cases, found.events) == (342, len(rehearsed.lines()))


# ── broken on purpose ────────────────────────────────────────────────────────────────────────


def a_second_answer(log: list[Line]) -> int:
    """The same cause has another event, as the next attempt, though the first was not void."""
    place = first(log, "progressed")
    second = ids.event_id(log[place]["causationid"], "router", 1)
    log.insert(place + 1, log[place] | {"id": second})
    return place + 2


def a_thrown_id(log: list[Line]) -> int:
    place = first(log, "assigned")
    thrown = ids.derive("dice", 6)
    text = orjson.dumps(log).replace(log[place]["id"].encode(), thrown.encode())
    log[:] = orjson.loads(text)
    return place + 1


def a_cause_that_never_was(log: list[Line]) -> int:
    place = first(log, "deadline-set")
    log[place]["causationid"] = ids.derive("nothing")
    return place + 1


def anothers_event(log: list[Line]) -> int:
    place = first(log, "warned")
    log[place]["source"] = "/services/rating"
    return place + 1


def rules_without_a_version(log: list[Line]) -> int:
    place = first(log, "assigned")
    del log[place]["policyversion"]
    return place + 1


def a_stranger_that_resolves(log: list[Line]) -> int:
    place = first(log, "resolved")
    log[place]["data"]["department"] = "county-forestry"
    return place + 1


def a_stranger_that_is_late(log: list[Line]) -> int:
    place = first(log, "overdue", lambda line: line["data"]["kind"] == "resolve")
    log[place]["data"]["department"] = "county-forestry"
    return place + 1


def a_timer_that_never_ran_out(log: list[Line]) -> int:
    """Without its overdue, nothing follows that case any more."""
    place = first(log, "overdue", lambda line: line["data"]["kind"] == "resolve")
    case = log[place]["subject"]
    log[place:] = [line for line in log[place:] if line["subject"] != case]
    return max(n for n, line in enumerate(log) if line["subject"] == case) + 1


def a_merge_that_nobody_took(log: list[Line]) -> int:
    place = first(log, "signed")
    cause = ids.derive("answer")
    merged = {
        **log[place],
        "id": ids.event_id(cause, "router", 0),
        "type": "case.merged.v1",
        "causationid": cause,
        "data": {"into": ids.derive("nowhere"), "merging": ids.derive("merging")},
    }
    log.insert(place + 1, merged)
    return place + 2


def a_report_in_two_cases(log: list[Line]) -> int:
    place = first(log, "opened")
    other = first(log, "signed", lambda line: line["subject"] != log[place]["subject"])
    cause = ids.derive("joins")
    added = {
        **log[other],
        "id": ids.event_id(cause, "intake", 0),
        "source": "/services/intake",
        "type": "case.report-added.v1",
        "causationid": cause,
        "data": {n: log[place]["data"][n] for n in ("source", "report_id", "digest", "text")},
    }
    log.insert(other + 1, added)
    return other + 2


def bytes_that_are_no_event(log: list[Line]) -> int:
    log[40] = {"specversion": "1.0", "subject": log[40]["subject"], "type": "case.invented.v9"}
    return 41


def a_line_of_no_case(log: list[Line]) -> int:
    log.insert(12, {"specversion": "1.0"})
    return 13


WAYS: dict[Break, str] = {
    a_second_answer: "one cause has at most one event",
    a_thrown_id: "ids follow from causes",
    a_cause_that_never_was: "what follows names an event before it",
    anothers_event: "every event has its one writer",
    rules_without_a_version: "a decision by rules names their version",
    a_stranger_that_resolves: "nothing is held against a department that does not hold the case",
    a_stranger_that_is_late: "nothing is held against a department that does not hold the case",
    a_timer_that_never_ran_out: "no timer is passed over",
    a_merge_that_nobody_took: "a merged case lives on in another",
    a_report_in_two_cases: "no report is in two cases",
    bytes_that_are_no_event: READABLE,
    a_line_of_no_case: READABLE,
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_of_breaking_a_log_is_named(way: Break, tmp_path: Path) -> None:
    log = parsed()
    line = way(log)
    found = verified(tmp_path, log)
    named = [each for each in found.shown if each.promise == WAYS[way]]
    assert named and min(named).line == line, found.shown
    assert found.first is not None and found.first.line == line


def test_a_decision_that_the_rules_would_not_make_is_named(tmp_path: Path) -> None:
    log = parsed()
    place = first(log, "assigned", lambda line: line["data"]["level"] == "village")
    log[place]["data"]["level"] = "county"
    found = verified(tmp_path, log, Rulebooks([rehearsed.hanyin()]))
    assert found.first is not None
    assert (found.first.line, found.first.promise) == (place + 1, DECISIONS)
    assert "level county → " in found.first.what


def test_a_decision_that_was_never_made_is_named(tmp_path: Path) -> None:
    """The report came in, and no clock was started."""
    log = parsed()
    place = first(log, "deadline-set", lambda line: line["data"].get("holding") is None)
    del log[place]
    found = verified(tmp_path, log, Rulebooks([rehearsed.hanyin()]))
    assert any("decided nothing, and now case.deadline-set.v1" in e.what for e in found.shown)


def test_other_rules_are_other_decisions(tmp_path: Path) -> None:
    reference = read_folder(rehearsed.HANYIN)
    usual = reference.deadlines[0].model_copy(update={"resolve": "30wd"})
    other = reference.model_copy(update={"deadlines": (usual, *reference.deadlines[1:])})
    found = verify(rehearsed.written(tmp_path), Rulebooks([other]))
    assert set(found.broken) == {DECISIONS}
    assert "resolve.duration 2wd → 30wd" in " ".join(each.what for each in found.shown)


def test_the_command_ends_with_an_error_and_the_line(tmp_path: Path) -> None:
    log = parsed()
    line = a_thrown_id(log)
    file = rehearsed.written(tmp_path, [orjson.dumps(each) + b"\n" for each in log])
    done = CliRunner().invoke(app, ["replay", str(file), "--verify", "--json", "--jobs", "1"])
    told = orjson.loads(done.stdout)
    assert (done.exit_code, told["holds"], told["first"][0]["line"]) == (1, False, line)
