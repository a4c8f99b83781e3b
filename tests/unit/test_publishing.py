"""A county on a platform: the same people, a step of time after the other, at a chosen speed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.inputs import TimedInput
from lab.runner import Runner
from lab.simulate import publishing
from lab.simulate.arrivals import Span
from lab.simulate.county import Plan, simulate
from lab.simulate.publishing import Pace, publish
from lab.simulate.usual import usual
from schemas import envelope
from schemas.envelope import Message
from schemas.rulebook import Rulebook
from services.shell.settings import Settings
from tests import rehearsed

RULES = Rulebook(rehearsed.hanyin())
HABITS = usual(RULES, 310_000)
PLAN = Plan(Span(date(2022, 7, 1), 3, 12), seed=3, afterwards=20)
NOON = datetime(2022, 7, 1, 12, tzinfo=UTC)


class InProcess:
    """A driver whose platform is this process."""

    def __init__(
        self,
        _settings: Settings,
        _http: dict[str, str],
        parties: Any,
        *,
        on_event: Callable[[Message[Any]], None],
        **_pace: object,
    ) -> None:
        self.runner = Runner(RULES.reference, parties, on_event)
        self.coming: Iterable[TimedInput] = ()
        self.steps: list[datetime] = []

    async def __aenter__(self) -> InProcess:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None

    def add(self, inputs: Iterable[TimedInput]) -> None:
        self.coming = sorted(inputs, key=lambda item: item.at)

    async def run(self, until: datetime) -> None:
        self.runner.run(self.coming, until)
        self.coming = self.runner.unsent
        self.steps.append(until)


def test_a_platform_lives_through_what_a_process_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "Driver", InProcess)
    here: list[bytes] = []
    there: list[bytes] = []
    simulate(PLAN, HABITS, RULES, lambda event: here.append(envelope.write(event)))
    told = publish(
        PLAN, HABITS, RULES, (Settings(), {}), lambda event: there.append(envelope.write(event))
    )
    asyncio.run(told)
    assert len(here) > 12 * 4
    assert there == here


def test_time_passes_no_faster_than_asked() -> None:
    pace = Pace(NOON, speed=60)
    assert 36_000 < pace.left(NOON + timedelta(days=30)) <= 43_200
    assert pace.left(NOON - timedelta(hours=1)) == 0.0, "it is late already"
    assert pace.step <= timedelta(minutes=1), "so that nothing comes much before its time"


def test_without_a_speed_nothing_waits() -> None:
    assert Pace(NOON, None).left(NOON + timedelta(days=365)) == 0.0


def test_without_a_platform_it_says_what_to_start(tmp_path: Path) -> None:
    nowhere = orjson.dumps({"http": {"intake": "http://127.0.0.1:9"}})
    (tmp_path / "endpoints.json").write_bytes(nowhere)
    asked = ["simulate", str(rehearsed.HANYIN), "--cases", "5", "--days", "1", "--publish"]
    ran = CliRunner().invoke(app, [*asked, "--data", str(tmp_path)])
    assert ran.exit_code == 1
    assert "not published" in ran.output and "gridcase up --clock stream" in ran.output
    ran = CliRunner().invoke(app, [*asked, "--log", str(tmp_path / "log.jsonl")])
    assert ran.exit_code == 2, "the platform has the log"
