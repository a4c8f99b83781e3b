"""The dashboards are what their source makes, in Grafana's own model, and ask only what is shown."""

from __future__ import annotations

import json
import re

import pytest

from tests.deploy.boards import BOARDS, GRAFANA, questions
from tests.deploy.test_prometheus import RECORDED, shown
from tests.deploy.tools import module


def test_the_dashboards_are_what_their_source_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    module("grafana_foundation_sdk.builders.dashboard")
    monkeypatch.syspath_prepend(str(GRAFANA))
    for path, text in module("make_dashboards").texts():
        assert path.read_text("utf-8") == text, "run python deploy/grafana/make_dashboards.py"


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_survives_grafanas_own_model(name: str) -> None:
    module("grafana_foundation_sdk.cog.plugins").register_default_plugins()
    model = module("grafana_foundation_sdk.models.dashboard").Dashboard
    encoder = module("grafana_foundation_sdk.cog.encoder").JSONEncoder(sort_keys=True)
    assert json.loads(encoder.encode(model.from_json(BOARDS[name]))) == BOARDS[name]


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_lie_over_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells
        taken |= cells


def test_dashboards_ask_only_for_metrics_that_a_service_shows() -> None:
    recorded = {name.split(":")[1] for name in RECORDED}
    for where, question in questions().items():
        asked = re.findall(r"\bgridcase_[a-z0-9_]+", re.sub(r"\w+:gridcase\w+:\w+", "", question))
        assert set(asked) <= shown(), where
        assert {n.split(":")[1] for n in re.findall(r"\w+:gridcase\w+:\w+", question)} <= recorded
