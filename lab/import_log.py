"""An export lived through without a platform: its log, made in this process and its children.

    rows ─► one case each, on its own (`lab.one_case`) ─► events ─► sorted by time ─► a log

What comes out is the log as the platform would have written it, but for the ids that a broker's
offsets or an installation's secret take part in; contacts are left out, and no report is held against
the others, so none joins another. The rule to remember: **cases share nothing**, so how many
processes there are changes nothing.
"""

from __future__ import annotations

import gzip
import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast

from lab import inputs
from lab.account import Account
from lab.importing import Accepted, ImportParties
from lab.one_case import OneCase
from lab.replay.running import over
from schemas import envelope
from schemas.envelope import Message
from schemas.reference import Reference
from schemas.rulebook import Rulebooks
from services.sla.timetable import instant

WIDTH = 17
"""Digits of a moment in microseconds: what lines are sorted by, until they are written."""
Seen = tuple[set[str], set[str], dict[str, str]]
"""Report ids that became cases, the cases that were resolved, and why other reports became none."""


def write_log(
    rows: Sequence[Accepted],
    reference: Reference,
    until: datetime,
    to: Path,
    account: Account,
    jobs: int,
) -> int:
    """Live through the rows and write the log, plain or ``.gz``; how many events there are."""
    with TemporaryDirectory(dir=to.parent) as folder:
        shares = [range(first, len(rows), jobs) for first in range(min(jobs, len(rows)))]
        work = partial(_lived, rows, reference, until, Path(folder))
        for opened, resolved, refused in over(work, shares):
            account.opened |= opened
            account.resolved |= resolved
            account.refused |= refused
        return _merged(sorted(Path(folder).iterdir()), to)


def _lived(
    rows: Sequence[Accepted],
    reference: Reference,
    until: datetime,
    folder: Path,
    mine: Sequence[int],
) -> Seen:
    """The cases of some rows, as one sorted part of the log."""
    rules, account = Rulebooks([reference]), Account("")
    lines: list[bytes] = []
    for place in mine:
        lines += _case(rows[place], rules, until, account)
    lines.sort(key=lambda line: line[:WIDTH])
    (folder / f"{mine[0]:09}").write_bytes(b"".join(lines))
    return account.opened, account.resolved, account.refused


def _case(row: Accepted, rules: Rulebooks, until: datetime, account: Account) -> list[bytes]:
    """Its events, each behind the moment at which it landed."""
    events: list[Message[Any]] = []
    case = OneCase(row.case_id, rules, ImportParties([row]), events.append)
    case.add([inputs.report(row.report)])
    case.run(until)
    account.source = row.report.source
    for event in events:
        account.see(event)
    for word in case.words if not events else ():
        account.refused[row.report.report_id] = str(getattr(word.data, "reason", ""))
    moments = case.landed.values()
    return [_line(event, moment) for event, moment in zip(events, moments, strict=True)]


def _line(event: Message[Any], landed: datetime) -> bytes:
    return b"%0*d" % (WIDTH, instant(landed)) + envelope.write(event) + b"\n"


def _merged(parts: Iterable[Path], to: Path) -> int:
    events = 0
    with ExitStack() as files, _to_write(to) as log:
        sorted_parts = [files.enter_context(part.open("rb")) for part in parts]
        for line in heapq.merge(*map(_lines, sorted_parts), key=lambda line: line[:WIDTH]):
            log.write(line[WIDTH:])
            events += 1
    return events


def _lines(part: BinaryIO) -> Iterator[bytes]:
    yield from part


def _to_write(to: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(to, "wb", 6)) if to.suffix == ".gz" else to.open("wb")
