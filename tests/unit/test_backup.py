"""An archive is whole or it is none, and says in words what it holds."""

from __future__ import annotations

import zipfile
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from lab.backup import keeping
from lab.backup.archive import Archive, ArchiveError, Writer
from lab.backup.keeping import RECORDS, WHOLE
from lab.backup.lines import Kept, document_line, document_of, record_of
from lab.backup.lock import Lock, LockError
from schemas.topics import COMMANDS_OF, SERVICES
from services.shell.database_plan import roles
from services.shell.incarnation import Incarnation
from services.shell.settings import Settings

some_bytes = st.none() | st.binary() | st.text().map(str.encode)
headers = st.lists(st.tuples(st.text(), st.binary())).map(tuple)


@given(st.builds(Kept, st.none() | st.integers(0, 2**42), some_bytes, some_bytes, headers))
def test_a_record_is_the_same_after_it_was_written_and_read(kept: Kept) -> None:
    line = kept.line()
    assert b"\n" not in line
    assert record_of(line) == kept


def test_a_document_is_the_same_after_it_was_written_and_read() -> None:
    document = {"_id": "case", "key": bytes(range(32)), "place": 3, "nothing": None}
    assert document_of(document_line(document)) == document


def test_what_is_kept_for_ever_is_in_it() -> None:
    assert set(WHOLE) == {"case.events", "scorecards", "reference", "clock"}


@pytest.fixture
def county(tmp_path: Path) -> Path:
    path = tmp_path / "county.zip"
    with Writer(path) as archive:
        with archive.file("topics/case.events/03.jsonl") as file:
            file.add(Kept(1, b"k", b"a word that can be found").line())
        about = {"gridcase": "0.1.0", "made_at": "2026-01-01T00:00:00+00:00"}
        archive.finish(about | {"keys": "left out", "lock": None})
    return path


def test_a_whole_archive_is_read_as_it_was_written(county: Path) -> None:
    archive = Archive(county)
    archive.check()
    assert archive.topics() == {"case.events": {3: "topics/case.events/03.jsonl"}}
    (line,) = archive.lines("topics/case.events/03.jsonl")
    assert record_of(line).value == b"a word that can be found"


def test_an_archive_is_for_its_owner_alone(county: Path) -> None:
    assert county.stat().st_mode & 0o077 == 0


def test_an_archive_that_was_cut_short_is_none(county: Path) -> None:
    county.write_bytes(county.read_bytes()[:-100])
    with pytest.raises(ArchiveError, match="no whole archive"):
        Archive(county)


def test_an_archive_that_was_changed_is_found_out(county: Path, tmp_path: Path) -> None:
    """Also by somebody who knew how zip files are summed."""
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(county) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"a word", b"a deed"))
    with pytest.raises(ArchiveError, match=r"03\.jsonl is not what was written"):
        Archive(changed).check()


def test_a_backup_that_broke_off_leaves_nothing_that_looks_like_one(tmp_path: Path) -> None:
    path = tmp_path / "county.zip"
    with pytest.raises(RuntimeError), Writer(path):
        raise RuntimeError("the disk is full")
    assert list(tmp_path.iterdir()) == []


def test_keys_open_with_their_passphrase_alone_and_in_their_place() -> None:
    lock = Lock.made("the gingko by the old ford")
    shut = lock.shut(4, b"a key")
    again = Lock.of(lock.as_dict(), "the gingko by the old ford")
    assert again.opened(4, shut) == b"a key"
    for wrong, place in ((Lock.of(lock.as_dict(), "another one altogether"), 4), (again, 5)):
        with pytest.raises(LockError):
            wrong.opened(place, shut)
    with pytest.raises(LockError, match="at least 12"):
        Lock.made("short")


def test_the_command_asks_what_becomes_of_the_keys(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["backup", str(tmp_path)])
    assert done.exit_code == 2
    assert "--without-keys" in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_command_looks_whether_an_archive_is_whole(county: Path) -> None:
    asked = ["restore", str(county), "--check"]
    told = orjson.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert (told["events"], told["lines"]) == (1, 1)
    assert "can never be opened" in told["keys"]
    county.write_bytes(b"no zip at all")
    said = CliRunner().invoke(app, asked)
    assert (said.exit_code, "no whole archive" in said.output) == (1, True)


async def test_how_far_all_is_answered_is_asked_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that is answered while the log is read would be neither here nor there."""
    asked: list[str] = []

    def noted(step: str, answer: Any) -> Any:
        async def note(*arguments: Any, **_more: Any) -> Any:
            asked.append(step)
            return answer

        return note

    monkeypatch.setattr(
        keeping, "incarnation_of", noted("which log", Incarnation("this one", "this one"))
    )
    monkeypatch.setattr(keeping, "_committed", noted("answered", {0: 7}))
    monkeypatch.setattr(keeping, "_keep_topic", noted("topic", None))
    monkeypatch.setattr(keeping, "_keep_database", noted("database", None))
    work = keeping.keep(Settings(), tmp_path / "a.zip", None, keys=True, say=lambda *_: None)
    manifest = await work
    steps = [step for step, _ in groupby(asked)]
    assert steps == ["which log", "answered", "topic", "database"]
    assert asked.count("answered") == len(SERVICES) + len(COMMANDS_OF)
    assert manifest["answered"]["sla"] == {"0": 7}


def test_what_no_log_can_make_again_is_kept() -> None:
    """Whatever a service may write in the database, but cases and how far they are."""
    written = {
        privilege["resource"]["collection"]
        for role in roles(Settings())
        for privilege in role["privileges"]
    }
    made_again = {f"{service}_cases" for service in SERVICES} | {"folded", "progress"}
    assert written - made_again == set(RECORDS)
