"""The timeline of a case: what is drawn is what sla knew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from typer.testing import CliRunner

from cli.main import app
from lab.explain.drawing import draw
from lab.explain.lanes import Lane, Timeline, timeline
from lab.explain.terminal import render
from lab.story.naming import Names
from schemas import envelope, ids
from schemas.events import AssignedBecause
from schemas.rulebook import Rulebook
from tests.county import small_county
from tests.story import CASE
from tests.unit.sla_life import RESOLVE, RESPOND, SIGN, TOWN, WHOLE, Life, a_case, july

NAMES = Names(Rulebook(small_county()))


def a_long_story() -> Life:
    """Signed, paused over a day, late in the village, resolved by the town."""
    life = a_case().assigned(july(4, 9)).signed(july(4, 10)).paused(july(5, 9))
    life.resumed(july(6, 9)).passes(july(8, 10))
    return life.assigned(july(8, 10), TOWN, AssignedBecause.ESCALATED).resolved(july(11, 9))


def drawn(life: Life) -> Timeline:
    return timeline(life.log, july(12, 9))


def lane(life: Life, kind: object, department: str | None = None) -> Lane:
    return next(
        each
        for each in drawn(life).lanes
        if each.kind is kind and department in (None, each.department)
    )


def spans(found: Lane) -> list[tuple[str, object, object]]:
    return [(span.how, span.start, span.end) for span in found.spans]


def test_a_holders_clock_is_drawn_as_it_ran_stood_still_and_ran_out() -> None:
    village = lane(a_long_story(), RESOLVE)
    assert spans(village) == [
        ("running", july(4, 9), july(5, 9)),
        ("paused", july(5, 9), july(6, 9)),
        ("running", july(6, 9), july(8, 9)),
        ("late", july(8, 9), july(8, 10)),
    ]
    assert village.outcome == "late"


def test_every_due_time_names_its_rule_and_a_moved_one_its_reason() -> None:
    first, moved = lane(a_long_story(), RESOLVE).dues
    assert (first.at, first.duration, first.policy) == (july(7, 9), "3wd", "usual")
    assert (moved.at, moved.since) == (july(8, 9), july(6, 9))
    assert moved.why.startswith("Resumed")


def test_each_holder_has_lanes_of_its_own_and_the_case_has_its_own() -> None:
    life = a_long_story()
    kinds = [(each.kind, each.department) for each in drawn(life).lanes]
    assert kinds.count((RESOLVE, TOWN)) == 1
    assert len([kind for kind, _ in kinds if kind is SIGN]) == 2
    assert lane(life, RESOLVE, TOWN).outcome == "met"
    assert [lane(life, kind).department for kind in (WHOLE, RESPOND)] == [None, None]


def test_a_clock_that_is_done_is_drawn_no_further() -> None:
    sign = lane(a_long_story(), SIGN)
    assert spans(sign) == [("running", july(4, 9), july(4, 10))]
    assert sign.outcome == "met"
    assert lane(a_long_story(), WHOLE).spans[-1].end == july(11, 9)


def test_a_clock_that_still_runs_is_drawn_until_now_and_its_due_time_ahead() -> None:
    found = timeline(a_case().assigned(july(4, 9)).log, july(4, 9, 30))
    assert {each.outcome for each in found.lanes} == {"running"}
    assert found.end == max(each.due.at for each in found.lanes) == july(19, 9)
    late = timeline(a_case().assigned(july(4, 9)).log, july(4, 12))
    [sign] = [each for each in late.lanes if each.kind is SIGN]
    assert [span.how for span in sign.spans] == ["running", "late"]


def test_spans_of_a_lane_never_overlap() -> None:
    for each in drawn(a_long_story()).lanes:
        assert all(one.end <= other.start for one, other in pairwise(each.spans))


def test_copies_and_voids_are_not_drawn() -> None:
    life = a_long_story()
    twice = [record for record in life.log for _ in range(2)]
    assert timeline(twice, july(12, 9)) == drawn(life)


def test_the_terminal_shows_each_bar_with_its_rule() -> None:
    console = Console(width=120)
    with console.capture() as shown:
        console.print(render(drawn(a_long_story()), NAMES))
    told = shown.get()
    assert "due 07-07 09:00 = 07-04 09:00 + 3 working d (policy usual" in told
    assert "━" in told
    assert "█" in told
    assert "┄" in told


def test_the_drawing_is_well_formed_and_says_why_in_both_languages() -> None:
    document = ElementTree.fromstring(draw(drawn(a_long_story()), NAMES))
    space = "{http://www.w3.org/2000/svg}"
    classes = {each.get("class") for each in document.iter(f"{space}rect")}
    assert {"running", "paused", "late"} <= classes
    titles = [each.text or "" for each in document.iter(f"{space}title")]
    assert any("个工作日" in title and "working d" in title for title in titles)


def test_the_command_reads_an_exported_log_and_draws(tmp_path: Path) -> None:
    log, picture = tmp_path / "log.jsonl", tmp_path / "case.svg"
    lines = []
    for number, record in enumerate(a_long_story().log):
        identity = ids.derive("explain", number)
        lines.append(envelope.write(replace(record, id=identity, causationid=None)))
    log.write_bytes(b"\n".join(lines))
    told = CliRunner().invoke(
        app, ["sla", "explain", CASE, "--log", str(log), "--svg", str(picture)]
    )
    assert told.exit_code == 0, told.output
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
