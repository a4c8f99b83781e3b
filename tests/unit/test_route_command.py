"""`gridcase route`: the candidates, the winner and why, as the service would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.routes import Matter, explain
from schemas.reference import Service, Urgency
from schemas.rulebook import Rulebook
from services.router.routing import choose
from services.shell.reference import read_folder
from tests.county import small_county

RULES = Rulebook(small_county())
NOON = datetime(2022, 7, 5, 4, tzinfo=UTC)
HANYIN = Path("deploy/hanyin")


def outcomes(**matter: object) -> dict[str, str]:
    usual = {"area": "g111", "category": "street-lights", "service": Service.SENTIMENT,
             "urgency": Urgency.EMERGENCY, "at": NOON}  # fmt: skip
    routed = explain(RULES, Matter(**{**usual, **matter}))  # type: ignore[arg-type]
    return {one.rule.id: one.outcome for one in routed.candidates}


def test_every_rule_that_matches_is_told_with_what_became_of_it() -> None:
    assert outcomes() == {
        "lights": "wins",
        "roads-emergency": "is less specific",
        "roads": "is less specific",
    }


def test_a_department_that_returned_it_leaves_it_to_the_next() -> None:
    assert outcomes(excluding=("governance-t1",)) == {
        "lights": "has returned it",
        "roads-emergency": "has returned it",
        "roads": "wins",
    }


def test_a_whistle_blower_s_matter_passes_over_the_rules_of_others() -> None:
    assert outcomes(service=Service.VIOLATION)["lights"] == "not for whistle-blowers"


def test_the_winner_is_the_router_s_own() -> None:
    matter = Matter("g111", "land", Service.RISK, Urgency.NORMAL, NOON)
    own = choose(RULES, "g111", "land", Service.RISK, Urgency.NORMAL, at=NOON)
    assert explain(RULES, matter).choice == own


def test_the_command_says_the_same_as_json_and_to_people() -> None:
    grid = next(a.code for a in read_folder(HANYIN).areas if a.kind == "grid")
    arguments = ["route", "--category", "street-lights", "--grid", grid]
    said = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    told = CliRunner().invoke(app, arguments).output
    assert said["candidates"][0]["outcome"] == "wins"
    assert said["lead"] in told and said["rule"] in told and "village level" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--category", "dragons"], "there is no category dragons"),
        (["--grid", "nowhere"], "there is no area nowhere"),
        (["--urgency", "rather"], "none of: normal, urgent, emergency"),
        (["--at", "2026-01-05T23:00:00"], "no zone"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_the_next_step(
    arguments: list[str], words: str
) -> None:
    result = CliRunner().invoke(app, ["route", *arguments])
    assert result.exit_code and words in " ".join(result.output.split())
