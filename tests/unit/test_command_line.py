"""The command line as a whole: help with examples everywhere, exit codes, no colour in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

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
