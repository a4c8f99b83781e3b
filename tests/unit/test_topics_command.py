"""What `gridcase topics move` says: what was done and what comes next, or why nothing was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from lab.moving import recipe
from lab.moving.recipe import Moved
from lab.moving.standing import NotMovedError

Asked = Callable[..., Result]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """`gridcase topics move`, where the move itself ends so."""

    def ask(outcome: Moved | Exception | None, *options: str) -> Result:
        async def ends(*_: Any) -> Moved | None:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(recipe, "move", ends)
        monkeypatch.setattr(recipe, "reopen", ends)
        return CliRunner().invoke(app, ["topics", "move", "--partitions", "24", *options])

    return ask


DONE = Moved(
    24, {"case.events": 30, "router.commands": 4}, {"sla": 5, "router": 5}, ["case.events"]
)


def test_it_says_what_was_moved_and_what_is_to_be_done_next(asked: Asked) -> None:
    said = asked(DONE)
    assert said.exit_code == 0
    assert "34 records moved, 10 documents made anew" in said.output
    assert "GRIDCASE_PARTITIONS=24" in said.output
    assert "delete case.events" in said.output


def test_after_an_interruption_no_old_topic_is_named_that_it_does_not_know(asked: Asked) -> None:
    assert "delete" not in asked(Moved(24)).output


def test_a_program_gets_it_as_json_alone(asked: Asked) -> None:
    assert json.loads(asked(DONE, "--json").output)["cases"] == {"sla": 5, "router": 5}


def test_what_cannot_be_moved_ends_with_1_and_the_reason(asked: Asked) -> None:
    said = asked(NotMovedError("Stop all services"))
    assert said.exit_code == 1
    assert "not moved: Stop all services" in said.output


def test_giving_up_opens_the_old_log(asked: Asked) -> None:
    assert "open again" in asked(None, "--give-up").output
