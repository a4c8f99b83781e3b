"""What all tests share: which of them `make test` leaves to `make test-long`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONG = (
    "data",
    "deploy",
    "e2e/test_backup.py",
    "e2e/test_departments.py",
    "e2e/test_doctor.py",
    "e2e/test_flood.py",
    "e2e/test_newcomer.py",
    "e2e/test_outages.py",
    "e2e/test_public_page.py",
    "e2e/test_rights.py",
    "e2e/test_runbook.py",
    "e2e/test_trace.py",
    "pages",
    "simulation/test_safeguards.py",
    "torture",
    "unit/test_tracing.py",
)
"""They start tools, browsers and servers by the dozen, read the whole export of another system, or
search for what a missing safeguard breaks."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(LONG):
            item.add_marker(pytest.mark.long)
