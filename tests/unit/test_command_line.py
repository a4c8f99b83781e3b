"""The command line as a whole: help with examples everywhere, exit codes, no colour in a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.going_on import busy, through
from cli.main import app


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_command_says_what_it_does_with_an_example(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*path, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.stdout


def test_a_command_that_was_asked_wrongly_ends_with_2_and_says_so() -> None:
    for wrong in (["nonsense"], ["case"], ["up", "--reference", "no-such-folder"]):
        done = CliRunner().invoke(app, wrong)
        assert done.exit_code == 2
        assert "Usage" in done.output


def test_output_has_no_colour_where_it_is_not_a_terminal() -> None:
    done = CliRunner().invoke(app, ["reference", "check", "deploy/boston"])
    assert done.exit_code == 0
    assert "\x1b[" not in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_the_commands(shell: str) -> None:
    asked = {"_GRIDCASE_COMPLETE": f"source_{shell}"}
    done = CliRunner().invoke(app, [], env=asked, prog_name="gridcase")
    assert "_GRIDCASE_COMPLETE" in done.stdout


FOR_PEOPLE = {"demo", "up", "serve"}
"""They run for a while and show it; what they bring about is in the log, and on the topics."""


@pytest.mark.parametrize("path", [p for p in ALL if p[0] not in FOR_PEOPLE], ids=" ".join)
def test_what_prints_data_prints_it_for_programs_too(path: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    assert "--json" in {option for each in command.params for option in each.opts}


def test_a_program_gets_one_document_and_nothing_beside_it() -> None:
    for asked in (
        ["reference", "check", "deploy/hanyin"],
        ["reference", "check", "deploy"],
        ["route", "--category", "street-lights"],
        ["topics", "acl", "--dry-run"],
    ):
        done = CliRunner().invoke(app, [*asked, "--json"])
        assert isinstance(json.loads(done.stdout), dict), asked


def test_progress_is_shown_on_a_terminal_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        busy("counting …"),
        through(datetime(2022, 7, 1, tzinfo=UTC), datetime(2022, 7, 3, tzinfo=UTC)) as to,
    ):
        to(datetime(2022, 7, 2, tzinfo=UTC))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (["reference", "check", "deploy/boston"], 0),
        (["reference", "check", "deploy"], 1),
        (["reference", "check", "no-such-folder"], 2),
    ],
)
def test_exit_codes_are_those_of_the_page(asked: list[str], code: int) -> None:
    assert CliRunner().invoke(app, asked).exit_code == code
    page = Path("docs/operate/command.md").read_text("utf-8")
    assert f"\n| {code} | " in page


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.shell.reference.read_folder", interrupted)
    assert CliRunner().invoke(app, ["reference", "check", "deploy/boston"]).exit_code == 130


@pytest.mark.parametrize(
    ("variable", "typed"),
    [("bash", {"COMP_WORDS": "gridcase ref", "COMP_CWORD": "1"})],
)
def test_a_half_typed_command_is_completed(variable: str, typed: dict[str, str]) -> None:
    asked = {"_GRIDCASE_COMPLETE": f"complete_{variable}", **typed}
    done = CliRunner().invoke(app, [], env=asked, prog_name="gridcase")
    assert "reference" in done.stdout.split()
