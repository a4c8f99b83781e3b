"""The dashboards, as the files that Grafana is given."""

from __future__ import annotations

import json
from typing import Any

from tests.deploy.tools import ROOT

GRAFANA = ROOT / "deploy" / "grafana"
BOARDS: dict[str, Any] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}


def questions() -> dict[str, str]:
    """Every question of every panel, by board and title."""
    return {
        f"{board['title']} / {panel['title']} / {target['refId']}": target["expr"]
        for board in BOARDS.values()
        for panel in board["panels"]
        for target in panel["targets"]
    }
