"""A log read again gives what the services have: state, ids, copies, voids and timers, to the byte."""

from __future__ import annotations

import gzip
from dataclasses import replace as dataclass_replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from lab.rebuild import snapshot_bytes
from lab.replay.documents import STATES, compare, digest_of
from lab.replay.folding import DECIDERS, SERVICES
from lab.replay.reading import NoLog, partition_of
from lab.replay.replaying import Asked, replay
from schemas import envelope
from schemas.rulebook import Rulebooks
from schemas.topics import EVENT_TYPES
from services.changing import replace
from services.router.state import Holding
from services.shell.desk import Desk
from services.shell.snapshots import document_of
from tests import rehearsed

MID_JULY = datetime(2022, 7, 15, tzinfo=UTC)
ALL = Asked(documents=True, facts=True, partitions=1)


def stored(log: tuple[bytes, ...] | list[bytes]) -> dict[str, list[dict[str, Any]]]:
    """What the four services would have stored of the log: each desk's own documents."""
    found = {}
    for decider in DECIDERS:
        desk: Desk[Any] = Desk(decider, Rulebooks(), 0)
        for offset, line in enumerate(log):
            try:
                desk.fold(offset, envelope.read(line, EVENT_TYPES))
            except envelope.Unreadable:
                desk.skip("log", offset, live=False)
        adapter = STATES[decider.service]
        found[decider.service] = [
            document_of(adapter, 0, entry, "this log") for entry in desk.entries.values()
        ]
    return found


def test_a_rehearsals_log_gives_the_states_of_its_desks(tmp_path: Path) -> None:
    found = replay(rehearsed.written(tmp_path), ALL)
    for service in SERVICES:
        desk = rehearsed.month().desks[service]
        documents = [document_of(STATES[service], 0, entry, "") for entry in desk.entries.values()]
        compared = compare(found.documents[service], documents, found.events)
        assert compared.holds, (service, compared)
        assert compared.equal == found.cases == 342


def test_copies_voids_and_what_cannot_be_read_are_dealt_with_as_the_services_do(
    tmp_path: Path,
) -> None:
    log = list(rehearsed.lines()[:400])
    late = orjson.loads(log[0]) | {"id": "00000000-0000-5000-8000-000000000000"}
    log[300:300] = [log[7], orjson.dumps(late) + b"\n"]  # a copy; and a case that is opened twice
    broken = orjson.loads(log[0])
    del broken["data"]
    log.insert(20, orjson.dumps(broken) + b"\n")
    found = replay(rehearsed.written(tmp_path, log), ALL)
    assert found.tally["copies"] == found.tally["voids"] == found.tally["unreadable"] == 1
    for service, documents in stored(log).items():
        assert compare(found.documents[service], documents, 0).holds, service


def test_how_many_processes_there_are_changes_nothing(tmp_path: Path) -> None:
    log = rehearsed.written(tmp_path)
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    asked = Asked(documents=True, facts=True)
    one, three = replay(log, asked), replay(packed, asked, jobs=3)
    assert one.documents == three.documents
    assert one.facts == three.facts
    assert (one.events, one.cases, one.last) == (three.events, three.cases, three.last)


def test_a_document_that_is_not_the_fold_is_found(tmp_path: Path) -> None:
    found = replay(rehearsed.written(tmp_path), ALL).documents["sla"]
    documents = stored(rehearsed.lines())["sla"]
    documents[0]["state"] = documents[0]["state"] | {"supervised": "perhaps"}
    documents[1]["offset"] -= 1
    gone = documents.pop()
    documents.append(documents[2] | {"_id": "stranger"})
    compared = compare(found, documents, 0)
    assert compared.different == [documents[0]["_id"]]
    assert (compared.behind, compared.missing) == (1, [gone["_id"]])
    assert compared.unexplained == ["stranger"]
    assert not compared.holds


def test_an_earlier_moment_is_the_log_up_to_there(tmp_path: Path) -> None:
    early = [line for line in rehearsed.lines() if moment(line) <= MID_JULY]
    then = replay(rehearsed.written(tmp_path), Asked(until=MID_JULY, facts=True, partitions=1))
    again = replay(rehearsed.written(tmp_path, early), Asked(facts=True, partitions=1))
    assert then.facts == again.facts
    assert 0 < len(then.facts) < 342
    assert then.last is not None and then.last <= MID_JULY


def moment(line: bytes) -> datetime:
    return datetime.fromisoformat(orjson.loads(line)["time"])


def test_a_line_lies_where_kafkas_own_hash_puts_its_key() -> None:
    """Values of Java's `Utils.toPositive(Utils.murmur2(key)) % 12`."""
    from aiokafka.partitioner import DefaultPartitioner

    numbers = list(range(12))
    for case in list(rehearsed.month().desks["sla"].entries)[:50]:
        key = case.encode()
        assert partition_of(key, 12) == DefaultPartitioner()(key, numbers, numbers)


def test_a_digest_of_all_does_not_depend_on_their_order_but_on_each() -> None:
    digests = [bytes([n]) * 32 for n in range(5)]
    assert digest_of(digests) == digest_of(reversed(digests))
    assert digest_of(digests) != digest_of(digests[:4])


def test_a_file_that_is_no_log_is_told_apart(tmp_path: Path) -> None:
    broken = tmp_path / "log.jsonl.gz"
    broken.write_bytes(b"this is not gzip")
    with pytest.raises(NoLog, match=r"log\.jsonl\.gz"):
        replay(broken, ALL)


# ── the command ──────────────────────────────────────────────────────────────────────────────


def run(*arguments: str, **options: Any) -> Any:
    return CliRunner().invoke(app, ["replay", *arguments, "--jobs", "1"], **options)


def test_the_command_shows_a_case_as_it_was(tmp_path: Path) -> None:
    log = str(rehearsed.written(tmp_path))
    case = ["--case", "wechat-321/wx-0701-001", "--json"]
    before = orjson.loads(run(log, *case, "--until", "2022-07-01T01:30:00Z").stdout)
    after = orjson.loads(run(log, *case).stdout)
    assert before["case"]["router"]["standing"]["status"] != "closed"
    assert after["case"]["router"]["standing"]["status"] == "closed"


def test_the_command_shows_a_table_as_it_was(tmp_path: Path) -> None:
    log = str(rehearsed.written(tmp_path))
    table = ["--table", "2022-07", "--reference", str(rehearsed.HANYIN), "--json"]
    cards = orjson.loads(run(log, *table, "--until", "2022-07-15").stdout)["table"]
    (county,) = [card for card in cards if card["scope"] == "county"]
    assert county["counts"]["accepted"] == 165


def test_the_command_reads_standard_input() -> None:
    done = run("-", "--digest", input=b"".join(rehearsed.lines()[:50]))
    assert done.exit_code == 0
    assert "50 events" in done.stdout


def test_a_missing_file_says_how_to_make_one() -> None:
    done = run("nowhere.jsonl")
    assert done.exit_code == 1
    assert "gridcase log export nowhere.jsonl" in done.stdout


# ── replacing ────────────────────────────────────────────────────────────────────────────────


def test_replace_does_what_the_standard_one_does() -> None:
    before = Holding("a", lead="b", why="c")
    assert replace(before, lead="d") == dataclass_replace(before, lead="d")
    assert before.lead == "b"
    with pytest.raises(TypeError, match="Holding has no leader"):
        replace(before, leader="d")


def test_documents_are_compared_by_all_but_the_logs_incarnation() -> None:
    document = stored(rehearsed.lines()[:30])["router"][0]
    assert snapshot_bytes(document) == snapshot_bytes(document | {"incarnation": "another"})
    later = document | {"due": MID_JULY + timedelta(1)}
    assert snapshot_bytes(document) != snapshot_bytes(later)
