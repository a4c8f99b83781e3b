"""What if: people did what they did, and the system decides again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.replay.verifying import verify
from lab.whatif.asking import Answer, Question, ask
from lab.whatif.page import render
from lab.whatif.report import as_json, report_of
from schemas import ids
from schemas.reference import DeadlineKind, Reference
from schemas.rulebook import Rulebook, Rulebooks
from tests import rehearsed
from tests.boston_like import END, Row, export, limited, log_of, rows

RESOLVE = DeadlineKind.RESOLVE


def hanyin_with(**usual: str) -> Reference:
    """Hanyin, with other limits for everything usual."""
    reference = rehearsed.hanyin()
    row = next(row for row in reference.deadlines if row.id == "usual")
    rows = tuple(
        each.model_copy(update=usual) if each is row else each for each in reference.deadlines
    )
    return reference.model_copy(update={"deadlines": rows})


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rehearsed.written(tmp_path_factory.mktemp("july"))


@pytest.fixture(scope="module")
def sooner(july: Path) -> Answer:
    """Villages have one working day, where they had two."""
    return ask(july, Question(hanyin_with(resolve="1wd"), repeats=4))


# ── unchanged rules ──────────────────────────────────────────────────────────────────────────


def test_unchanged_rules_change_nothing_in_the_demo_month(july: Path) -> None:
    answer = ask(july, Question(rehearsed.hanyin()))
    assert answer.changed == [] and answer.drawn == []
    assert answer.before == answer.exact
    assert answer.cases == 342


def test_unchanged_rules_change_nothing_in_an_import(tmp_path: Path) -> None:
    rules = limited("3cd", RESOLVE)
    log = log_of(tmp_path, export(tmp_path, rows(80)), rules)
    assert ask(log, Question(rules)).changed == []
    assert verify(log, Rulebooks([rules])).holds


def test_another_name_of_the_same_rules_changes_nothing(july: Path) -> None:
    reference = rehearsed.hanyin()
    manifest = reference.manifest.model_copy(update={"version": "by-another-name"})
    renamed = reference.model_copy(update={"manifest": manifest})
    assert ask(july, Question(renamed)).changed == []


# ── a widened deadline, against the rows themselves ──────────────────────────────────────────


def verdict(row: Row, limit: timedelta) -> bool | None:
    """Straight from the row: in time, late, or not done and not due yet."""
    opened, done = row
    due = opened + limit
    if done is not None:
        return max(done, opened + timedelta(seconds=1)) <= due
    return False if due < END.replace(tzinfo=None) - timedelta(days=1) else None


@pytest.mark.parametrize("climbs", [(), (RESOLVE,)], ids=["only recorded", "climbs"])
def test_with_a_widened_deadline_verdicts_are_those_of_the_rows(
    tmp_path: Path, climbs: tuple[DeadlineKind, ...]
) -> None:
    # What is done in the second in which it would climb comes too late: time goes first there.
    found = rows(300, to_the_second=not climbs)
    log = log_of(tmp_path, export(tmp_path, found), limited("3cd", *climbs))
    answer = ask(log, Question(limited("9cd", *climbs)))
    expected = {
        ids.case_id("desk", str(n)): verdict(row, timedelta(days=9)) for n, row in enumerate(found)
    }
    assert len(answer.changed) == 300  # every due time moves
    assert {each.case: each.after.on_time for each in answer.changed} == expected
    before = {
        ids.case_id("desk", str(n)): verdict(row, timedelta(days=3)) for n, row in enumerate(found)
    }
    assert {each.case: each.before.on_time for each in answer.changed} == before
    assert len(set(expected.items()) - set(before.items())) > 20
    assert answer.exact.county["on_time"] == sum(v is True for v in expected.values())


def test_what_no_longer_climbs_is_settled_when_it_was(tmp_path: Path) -> None:
    """Late by a day under three, and so lifted to the town; with nine it stays with the village."""
    opened = rows(1)[0][0]
    done = opened + timedelta(days=4)
    log = log_of(tmp_path, export(tmp_path, [(opened, done)]), limited("3cd", RESOLVE))
    (changed,) = ask(log, Question(limited("9cd", RESOLVE))).changed
    assert (changed.before.held, changed.before.late) == (("vc-v11", "governance-t1"), ("vc-v11",))
    assert (changed.after.held, changed.after.late) == (("vc-v11",), ())
    assert changed.before.resolved == changed.after.resolved
    assert changed.marks == {"carried"}


# ── a tightened one ──────────────────────────────────────────────────────────────────────────


def test_a_department_that_never_had_the_case_is_drawn_from_its_own_history(
    sooner: Answer,
) -> None:
    drawn = [each for each in sooner.changed if "drawn" in each.marks]
    assert drawn and len(sooner.drawn) == 4
    for each in drawn:
        assert set(each.after.held) - set(each.before.held), "nobody new has it"
    assert sooner.after()[0].county["escalated"] > sooner.before.county["escalated"]


def test_the_same_seed_draws_the_same_and_another_another(july: Path, sooner: Answer) -> None:
    question = Question(hanyin_with(resolve="1wd"), repeats=4)
    assert ask(july, question, jobs=3).changed == sooner.changed
    other = ask(july, Question(question.reference, seed=2, repeats=4))
    assert other.changed != sooner.changed
    assert other.before == sooner.before


def test_a_holder_that_gets_it_sooner_takes_as_long_as_it_took(sooner: Answer) -> None:
    shifted = [each for each in sooner.changed if each.marks == {"shifted"}]
    assert shifted
    for each in shifted:
        assert each.after.held == each.before.held
        assert each.after.resolved and each.before.resolved
        assert each.after.resolved < each.before.resolved


def test_silence_closes_when_the_new_rules_say_so(july: Path) -> None:
    reference = rehearsed.hanyin()
    settings = reference.settings.model_copy(update={"silence_closes_after": "2cd"})
    answer = ask(july, Question(reference.model_copy(update={"settings": settings})))
    assert len(answer.changed) == 342
    assert "closes_after_days 7 → 2" in answer.changed[0].first


def test_a_rule_that_sends_a_kind_elsewhere_moves_its_load(july: Path) -> None:
    reference = rehearsed.hanyin()
    rules = tuple(
        rule.model_copy(update={"level": "county", "ladder": {"county": "=county-housing"}})
        if rule.category == "street-lights"
        else rule
        for rule in reference.rules
    )
    answer = ask(july, Question(reference.model_copy(update={"rules": rules}), repeats=2))
    moved = [each for each in answer.changed if each.category == "street-lights"]
    assert moved
    assert all("county-housing" in each.after.held for each in moved)
    before, after = answer.before.load, answer.after()[0].load
    assert after["county-housing"] > before.get("county-housing", 0.0)


# ── what is told ─────────────────────────────────────────────────────────────────────────────


def test_every_case_rests_on_something(sooner: Answer) -> None:
    report = report_of(sooner, Rulebook(rehearsed.hanyin()))
    assert report.sure["same"] + len(sooner.changed) == sooner.cases
    told: dict[str, Any] = as_json(report)
    assert {each["case"] for each in told["differences"]} == {c.case for c in sooner.changed}
    late = told["figures"]["late"]
    assert late["before"] + told["figures"]["on_time"]["before"] == 342
    assert late["low"] <= late["after"] <= late["high"]


def test_the_page_has_both_languages_and_asks_no_other_host(sooner: Answer) -> None:
    rules = Rulebook(rehearsed.hanyin())
    html = render(report_of(sooner, rules), rules)
    assert "如果当时按另一套规则" in html and "Had other rules held" in html
    assert "<script" not in html and "http" not in html
    ends = [each for each in sooner.changed if each.ends_otherwise]
    assert html.count('<th scope="row" class="n">') == 2 * len(ends)


def test_the_command_counts_what_is_decided_otherwise(july: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    asked = ["whatif", str(july), "--reference", str(rehearsed.HANYIN), "--jobs", "1"]
    done = CliRunner().invoke(app, [*asked, "--page", str(page), "--json"])
    told = orjson.loads(done.stdout)
    assert (done.exit_code, told["decided_otherwise"], told["cases"]) == (0, 0, 342)
    assert page.read_text("utf-8").startswith("<!doctype html>")
    twice = CliRunner().invoke(app, [*asked, "--reference", str(rehearsed.HANYIN)])
    assert "no difference" in twice.stdout
