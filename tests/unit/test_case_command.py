"""`gridcase case`: the timeline on the terminal, as JSON, from an exported log."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from cli.case import case
from lab.story.case_log import case_of, from_file
from lab.story.story_page import as_data, render
from lab.story.storytelling import stand, tell
from schemas import envelope, events, ids
from schemas.envelope import Message, Unreadable
from schemas.rulebook import Rulebooks
from tests.county import small_county
from tests.story import CASE, moment
from tests.unit.held_case import RULES, event, held
from tests.unit.router_words import opened, said


def drawn(story: list[Message[Any]], now: datetime, lang: Any = "both", width: int = 100) -> str:
    console = Console(width=width, record=True, file=StringIO())
    console.print(render(CASE, tell(story, RULES), stand(story, now), RULES, lang))
    return console.export_text()


# ── on paper ─────────────────────────────────────────────────────────────────────────────────


def test_the_timeline_tells_both_languages_and_what_is_left() -> None:
    page = drawn(held(), moment(7))
    for words in (CASE, "2022-07-04 周一 Mon", "v11村委会 · 签收", "v11村委会 · signed for it",
                  "规则 roads", "Rule roads matches.", "a hole in the road", "left: 2 h"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(("lang", "there", "not_there"), [("zh", "签收", "signed for it"),
                                                          ("en", "signed for it", "签收")])  # fmt: skip
def test_one_language_alone_leaves_the_other_out(lang: str, there: str, not_there: str) -> None:
    page = drawn(held(), moment(7), lang)
    assert there in page and not_there not in page


def test_the_timeline_fits_a_hundred_columns_however_long_the_words() -> None:
    long = event("p", said(events.Progressed, ids.derive("assigned"), result="路" * 300), 2)
    console = Console(width=100)
    page = render(CASE, tell(held(long), RULES), stand(held(long), moment(3)), RULES, "both")
    lines = console.render_lines(page, pad=False)
    assert max(sum(segment.cell_length for segment in line) for line in lines) <= 100


def test_a_void_line_is_grey() -> None:
    stale = event("stale", said(events.Resolved, ids.derive("somebody else")), 2)
    page = render(CASE, tell(held(stale), RULES), stand(held(stale), moment(3)), RULES, "en")
    styles = {
        str(segment.style)
        for segment in Console(width=100).render(page)
        if "resolved" in segment.text and segment.style
    }
    assert styles and all("bright_black" in style for style in styles)


def test_the_json_has_words_by_language_and_times_with_their_zone() -> None:
    told = orjson.loads(as_data(CASE, tell(held(), RULES), stand(held(), moment(7))))
    assert told["case"] == CASE
    assert told["lines"][3]["what"] == {"zh": "签收", "en": "signed for it"}
    assert told["lines"][3]["at"] == "2022-07-04T10:00:00+08:00"
    assert told["now"]["readings"][0]["remaining"] == 7200.0


# ── the log and the command ──────────────────────────────────────────────────────────────────


def exported(folder: Path, story: list[Message[Any]]) -> Path:
    other = Message(ids.derive("other"), "/services/intake", ids.derive("other case"),
                    moment(20), opened())  # fmt: skip
    path = folder / "log.jsonl"
    path.write_bytes(b"\n".join(envelope.write(each) for each in [*story, other]))
    return path


def test_a_report_is_found_by_its_source_and_id() -> None:
    assert case_of("test/r1") == CASE
    assert case_of(CASE) == CASE


def test_a_log_gives_one_case_and_its_own_last_moment(tmp_path: Path) -> None:
    found = from_file(exported(tmp_path, held()), CASE, Rulebooks([small_county()]))
    assert [each.id for each in found.events] == [each.id for each in held()]
    assert found.now == moment(20)
    assert found.rules is not None and found.rules.version == "county-1"


def test_without_rules_a_log_is_told_in_codes(tmp_path: Path) -> None:
    found = from_file(exported(tmp_path, held()), CASE, Rulebooks())
    assert found.rules is None
    assert tell(found.events, found.rules)[3].who.zh == "vc-v11"
    assert tell(found.events, found.rules)[0].at.tzinfo is UTC


def test_a_file_that_is_no_log_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(envelope.write(held()[0]) + b"\n0 12 {}\n")
    with pytest.raises(Unreadable, match=r"log\.jsonl:2"):
        from_file(path, CASE, Rulebooks())


def run(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(case)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_tells_the_case_of_a_report_from_a_log(tmp_path: Path) -> None:
    result = run("test/r1", "--log", str(exported(tmp_path, held())), "--json")
    assert result.exit_code == 0
    assert orjson.loads(result.stdout)["case"] == CASE


def test_the_command_says_what_to_do_when_there_is_no_such_case(tmp_path: Path) -> None:
    result = run("test/r2", "--log", str(exported(tmp_path, held())))
    assert result.exit_code == 1
    assert f"there is no case {case_of('test/r2')}" in result.stderr
    assert "reports.rejected" in result.stderr
