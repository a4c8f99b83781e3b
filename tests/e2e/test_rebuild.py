"""The log is the record, and what MongoDB keeps is a cache of it: after a month of the demo every
stored document is the fold of the log, to the byte; and a document that is not is found."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from lab import rebuild
from lab.replay.documents import compare_all
from lab.replay.replaying import Asked, replay
from lab.replay.verifying import verify
from lab.whatif.asking import Question, ask
from schemas.rulebook import Rulebooks
from schemas.topics import SERVICES
from services.shell.consuming import read_to_end
from tests.e2e.month import STORIES, Month, hanyin, snapshots_of

USUAL = {
    "opened", "assigned", "signed", "returned", "progressed", "resolved", "feedback-given",
    "deadline-set", "warned", "overdue", "escalated", "rated", "reopened", "closed", "confirmed",
}  # fmt: skip
"""What happens in any month of a county."""


@pytest.mark.parametrize("service", SERVICES)
async def test_every_stored_document_is_the_fold_of_the_log(
    undisturbed: Month, service: str
) -> None:
    found = await rebuild.run(service, undisturbed.settings)
    assert found.holds, found
    assert found.equal == found.cases == undisturbed.played.cases == STORIES
    assert found.events > 5 * STORIES


async def exported(month: Month, to: Path) -> Path:
    """The log as `gridcase log export` writes it."""
    with to.open("wb") as file:
        async for record in read_to_end(month.settings, month.settings.topic("case.events")):
            file.write(record.value + b"\n")
    return to


async def test_a_replay_of_the_exported_log_gives_the_stored_documents(
    undisturbed: Month, tmp_path: Path
) -> None:
    """In one process, from the file alone: also the places on the topic follow from it."""
    log = await exported(undisturbed, tmp_path / "log.jsonl")
    found = await asyncio.to_thread(replay, log, Asked(documents=True))
    with MongoClient[dict[str, Any]](undisturbed.settings.mongo, tz_aware=True) as client:
        database = client[undisturbed.settings.database]
        compared = compare_all(database, found.documents, found.events)
    assert set(compared) == set(SERVICES)
    for service, each in compared.items():
        assert each.holds, (service, each)
        assert each.equal == STORIES


async def test_the_months_log_keeps_every_promise_and_is_decided_again(
    undisturbed: Month, tmp_path: Path
) -> None:
    log = await exported(undisturbed, tmp_path / "log.jsonl")
    rules = Rulebooks([hanyin()])
    found = await asyncio.to_thread(verify, log, rules)
    assert found.holds, found.shown
    answer = await asyncio.to_thread(ask, log, Question(hanyin()))
    assert answer.changed == []


async def test_the_month_is_long_enough_to_prove_something(undisturbed: Month) -> None:
    """Otherwise the folds would agree on too little."""
    happened = {event["type"].split(".")[1] async for event in undisturbed.log()}
    assert USUAL - happened == set()
    assert undisturbed.restarts == 0
    assert undisturbed.played.copies == 0


async def test_a_document_that_is_not_the_fold_is_found_and_put_right(undisturbed: Month) -> None:
    stored = await snapshots_of(undisturbed.settings, "sla")
    changed, gone, *_ = sorted([document["_id"] async for document in stored.documents()])
    await stored.collection.update_one({"_id": changed}, {"$set": {"state.supervised": "perhaps"}})
    await stored.collection.delete_one({"_id": gone})
    stranger = {"_id": "stranger", "offset": 0, "incarnation": stored.incarnation}
    await stored.collection.insert_one(stranger)

    found = await rebuild.run("sla", undisturbed.settings)
    assert not found.holds
    assert (found.different, found.missing) == ([changed], [gone])
    assert found.unexplained == ["stranger"]
    mended = await rebuild.run("sla", undisturbed.settings, write=True)
    assert mended.holds, mended


async def test_what_a_service_has_not_stored_yet_is_called_behind(undisturbed: Month) -> None:
    stored = await snapshots_of(undisturbed.settings, "rating")
    document: dict[str, Any] = await anyone(stored)
    await stored.collection.update_one({"_id": document["_id"]}, {"$inc": {"offset": -1}})
    found = await rebuild.run("rating", undisturbed.settings)
    assert (found.behind, found.holds) == (1, False)
    await stored.write([document])
    assert (await rebuild.run("rating", undisturbed.settings)).holds


async def anyone(stored: Any) -> dict[str, Any]:
    return min([d async for d in stored.documents()], key=lambda d: str(d["_id"]))


async def test_the_scorecards_of_the_month_add_up(undisturbed: Month) -> None:
    cards = [c for c in (await undisturbed.scorecards()).values() if c["period"] == "2022-07"]
    assert cards, "July was over, and nothing was published"
    by_scope: dict[str, list[dict[str, Any]]] = {}
    for card in cards:
        by_scope.setdefault(card["scope"], []).append(card)
        assert all(number >= 0 for number in card["counts"].values())
        for rate in card["rates"].values():
            assert 0 <= rate["numerator"] <= rate["denominator"]
    (county,) = [c for c in by_scope["county"] if c["counts"]["accepted"]]
    assert county["counts"]["accepted"] == STORIES
    for scope in ("service", "town"):
        assert sum(c["counts"]["accepted"] for c in by_scope[scope]) <= STORIES
