"""Cases of the router are found by their labels, whether they are in memory or not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faststream.asgi import AsgiResponse
from pymongo.errors import AutoReconnect

from schemas.events import ExtensionRequested
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.router.domain import DECIDER, State
from services.router.heirs import HandingOver
from services.router.labels import TRIAGE, counted, held_by, labels
from services.router.triage import triage_entry
from services.shell.desk import Desk, Entry
from services.shell.finding import Finding
from services.shell.pages import page
from services.shell.timers import Timers
from tests.county import small_county
from tests.log import RULEBOOKS
from tests.story import moment
from tests.unit.router_words import (
    TOWN,
    VC,
    a_case,
    a_case_in_triage,
    a_held_case,
    a_resolved_case,
    assigned,
    said,
)

ASKS_FOR_TIME = a_held_case(said(ExtensionRequested, "e2", reason="rain", until=moment(99)))
UNSURE = a_case(assigned(), category_by="unsure")
CASES: Mapping[str, State] = {
    "waits": a_case_in_triage().state,
    "unsure": UNSURE.state,
    "asks": ASKS_FOR_TIME.state,
    "held": a_held_case().state,
    "town": a_case(assigned(TOWN, level=Level.TOWN)).state,
    "resolved": a_resolved_case().state,
    "opened": a_case().state,
}
QUEUE = {case for case, state in CASES.items() if triage_entry(state)}


class Stored:
    """What the database has; it finds by labels, as MongoDB does."""

    def __init__(self, cases: Mapping[str, State]) -> None:
        self.cases = dict(cases)
        self.read: list[str] = []

    async def labelled(self, _partitions: Any) -> Counter[str]:
        return Counter(label for state in self.cases.values() for label in labels(state))

    async def states(self, matching: dict[str, Any]) -> AsyncIterator[tuple[str, State]]:
        is_meant = re.compile(matching["labels"]["$regex"]).search
        for case, state in self.cases.items():
            if is_meant(" ".join(labels(state))):
                self.read.append(case)
                yield case, state

    async def entries(self, cases: list[str]) -> list[Entry[State]]:
        return [Entry(case, self.cases[case]) for case in cases if case in self.cases]


def finding(
    in_memory: Mapping[str, State], stored: Stored, *, whole: bool = False
) -> Finding[State]:
    entries = [Entry(case, state, offset=1) for case, state in in_memory.items()]
    timers = None if whole else Timers()
    desk = Desk(DECIDER, RULEBOOKS, 0, entries=entries, timers=timers)
    return Finding(DECIDER, {0: desk}, cast(Any, stored))


async def test_whatever_waits_for_a_person_is_found_though_nothing_is_in_memory() -> None:
    assert {"waits", "unsure", "asks"} == QUEUE
    stored = Stored(CASES)
    found = await finding({}, stored).labelled(TRIAGE)
    assert found == {case: CASES[case] for case in QUEUE}
    assert set(stored.read) == QUEUE, "no other case is read"


async def test_what_memory_knows_counts_and_not_what_is_stored() -> None:
    """It was assigned, and another returned, since they were stored."""
    stored = Stored({"now held": CASES["waits"], "now waits": CASES["held"]})
    memory = {"now held": CASES["held"], "now waits": CASES["waits"]}
    found = await finding(memory, stored).labelled(TRIAGE)
    assert found == {"now waits": CASES["waits"]}


async def test_where_all_cases_are_in_memory_the_database_is_not_asked() -> None:
    stored = Stored(CASES)
    found = await finding(CASES, stored, whole=True).labelled(TRIAGE)
    assert set(found) == QUEUE
    assert stored.read == []


async def test_a_case_that_leaves_the_memory_while_the_database_is_asked_is_not_lost() -> None:
    """The database was asked before it had the case; by the answer, memory had let it go."""
    stored = Stored({"held": CASES["held"], "waits": CASES["waits"]})
    finds = finding({"late": CASES["unsure"]}, stored)
    reading = stored.states

    async def slowly(matching: dict[str, Any]) -> AsyncIterator[tuple[str, State]]:
        async for found in reading(matching):
            finds.desks[0].entries.clear()
            yield found

    stored.states = slowly  # type: ignore[method-assign]
    assert (await finds.labelled(TRIAGE)).keys() == {"waits", "late"}


async def test_while_the_database_is_away_the_queue_says_so() -> None:
    async def away(_query: dict[str, str]) -> AsgiResponse:
        raise AutoReconnect("away")

    scope = {"type": "http", "method": "GET", "path": "/triage", "query_string": b"", "headers": []}
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await page(away)(scope, cast(Any, None), send)
    assert sent[0]["status"] == 503
    assert b"ask again" in sent[1]["body"]


async def test_one_case_is_found_wherever_it_is() -> None:
    finds = finding({"a": CASES["held"]}, Stored({"a": CASES["opened"], "b": CASES["waits"]}))
    assert await finds.one("a") == CASES["held"]
    assert await finds.one("b") == CASES["waits"]
    assert await finds.one("c") is None


async def test_the_gauges_count_what_a_look_at_all_cases_would() -> None:
    wrong = replace(CASES["held"], wrong_returns=("vc-v12", "vc-v12"))
    held, mistaken, unrouted = counted(await finding({}, Stored({**CASES, "wrong": wrong})).count())
    assert held == {(VC, "village"): 4, (TOWN, "town"): 1}
    assert (mistaken, unrouted) == ({("vc-v12",): 2}, 1)


@pytest.mark.parametrize("case", CASES)
def test_the_queue_has_a_label_of_its_own_and_it_stands_first(case: str) -> None:
    """The index finds a label by its beginning."""
    found = labels(CASES[case])
    assert ("triage" in found) == (case in QUEUE) == (found[:1] == ("triage",))


# ── abolished departments ────────────────────────────────────────────────────────────────────


def runtime(stored: Stored, version: str, *departments: Any) -> Any:
    units = departments or small_county().departments
    rules = Rulebook(small_county(version, departments=units))
    sent: list[str] = []

    async def send_and_wait(_topic: str, _value: bytes, *, key: bytes) -> None:
        sent.append(key.decode())

    return SimpleNamespace(
        settings=SimpleNamespace(clock="stream", topic=lambda name: name),
        step=SimpleNamespace(ticked=moment(50)),
        feed=SimpleNamespace(rulebooks=SimpleNamespace(at=lambda _: rules)),
        producer=SimpleNamespace(send_and_wait=send_and_wait),
        finding=finding({}, stored),
        sent=sent,
    )


async def test_only_the_cases_of_an_abolished_department_are_read_and_handed_over_once() -> None:
    some = [unit for unit in small_county().departments if unit.code != TOWN]
    here = runtime(stored := Stored(CASES), "county-2", *some)
    look = HandingOver(here).look
    for _ in range(2):
        await look(await here.finding.count())
    assert here.sent == ["town"]
    assert set(stored.read) == {"town"}


async def test_while_every_lead_is_known_no_case_is_read() -> None:
    here = runtime(stored := Stored(CASES), "county-2")
    await HandingOver(here).look(await here.finding.count())
    assert (here.sent, stored.read) == ([], [])


def test_a_department_is_not_taken_for_one_whose_code_begins_alike() -> None:
    meant = re.compile(held_by(["vc-v1"])).search
    assert not meant(" ".join(labels(CASES["held"])))
    assert re.compile(held_by([VC])).search("triage " + " ".join(labels(CASES["held"])))
