"""The doctor where nothing is there: each part says what is wrong and what to do next."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from lab import doctor
from lab.doctor import Finding, worst
from services.shell.settings import Settings

NOWHERE = Settings(kafka="127.0.0.1:1", mongo="mongodb://127.0.0.1:1")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.5)


async def test_what_is_not_there_is_ill_and_has_a_next_step() -> None:
    findings = await doctor.examine(NOWHERE, {"sla": "http://127.0.0.1:1"})
    assert [f.part for f in findings] == ["broker", "database", "sla"]
    assert all(f.health == "ill" and f.next_step for f in findings)
    assert "KAFKA_BOOTSTRAP_SERVERS" in findings[0].next_step


def test_the_worst_finding_is_the_verdict() -> None:
    well, poorly = Finding("a", "well", ""), Finding("b", "poorly", "")
    assert worst([well]) == "well"
    assert worst([well, poorly]) == "poorly"
    assert worst([poorly, Finding("c", "ill", ""), well]) == "ill"


def test_a_program_reads_one_object_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", NOWHERE.kafka)
    monkeypatch.setenv("MONGO_URL", NOWHERE.mongo)
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["health"] == "ill"
    assert {"part", "health", "found", "next_step"} == found["parts"][0].keys()
