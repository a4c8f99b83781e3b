"""What all tests share: which of them `make test` leaves to `make test-long`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
LONG = ("deploy", "torture", "e2e/test_newcomer.py", "e2e/test_trace.py")
"""They start tools and servers of others by the dozen."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(LONG):
            item.add_marker(pytest.mark.long)
