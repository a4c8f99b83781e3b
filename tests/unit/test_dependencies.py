"""What a service needs: whether it is there, since when not, and why; and rests that grow."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from prometheus_client import REGISTRY
from pymongo.errors import ServerSelectionTimeoutError

from services.shell import dependencies, pages
from services.shell.backoff import Backoff
from services.shell.dependencies import Dependencies


class Needed:
    """Something that can be taken away."""

    error: Exception | None = None
    hangs = False

    async def probe(self) -> None:
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        if self.error is not None:
            raise self.error


@pytest.fixture
def mongo() -> Needed:
    return Needed()


@pytest.fixture
def seen(mongo: Needed) -> Dependencies:
    return Dependencies("sla", "one", {"kafka": Needed().probe, "mongo": mongo.probe})


def up(dependency: str) -> float | None:
    labels = {"service": "sla", "dependency": dependency}
    return REGISTRY.get_sample_value("gridcase_dependency_up", labels)


async def test_what_is_away_is_named_with_since_when_and_why(
    seen: Dependencies, mongo: Needed
) -> None:
    await seen.look()
    assert (seen.away, up("mongo")) == ([], 1)
    mongo.error = ServerSelectionTimeoutError("db:27017: refused\nand a page of topology")
    await seen.look()
    (first,) = seen.away
    assert (first.dependency, first.why) == ("mongo", "db:27017: refused")
    await seen.look()
    assert seen.away[0].since == first.since, "since when it was first missed"
    assert (up("mongo"), up("kafka")) == (0, 1)
    mongo.error = None
    await seen.look()
    assert (seen.away, up("mongo")) == ([], 1)


async def test_what_does_not_answer_is_away(
    seen: Dependencies, mongo: Needed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "PATIENCE", 0.01)
    mongo.hangs = True
    await seen.look()
    assert [each.dependency for each in seen.away] == ["mongo"]
    assert "no answer" in seen.away[0].why


async def test_readyz_goes_red_and_says_why(seen: Dependencies, mongo: Needed) -> None:
    taken = asyncio.Event()
    owned = SimpleNamespace(folding={3: 100})
    step = SimpleNamespace(taken=taken, folding=True, owned=owned)
    service = SimpleNamespace(name="sla")
    runtime = SimpleNamespace(service=service, step=step, failed=False, dependencies=seen)

    async def asked() -> tuple[int, Any]:
        answer = await pages._ready(cast(Any, runtime))
        return answer.status_code, [(each["for"], each["why"]) for each in said(answer)["waits"]]

    def said(answer: Any) -> Any:
        return orjson.loads(answer.body)

    assert await asked() == (503, [("log", "partitions [3] are read to their end")])
    taken.set()
    step.folding, owned.folding = False, {}
    assert await asked() == (200, [])
    mongo.error = ConnectionError("refused")
    await seen.look()
    assert await asked() == (503, [("mongo", "refused")])


def test_rests_grow_to_a_longest_and_begin_anew_once_it_works() -> None:
    backoff = Backoff("one", first=1, longest=10)
    rests = [backoff.failed() for _ in range(50)]
    for rest, whole in zip(rests, [1, 2, 4, 8] + [10] * 46, strict=True):
        assert whole / 2 <= rest <= whole
    backoff.worked()
    assert backoff.failed() <= 1


def test_two_instances_do_not_rest_alike_and_one_always_does() -> None:
    def rests(instance: str) -> list[float]:
        backoff = Backoff(instance)
        return [backoff.failed() for _ in range(10)]

    assert rests("one") == rests("one")
    assert all(a != b for a, b in zip(rests("one"), rests("two"), strict=True))
