"""A command finds the platform that runs here, and goes by its clock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.shell.endpoints import VARIABLES, settings_at


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps({"kafka": "k:1", "mongo": "mongodb://m", "clock": "stream"}))
    return path


def test_a_command_goes_by_the_clock_of_the_platform_that_runs_here(written: Path) -> None:
    found = settings_at(written)
    assert (found.kafka, found.mongo, found.clock) == ("k:1", "mongodb://m", "stream")


def test_the_environment_comes_before_what_was_written(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOCK", "wall")
    assert settings_at(written).clock == "wall"


def test_a_command_finds_the_topics_of_the_county_that_runs_here(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written.write_text(json.dumps({"prefix": "hanyin-", "partitions": 24}))
    assert settings_at(written).topic("case.events") == "hanyin-case.events.24"
    monkeypatch.setenv("GRIDCASE_PREFIX", "")
    assert settings_at(written).topic("case.events") == "case.events.24"
