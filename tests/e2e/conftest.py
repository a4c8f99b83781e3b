"""The real things: a Kafka, a mongod, and the four services as processes, started once.

    kafka ─┐
           ├─► platform (small county, stream time) ─► outside (all who write to it and read it)
    mongo ─┘

`KAFKA_BOOTSTRAP_SERVERS` and `MONGO_URL` name existing ones. Without Java the mock cluster takes
Kafka's place, and the summary says what was not proved so; with ``CI=true`` that is a failure.
Each platform has a prefix of its own, so nothing that stands on a shared broker is touched.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lab.supervisor import Options, Platform
from schemas.reference import Reference
from services.shell.embedded import (
    Embedded,
    can_run_kafka,
    start_kafka,
    start_mock_kafka,
    start_mongod,
)
from tests.county import small_county
from tests.e2e.month import Month, hanyin, live
from tests.e2e.outside import Outside
from tests.e2e.set_aside import HELD_BY

MOCKED = (
    "NOT PROVED, for want of a real Kafka ({why}): that records outlive the broker's memory, that "
    "compaction, retention and size limits are as the topics table says, and that a service which "
    "is killed takes up where it was."
)
NEED_RESTARTS = "the mock cluster forgets the members that were killed: this wants a real Kafka"
_said: list[str] = []
Options_of = Callable[[str, Reference], Options]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _said:
        terminalreporter.section("what was measured, and what was not proved")
        for line in _said:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def say() -> Callable[[str], None]:
    """A line for the summary at the end."""
    return _said.append


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where broker, database and logs live."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def kafka(folder: Path, say: Callable[[str], None]) -> Iterator[Embedded]:
    named = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    possible, why = can_run_kafka()
    if named:
        yield Embedded("kafka", named)
    elif possible:
        with start_kafka(folder, say=lambda _: None) as broker:
            yield broker
    elif os.environ.get("CI") == "true":
        pytest.fail(why)
    else:
        say(MOCKED.format(why=why))
        with start_mock_kafka() as broker:
            yield broker


@pytest.fixture(scope="session")
def mongo_url(folder: Path) -> Iterator[str]:
    named = os.environ.get("MONGO_URL")
    if named:
        yield named
        return
    with start_mongod(folder, say=lambda _: None) as database:
        yield database.url


@pytest.fixture(scope="session")
def options(kafka: Embedded, mongo_url: str, folder: Path) -> Options_of:
    """The options of a platform with a name, on the session's broker and database."""

    def named(name: str, reference: Reference) -> Options:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.url,
            "MONGO_URL": mongo_url,
            "GRIDCASE_PREFIX": f"{name}-{uuid4().hex[:8]}-",
        }
        if kafka.kind == "mock":
            environment["GRIDCASE_SESSION_TIMEOUT_MS"] = "2000"
        return Options(
            reference, folder / name, "stream", environment=environment, say=lambda _: None
        )

    return named


@pytest.fixture(scope="session")
async def undisturbed(options: Options_of) -> Month:
    """The demo month in Hanyin, as it goes when nobody is killed."""
    return await live(options("hanyin", hanyin()))


@pytest.fixture(scope="module")
async def platform(options: Options_of) -> AsyncIterator[Platform]:
    """The small county's, in stream time, for the tests of one file that kill nobody. Each file has
    its own: what one has made happen, and how far its time has come, is nobody else's concern."""
    async with Platform(options("small", small_county())) as platform:
        yield platform


@pytest.fixture(scope="module")
async def outside(platform: Platform) -> AsyncIterator[Outside]:
    async with Outside(platform) as outside:
        yield outside


@pytest.fixture
async def nothing_else_is_disturbed(outside: Outside) -> AsyncIterator[None]:
    """After whatever went wrong, a good report still becomes a case and gets its department, and no
    service had to be started again."""
    restarts = outside.platform.restarts
    yield
    case = await outside.reports()
    assert outside.happened(case)[0] == "opened"
    assert "assigned" in outside.happened(case)
    assert [word.type for word in await outside.told(HELD_BY, case_id=case, role="lead")] == [
        "assignment.created.v1"
    ]
    assert outside.platform.restarts == restarts
