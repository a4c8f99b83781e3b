"""A county moves to more partitions under way: cases that were open before go on after.

12 partitions: cases, some of them unanswered ─► stop ─► move ─► 24 partitions: the same cases go on
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lab.accepted import Accepted
from lab.moving import recipe
from lab.moving.recipe import Moved, move, reopen
from lab.moving.standing import NotMovedError
from lab.rebuild import run as rebuilt
from lab.supervisor import Options, Platform
from schemas import envelope, topics
from schemas.topics import KEYED_PARTITIONS, SERVICES
from services.shell.consuming import read_to_end
from services.shell.incarnation import WrongLogError, incarnation_of, log_of
from services.shell.provision import make_topics
from services.shell.settings import Settings
from tests.county import small_county
from tests.e2e.conftest import NEED_RESTARTS, Options_of
from tests.e2e.outside import Outside, a_rating, a_report, an_update, case_of, until
from tests.e2e.set_aside import HELD_BY, UPDATES
from tests.story import moment

pytestmark = pytest.mark.long
MORE = 24
CASES = 40
Lives = dict[bytes | None, list[tuple[Any, ...]]]


async def lives(settings: Settings, topic: str) -> Lives:
    """What a topic holds of each key, in its order: value, headers and time."""
    found: Lives = defaultdict(list)
    async for record in read_to_end(settings, settings.topic(topic)):
        found[record.key].append((record.value, record.headers, record.timestamp))
    return dict(found)


@dataclass
class Before:
    """What stood when the services had stopped."""

    options: Options
    settings: Settings
    cases: list[str]
    log: Lives
    told: int
    """Messages that one department had been sent."""
    refused: str
    """Why the log was not moved while the services ran."""


@pytest.fixture(scope="module")
async def before(options: Options_of) -> Before:
    """Forty cases: some signed, one resolved, and the last ones sent in the moment in
    which the services are stopped, so that they are in the middle of them."""
    chosen = options("moving", small_county())
    async with Platform(chosen) as platform:
        if platform.kind == "mock":
            pytest.skip(NEED_RESTARTS)
        async with Outside(platform) as outside:
            reports = [a_report() for _ in range(CASES)]
            cases = [case_of(report) for report in reports]
            for report in reports[: CASES // 2]:
                await outside.writes("reports.submitted", report)
            await outside.quiet()
            for case in cases[:5]:
                await outside.writes(UPDATES, an_update(case, "sign", moment(1)))
            await outside.sends(UPDATES, an_update(cases[0], "resolve", moment(2), result="好了"))
            told = len(await outside.told(HELD_BY, role="lead"))
            refused = await refusal(platform.settings)
            for report in reports[CASES // 2 :]:
                await outside.writes("reports.submitted", report)
        settings = platform.settings
    log = await lives(settings, topics.CASE_EVENTS.name)
    return Before(chosen, settings, cases, log, told, refused)


async def refusal(settings: Settings) -> str:
    impatient = settings.model_copy(update={"session_timeout_ms": 1_000})
    with pytest.raises(NotMovedError) as refused:
        await move(impatient, MORE)
    return str(refused.value)


class Interrupted(Exception):  # noqa: N818 - nothing went wrong by itself
    pass


async def interrupt(*_: Any) -> None:
    raise Interrupted


@pytest.fixture(scope="module")
async def moved(before: Before) -> Moved:
    """At the third attempt: the first ends before the copy is the log, the second after."""
    for step in ("compare", "write_all"):
        with pytest.MonkeyPatch.context() as patched, pytest.raises(Interrupted):
            patched.setattr(recipe, step, interrupt)
            await move(before.settings, MORE)
        with pytest.raises(WrongLogError, match="being moved"):
            await log_of(before.settings)
    return await move(before.settings, MORE)


@pytest.fixture(scope="module")
def after(before: Before) -> Settings:
    return before.settings.model_copy(update={"partitions": MORE})


def options_after(before: Before) -> Options:
    more = {"GRIDCASE_PARTITIONS": str(MORE)}
    return replace(before.options, environment=before.options.environment | more)


def test_while_a_service_runs_nothing_is_moved_and_it_goes_on(before: Before) -> None:
    assert "Stop all services" in before.refused
    assert len(before.log) > CASES // 2


async def test_every_record_is_there_once_under_its_key_in_its_order(
    before: Before, moved: Moved, after: Settings
) -> None:
    assert await lives(after, topics.CASE_EVENTS.name) == before.log
    for topic in topics.COMMANDS_OF.values():
        assert await lives(after, topic.name) == await lives(before.settings, topic.name)
    assert moved.cases["sla"] == len(before.log)


async def test_the_history_is_the_same_and_its_offsets_are_others(
    before: Before, moved: Moved, after: Settings
) -> None:
    log = await incarnation_of(after)
    assert log is not None
    assert (log.partitions, log.moving_to) == (MORE, None)
    assert log.copy != log.id
    with pytest.raises(WrongLogError, match=f"GRIDCASE_PARTITIONS says {KEYED_PARTITIONS}"):
        log.check(before.settings)


async def test_nobody_makes_a_second_log_beside_it(before: Before, moved: Moved) -> None:
    with pytest.raises(WrongLogError, match=f"set it to {MORE}"):
        await make_topics(before.settings, small_county())
    with pytest.raises(NotMovedError, match="already"):
        await move(before.settings, MORE)
    with pytest.raises(NotMovedError, match="nothing"):
        await reopen(before.settings)


async def happened(settings: Settings) -> dict[str, list[str]]:
    """What the log has accepted of each case, from its beginning."""
    accepted, found = Accepted(), defaultdict[str, list[str]](list)
    for key, records in (await lives(settings, topics.CASE_EVENTS.name)).items():
        for value, *_ in records:
            event = envelope.read(value, topics.EVENT_TYPES)
            assert event.subject.encode() == key
            if accepted.admits(event):
                found[event.subject].append(event.type.split(".")[1])
    assert accepted.copies == 0
    return dict(found)


async def test_cases_that_were_open_before_go_on_after_and_nobody_is_told_twice(
    before: Before, moved: Moved, after: Settings
) -> None:
    signed, unsigned = before.cases[1], before.cases[-1]
    async with Platform(options_after(before)) as platform, Outside(platform) as outside:
        await outside.quiet()
        lives = await happened(after)
        assert lives.keys() == set(before.cases)
        assert all(life.count("opened") == life.count("assigned") == 1 for life in lives.values())
        told = await outside.told(HELD_BY, role="lead")
        assert {message.subject for message in told} == set(before.cases)
        ids = Counter(message.id for message in told)
        repeated = sum(number - 1 for number in ids.values())
        assert repeated <= len(ids) - before.told  # what was answered before is not said again

        await outside.time_comes(moment(3))
        await outside.sends(UPDATES, an_update(signed, "resolve", moment(3), result="好了"))
        await outside.sends("ratings.submitted", a_rating(signed, 5, moment(4)))
        await outside.time_comes(moment(24 * 14))
        new = await outside.reports(moment(24 * 14))
        lives = await happened(after)
        assert {"resolved", "rated", "closed"} <= set(lives[signed])
        assert "escalated" in lives[unsigned]
        assert "assigned" in lives[new]
        for service in SERVICES:

            async def saved(service: str = service) -> bool:
                """Documents follow the log a second or so behind."""
                found = await rebuilt(service, platform.settings)
                assert (found.different, found.unexplained) == ([], [])
                return found.holds

            await until(saved)
        assert platform.restarts == 0
