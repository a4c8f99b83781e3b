"""`gridcase backup` and `gridcase restore`: what nothing can make again, in one file and back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn

if TYPE_CHECKING:
    from lab.backup.keeping import Say

console = Console(highlight=False, stderr=True)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="File whose first line locks the contacts' keys.", exists=True),
]
SHUT = "the keys are not in it: what was sealed can never be opened from this backup"


def backup(
    to: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="Where the archive goes.")],
    passphrase_file: PassphraseFile = None,
    plain_keys: Annotated[
        bool, typer.Option("--plain-keys", help="The contacts' keys in the clear.")
    ] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="No keys: contacts stay shut for good.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the log, the rules, what was published and the contacts' keys into one file.

    The county may go on meanwhile. Of the keys say what is to become: locked under a passphrase, in
    the clear, or left out. An erasure (`gridcase erase`) does not reach archives: keep them no longer
    than you must, and repeat later erasures after a restore.

    备份:日志、规则、已公布的结果和联系方式的密钥,写入一个文件。

    Examples: `gridcase backup /backups --passphrase-file secret.txt` ·
    `gridcase backup county.zip --without-keys --json`
    """
    from lab.backup.keeping import NothingToKeepError, keep
    from lab.backup.lock import Lock, LockError
    from services.shell.endpoints import settings_at

    if [passphrase_file is not None, plain_keys, without_keys].count(True) != 1:
        raise typer.BadParameter(
            "say what becomes of the contacts' keys: one of --passphrase-file FILE, --plain-keys, "
            "--without-keys"
        )
    path = to / f"gridcase-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip" if to.is_dir() else to
    try:
        lock = Lock.made(_first_line(passphrase_file)) if passphrase_file else None
        with _progress() as say:
            work = keep(settings_at(), path, lock, keys=not without_keys, say=say)
            manifest = asyncio.run(work)
    except (LockError, NothingToKeepError) as error:
        raise _failed(error) from error
    _tell(_summary(path, manifest), as_json)


def restore(
    archive: Annotated[Path, typer.Argument(help="What `gridcase backup` wrote.", exists=True)],
    passphrase_file: PassphraseFile = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave the contacts shut for good.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only look whether it is whole.")] = False,
    keys_only: Annotated[
        bool, typer.Option("--keys-only", help="Only put back keys that a running county lacks.")
    ] = False,
    database_stays: Annotated[
        bool, typer.Option("--database-stays", help="Only the broker was lost.")
    ] = False,
    tell_since: Annotated[
        datetime | None,
        typer.Option(
            help="Tell departments and sources again what happened since (UTC).",
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        ),
    ] = None,
    replication: Annotated[int, typer.Option(help="Copies of each partition.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Put a backup on an empty broker and an empty database; start the services afterwards.

    Everything is held against its checksum before, and read back and compared after. The services
    fold the log when they start; `gridcase rebuild SERVICE` proves the result. What came after the
    backup is lost here: sources and departments send it again, under the same ids.

    恢复到空的 Kafka 与数据库;恢复前后均逐字节校验。

    Examples: `gridcase restore county.zip --check` ·
    `gridcase restore county.zip --passphrase-file secret.txt --tell-since 2026-03-01T08:00`
    """
    from lab.backup.archive import Archive, ArchiveError
    from lab.backup.documents import put_keys_back
    from lab.backup.lock import LockError
    from lab.backup.restoring import Asked, NotEmptyError
    from lab.backup.restoring import restore as put
    from services.shell.endpoints import settings_at

    passphrase = _first_line(passphrase_file) if passphrase_file else None
    since = tell_since.replace(tzinfo=UTC) if tell_since else None
    asked = Asked(replication, passphrase, not without_keys, database_stays, since)
    try:
        found = Archive(archive)
        if check:
            found.check()
            _tell(_summary(archive, found.manifest), as_json)
        elif keys_only:
            _tell(dict(asyncio.run(put_keys_back(found, settings_at(), passphrase))), as_json)
        else:
            with _progress() as say:
                done = asyncio.run(put(found, settings_at(), asked, say))
            told: dict[str, Any] = {"records": done.records, "documents": done.documents}
            told |= {"incarnation": done.incarnation, "contacts": _contacts(found.manifest, asked)}
            _tell(told | {"next": "start the services, then: gridcase rebuild SERVICE"}, as_json)
    except (ArchiveError, LockError, NotEmptyError) as error:
        raise _failed(error) from error


def _contacts(manifest: dict[str, Any], asked: Any) -> str:
    if asked.database_stays:
        return "the database's own keys, and those of the archive that it lacked"
    return SHUT if not asked.keys or manifest["keys"] == "left out" else "can be opened"


def _summary(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    files = manifest["files"]
    log = sum(f["lines"] for name, f in files.items() if name.startswith("topics/case.events/"))
    told = {"archive": str(path), "made_at": manifest["made_at"], "events": log}
    told |= {"lines": sum(f["lines"] for f in files.values()), "bytes": path.stat().st_size}
    keys = manifest["keys"]
    return told | {"keys": f"{keys}: {SHUT}" if keys == "left out" else keys}


def _first_line(path: Path) -> str:
    return (path.read_text("utf-8").splitlines() or [""])[0]


def _failed(error: Exception) -> typer.Exit:
    console.print(f"[red]not done[/]: {escape(str(error))}", soft_wrap=True)
    return typer.Exit(1)


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for name, value in told.items():
        typer.echo(f"{name:12} {value}")


@contextmanager
def _progress() -> Iterator[Say]:
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, count: progress.update(task, description=what, completed=count)
