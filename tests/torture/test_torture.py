"""A short torture, for CI: real parts under fire for a minute, and no promise is broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.shell.embedded import can_run_kafka
from tests.torture.run import torture

MINUTES = float(os.environ.get("GRIDCASE_TORTURE_MINUTES", "1"))


@pytest.mark.e2e
async def test_real_parts_under_fire_keep_every_promise(tmp_path: Path) -> None:
    possible, why = can_run_kafka()
    if not possible and os.environ.get("CI") != "true":
        pytest.skip(why)
    report = await torture(tmp_path, MINUTES, rate=10, seed=1, say=print)
    assert report.violations == [], str(report)
    assert report.fire.struck.total() > 0 and report.checked > 0
