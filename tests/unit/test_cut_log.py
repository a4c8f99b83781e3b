"""A log may be cut off anywhere: what its end hides is not missing, what it passed over is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from lab.replay.promises import OUTAGE
from lab.replay.verifying import DECISIONS, Verified, verify
from lab.whatif.asking import Question, ask
from schemas.rulebook import Rulebooks
from tests import rehearsed

Line = dict[str, Any]
TOLD = (
    "returned", "escalated", "merged", "reopened", "rated", "paused", "extended", "corrected",
    "update-refused", "triage-requested", "whistled", "supervised", "at-risk",
)  # fmt: skip
"""What shall happen in the small history: the first case of each."""


@cache
def parsed() -> tuple[Line, ...]:
    return tuple(orjson.loads(line) for line in rehearsed.lines())


def kind(line: Line) -> str:
    return str(line["type"]).split(".")[1]


@cache
def rules() -> Rulebooks:
    return Rulebooks([rehearsed.hanyin()])


def moment(line: Line) -> datetime:
    return datetime.fromisoformat(line["time"])


@cache
def small_history() -> tuple[Line, ...]:
    """Some cases of the demo month with all that happened to them."""
    log = parsed()
    firsts = (next((e for e in log if kind(e) == told), None) for told in TOLD)
    chosen = {each["subject"] for each in firsts if each is not None}
    chosen |= {e["data"]["into"] for e in log if e["subject"] in chosen and kind(e) == "merged"}
    return tuple(line for line in log if line["subject"] in chosen)


def verified(folder: Path, log: Iterable[Line]) -> Verified:
    file = rehearsed.written(folder, [orjson.dumps(line) + b"\n" for line in log])
    return verify(file, rules())


def found(folder: Path, log: Iterable[Line]) -> list[tuple[int, str]]:
    """The lines that are found, and what is said of them."""
    return [(each.line, each.what) for each in verified(folder, log).shown]


def answered(log: Iterable[Line], cause: str, by: str) -> Line:
    """A service's answer to the first event of a kind that it answered."""
    told = list(log)
    causes = {line["id"] for line in told if kind(line) == cause}
    source = f"/services/{by}"
    return next(e for e in told if e.get("causationid") in causes and e["source"] == source)


# ── cut off ──────────────────────────────────────────────────────────────────────────────────


def test_a_log_cut_anywhere_keeps_every_promise(tmp_path: Path) -> None:
    log = small_history()
    assert len({line["subject"] for line in log}) > 6
    for end in range(1, len(log) + 1):
        assert found(tmp_path, log[:end]) == [], f"cut after line {end}, {kind(log[end - 1])}"


def test_a_cut_between_a_cause_and_its_answer_is_no_difference_under_the_same_rules(
    tmp_path: Path,
) -> None:
    log = small_history()
    cut = log[: log.index(answered(log, "opened", by="router"))]
    file = rehearsed.written(tmp_path, [orjson.dumps(line) + b"\n" for line in cut])
    assert ask(file, Question(rehearsed.hanyin())).changed == []


def test_what_came_late_after_an_outage_has_its_answer_to_come(tmp_path: Path) -> None:
    """The clocks stood still for weeks. Now they go again: a limit that passed long ago is told, and
    the log is cut before the case climbs."""
    log = parsed()
    climbed = next(line for line in log if kind(line) == "escalated")
    late = next(line for line in log if line["id"] == climbed["causationid"])
    place = log.index(late)
    went_on = [line for line in log[place : place + 800] if line["subject"] != late["subject"]]
    assert moment(went_on[-1]) - moment(late) > 3 * OUTAGE
    assert found(tmp_path, [*log[:place], *went_on, late]) == []


# ── passed over ──────────────────────────────────────────────────────────────────────────────


def without(log: Iterable[Line], gone: Line) -> tuple[list[Line], int]:
    """The log without an event and what it brought about; and the line of its cause."""
    lost, kept = {gone["id"]}, list[Line]()
    for line in log:
        if line["id"] in lost or line.get("causationid") in lost:
            lost.add(line["id"])
        else:
            kept.append(line)
    return kept, 1 + [line["id"] for line in kept].index(gone["causationid"])


def test_an_answer_is_missing_where_its_service_went_on_at_once(tmp_path: Path) -> None:
    """The clock that runs from the report was never set, and the holder's was, in the same hour."""
    log = small_history()
    clock = answered(log, "opened", by="sla")
    kept, cause = without(log, clock)
    holder = answered(kept[cause:], "assigned", by="sla")
    end = kept.index(holder) + 1
    says = "sla decided nothing, and now case.deadline-set.v1"
    assert (cause, says) in found(tmp_path, kept[:end])


def test_an_answer_is_missing_where_the_log_went_on_for_days(tmp_path: Path) -> None:
    """A report was opened and nobody got it: the router did nothing more in that case."""
    log = small_history()
    kept, cause = without(log, answered(log, "opened", by="router"))
    said = found(tmp_path, kept)
    assert (cause, "router decided nothing, and now case.assigned.v1") in said


def test_an_answer_that_never_came_is_named_by_its_promise(tmp_path: Path) -> None:
    log = small_history()
    kept, _ = without(log, answered(log, "returned", by="router"))
    assert DECISIONS in verified(tmp_path, kept).broken
