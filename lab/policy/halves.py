"""A log in two: what proposals are made from, and what is held back to try them on.

    log, a moment ─┬─► cases opened before, as they were known then   (to propose from)
                   └─► cases opened from then on, whole               (to try it on)

The rule to remember: **what is held back is never looked at** while proposals are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.replay.reading import Lines, moment_of
from schemas.topics import KEYED_PARTITIONS

OPENED = b'"type":"case.opened.v1"'


@contextmanager
def halves(log: Path, at: datetime) -> Iterator[tuple[Path, Path]]:
    """Two files, as long as they are needed. Raises `NoLog` for a file that is no log."""
    with TemporaryDirectory(prefix="gridcase-policy-") as folder, ExitStack() as files:
        early, late = Path(folder) / "early.jsonl", Path(folder) / "late.jsonl"
        first, second = (files.enter_context(path.open("wb")) for path in (early, late))
        later: set[bytes] = set()
        for line in Lines(log, range(KEYED_PARTITIONS)):
            moment = moment_of(line.value)
            if moment is None:
                continue  # no event: it says nothing of any case
            if moment >= at and OPENED in line.value:
                later.add(line.key)
            if line.key in later:
                second.write(line.value)
            elif moment < at:
                first.write(line.value)
        first.flush()
        second.flush()
        yield early, late
