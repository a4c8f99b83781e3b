"""A disk that is full takes nothing more, and takes it again when it is cleared."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.torture.disk import CannotMount, SmallDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        disk = SmallDisk(tmp_path / "disk", size="1m")
    except CannotMount as reason:
        pytest.skip(f"no disk can be mounted here: {reason}")
    yield disk
    disk.unmount()


def test_a_full_disk_takes_nothing_until_it_is_cleared(disk: SmallDisk) -> None:
    (disk.folder / "before").write_bytes(b"x")
    disk.fill()
    with pytest.raises(OSError) as refused:
        (disk.folder / "more").write_bytes(b"x" * 10_000)
    assert refused.value.errno == errno.ENOSPC
    disk.clear()
    (disk.folder / "more").write_bytes(b"x" * 10_000)
