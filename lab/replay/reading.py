"""The lines of a log, each with the place on the topic that it came from.

    log.jsonl, log.jsonl.gz, standard input ─► Line(number, partition, offset, value) …

The rule to remember: **a line's place follows from its key and from what came before**: the log is
neither compacted nor transactional, so the nth line of a partition has offset n − 1, and Kafka's own
hash of the key tells the partition. A line without a readable key has no place, and then no line
after it can be trusted to have one: `Lines.lost` names them.
"""

from __future__ import annotations

import gzip
import re
import shutil
import sys
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, NamedTuple, cast

import orjson
from aiokafka.partitioner import murmur2

from schemas.envelope import in_utc
from schemas.topics import KEYED_PARTITIONS

STANDARD_INPUT = "-"
AS_WE_WRITE = re.compile(
    rb'\{"specversion":"1\.0","id":"[^"\\]*","source":"[^"\\]*","type":"[^"\\]*","subject":"([^"\\]*)"'
)
"""How `schemas.envelope.write` begins a line; its key is found without reading the whole."""

AND_THE_TIME = re.compile(rb',"time":"([^"\\]*)"')


class NoLog(Exception):  # noqa: N818 - it names what the file is not
    """The file cannot be read as a log; the text says why."""


class Line(NamedTuple):
    number: int
    """In the file, from 1 on."""
    partition: int
    offset: int
    value: bytes
    key: bytes


class Lines:
    """The lines that lie in some of the partitions, in the file's order."""

    def __init__(
        self, path: Path, mine: Container[int], partitions: int = KEYED_PARTITIONS
    ) -> None:
        self.path = path
        self.lost: list[int] = []
        """The numbers of lines without a readable key."""
        self._mine = mine
        self._places = _Places(partitions)
        self._next = [0] * partitions

    def __iter__(self) -> Iterator[Line]:
        mine, following, places, ours = self._mine, self._next, self._places, AS_WE_WRITE.match
        try:
            with opened(self.path) as file:
                for number, value in enumerate(file, 1):
                    found = ours(value)
                    key = found[1] if found else _key(value)
                    if key is None:
                        self.lost.append(number)
                        continue
                    partition = places[key]
                    if partition in mine:
                        yield Line(number, partition, following[partition], value, key)
                        following[partition] += 1
        except (OSError, EOFError, zlib.error) as error:
            raise NoLog(f"{self.path}: {error}") from error


class _Places(dict[bytes, int]):
    """The partition of each key, found out once: the hash is slow."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions

    def __missing__(self, key: bytes) -> int:
        place = self[key] = partition_of(key, self._partitions)
        return place


def partition_of(key: bytes, partitions: int) -> int:
    """As Kafka's default partitioner has it."""
    return 0 if partitions == 1 else cast(int, (murmur2(key) & 0x7FFFFFFF) % partitions)


def _key(value: bytes) -> bytes | None:
    """The key of a line that somebody else wrote; None if it has none."""
    try:
        subject = orjson.loads(value)["subject"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return subject.encode() if isinstance(subject, str) else None


def opened(path: Path) -> BinaryIO:
    """A log, plain or ``.gz``."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


@contextmanager
def log_file(name: str) -> Iterator[Path]:
    """The file of that name; standard input (``-``) is put into one, since it is read again by each
    process. Raises `NoLog`."""
    if name != STANDARD_INPUT:
        path = Path(name)
        if not path.is_file():
            raise NoLog(f"{name}: there is no such file; `gridcase log export {name}` makes one")
        yield path
        return
    with NamedTemporaryFile(suffix=".jsonl") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Path(file.name)


def span_of(path: Path) -> tuple[datetime, datetime]:
    """The moments of the first and of the last event. Raises `NoLog` if there is none."""
    first, last = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    try:
        with opened(path) as file:
            for value in file:
                moment = moment_of(value)
                if moment is not None:
                    first, last = min(first, moment), max(last, moment)
    except (OSError, EOFError, zlib.error) as error:
        raise NoLog(f"{path}: {error}") from error
    if last < first:
        raise NoLog(f"{path}: there is no event in it; `gridcase log export` makes such a file")
    return first, last


def moment_of(value: bytes) -> datetime | None:
    """When the event of a line happened; None for what is no event."""
    found = AS_WE_WRITE.match(value)
    rest = AND_THE_TIME.match(value, found.end()) if found else None
    try:
        text = rest[1].decode() if rest else str(orjson.loads(value)["time"])
        return in_utc(datetime.fromisoformat(text))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
