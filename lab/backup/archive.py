"""The archive: one zip file that says what it holds, with a checksum for every part.

    README.txt                       what this is, for whoever finds it
    topics/<topic>/<partition>.jsonl records, a line each, in the log's order
    database/<collection>.jsonl      documents, a line each; the keys may be ciphertext
    manifest.json                    all of them with lines, bytes and SHA-256; written last

The rule to remember: **an archive without a manifest is none**. So one that was cut short is told at
once, and nothing of it is restored.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

FORMAT = 1
MANIFEST = "manifest.json"
README = """\
A backup of gridcase: the log of all cases, the rules, what was published, and (unless left out) the
keys of the contacts. `gridcase restore FILE` puts it on an empty cluster; `gridcase restore FILE
--check` only looks whether it is whole. Each file is text, a record a line; manifest.json names them
all, with SHA-256. Keep it as safe as the county's database: it holds what residents said.

gridcase 的备份:全部案件日志、规则、已公布的结果,以及(除非略去)联系方式的密钥。
用 `gridcase restore 文件` 恢复到空集群;加 --check 只检查是否完整。请妥善保管。
"""


class ArchiveError(ValueError):
    """A file is no whole archive; the text says what is wrong and what to do."""


class Writer:
    """Writes an archive beside its place, and moves it there when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, dict[str, Any]] = {}
        self._part = path.with_name(f"{path.name}.part")

    def __enter__(self) -> Writer:
        self._part.touch(mode=0o600)  # it holds what residents said: for its owner alone
        self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._zip.writestr("README.txt", README)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._zip.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)

    @contextmanager
    def file(self, name: str) -> Iterator[Summed]:
        with self._zip.open(name, "w", force_zip64=True) as to:
            summed = Summed(to)
            yield summed
        self.files[name] = summed.as_dict()

    def finish(self, about: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest, and return it."""
        manifest = {"format": FORMAT, **about, "files": self.files}
        self._zip.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return manifest


class Summed:
    """Lines on their way into a file, or into nothing, counted and summed."""

    def __init__(self, to: Any = None) -> None:
        self._to = to
        self._sha = hashlib.sha256()
        self.lines = self.bytes = 0

    def add(self, line: bytes) -> None:
        line += b"\n"
        self._sha.update(line)
        self.lines += 1
        self.bytes += len(line)
        if self._to is not None:
            self._to.write(line)

    def as_dict(self) -> dict[str, Any]:
        return {"lines": self.lines, "bytes": self.bytes, "sha256": self._sha.hexdigest()}


class Archive:
    """A whole archive, to be read. Raises `ArchiveError` for anything else."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest: dict[str, Any] = orjson.loads(self._zip.read(MANIFEST))
        except (zipfile.BadZipFile, KeyError, orjson.JSONDecodeError) as error:
            raise ArchiveError(
                f"{path} is no whole archive ({error}): take an earlier one, or fetch this again"
            ) from error
        if (found := self.manifest.get("format")) != FORMAT:
            raise ArchiveError(
                f"{path} has format {found}, and this program knows {FORMAT}: use the gridcase "
                f"that made it, {self.manifest.get('gridcase', 'of another version')}"
            )

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        files: dict[str, dict[str, Any]] = self.manifest["files"]
        return files

    def lines(self, name: str) -> Iterator[bytes]:
        with self._zip.open(name) as file:
            for line in file:
                yield line.rstrip(b"\n")

    def check(self) -> None:
        """Read all of it, and hold it against its checksums. Raises `ArchiveError`."""
        for name, wanted in self.files.items():
            summed = Summed()
            try:
                for line in self.lines(name):
                    summed.add(line)
            except (zipfile.BadZipFile, zlib.error, KeyError, OSError) as error:
                raise ArchiveError(f"{name} cannot be read: {error}. Take another copy") from error
            if summed.as_dict() != wanted:
                raise ArchiveError(f"{name} is not what was written. Take another copy")

    def topics(self) -> dict[str, dict[int, str]]:
        """The files of each topic, by partition."""
        found: dict[str, dict[int, str]] = {}
        for name in self.files:
            if name.startswith("topics/"):
                _, topic, file = name.split("/")
                found.setdefault(topic, {})[int(file.partition(".")[0])] = name
        return found

    def collections(self) -> dict[str, str]:
        return {
            Path(name).name.partition(".")[0]: name
            for name in self.files
            if name.startswith("database/")
        }
