"""Nothing is there: every command that wants a platform says so in a line, with the next one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.troubles import TROUBLES, trouble
from lab import reaching
from tests.unit.test_command_line import ALL

WANT_A_BROKER = {
    "topics create": [],
    "topics acl": [],
    "topics move": ["--partitions", "24"],
    "backup": ["county.zip", "--without-keys"],
    "reference publish": ["deploy/boston", "--json"],
    "serve": ["router"],
    "watch": [],
    "case": ["my-app/1"],
    "triage list": [],
    "triage assign": ["my-app/1", "county-housing"],
    "department": ["county-housing", "--once"],
    "classifier learn": ["--out", "answers.csv"],
    "log export": ["log.jsonl"],
    "dead list": [],
    "dead show": ["reports.submitted@0"],
    "dead replay": ["reports.submitted@0"],
    "sla explain": ["my-app/1"],
    "rating verify": [],
    "rating correct": ["2022-07", "--reason", "late news"],
    "rating visits": ["2022-07"],
    "rebuild": ["sla"],
    "erase": ["my-app/1", "--yes"],
    "tick": ["2022-07-01T00:00:00Z"],
}
WITHOUT = {
    "demo", "up", "doctor", "reference check", "reference new", "route", "import", "compare",
    "replay", "whatif", "classifier train", "classifier evaluate", "classifier ask", "mediation",
    "sla infer", "sla learn", "sla calibrate", "rating rehearse", "fit", "simulate", "staff",
    "restore", "token new", "token hash", "database roles", "policy search",
}  # fmt: skip
"""They bring what they need, read files, or tell what is missing themselves."""


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("MONGO_URL", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300")
    monkeypatch.setenv("CLOCK", "stream")
    monkeypatch.setattr(reaching, "START_SECONDS", 5.0)
    monkeypatch.setattr("services.shell.acl_admin.SECONDS", 0.5)


def test_every_command_is_on_one_of_the_two_lists() -> None:
    others = {" ".join(path) for path in ALL if path[0] != "triage"} - WITHOUT
    assert others == {name for name in WANT_A_BROKER if not name.startswith("triage")}


@pytest.mark.parametrize("command", WANT_A_BROKER)
def test_without_a_platform_a_command_says_so_and_what_to_do_next(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), *WANT_A_BROKER[command]])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    error, next_step = done.stderr.splitlines()[-2:]
    assert error.startswith("error ")
    assert "answer" in error
    assert next_step.startswith("next  ")
    assert "gridcase up" in next_step
    assert done.stdout == ""


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_names_a_class_that_there_is(name: str) -> None:
    module, _, kind = name.rpartition(".")
    found = getattr(import_module(module if module != "cimpl" else "confluent_kafka.cimpl"), kind)
    assert issubclass(found, Exception)
    assert f"{found.__module__}.{found.__qualname__}" == name


def test_a_group_of_troubles_is_told_by_its_first() -> None:
    alone = reaching.NoPlatform("no broker answers at here:1")
    said = trouble(ExceptionGroup("two tasks", [alone, alone]))
    assert said is not None
    assert said[0] == "no broker answers at here:1"


def test_a_defect_is_nobodys_trouble() -> None:
    assert trouble(ZeroDivisionError()) is None
