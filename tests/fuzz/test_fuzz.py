"""Fifty thousand odd inputs at every topic and every route: each is taken, or refused with a reason.

`GRIDCASE_FUZZ` says how many, `GRIDCASE_FUZZ_SEED` which; a failure names the command that replays it.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import envelope, topics
from schemas.envelope import Unreadable
from schemas.topics import SERVICES
from tests.fuzz import routes
from tests.fuzz.running import blocks, replay, targets
from tests.fuzz.target import BLOCK, Found, Target, Wrong, block
from tests.served import application

INPUTS = int(os.environ.get("GRIDCASE_FUZZ", "50000"))
SEED = int(os.environ.get("GRIDCASE_FUZZ_SEED", "1"))
TARGETS = targets()
SHARES = Counter[str]()
for each, _number, some in blocks(INPUTS, TARGETS):
    SHARES[each.name] += some


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_is_taken_or_refused_with_a_reason(target: Target) -> None:
    outcomes = Counter[str]()
    for number, start in enumerate(range(0, SHARES[target.name], BLOCK)):
        try:
            outcomes += block(target, SEED, number, min(BLOCK, SHARES[target.name] - start))
        except Found as found:
            pytest.fail(f"{found}\npython -m tests.fuzz --replay '{found.address}'")
    assert outcomes.total() == SHARES[target.name]
    assert len(outcomes) > 1 or target.name == "reference"  # it was neither all good nor all bad


# ── anything at all, by hypothesis ───────────────────────────────────────────────────────────

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DOORS = [topic for topic in topics.TOPICS if topic.door_of]


@pytest.mark.parametrize("topic", DOORS, ids=lambda topic: topic.name)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_json_in_any_field_is_a_message_or_has_a_reason(topic: topics.Topic, data: Any) -> None:
    (model,) = topic.messages
    names = st.sampled_from(sorted(model.model_fields))
    value = data.draw(st.dictionaries(names, JSON, max_size=8) | JSON)
    try:
        written = orjson.dumps(value)
    except TypeError:  # beyond JSON
        return
    try:
        model.model_validate(envelope.bare(written)[0])
    except Unreadable as error:
        assert str(error)
    except ValidationError as error:
        assert envelope.explain(error)


# ── it can fail ──────────────────────────────────────────────────────────────────────────────


def test_every_route_of_every_service_is_asked() -> None:
    for service in SERVICES:
        asked = {good.path for good in routes.requests(service)}
        pages = {path for path, _ in application(service).runtime.pages}
        assert {path for path in pages if not path.endswith("*")} <= asked
        assert all(any(a.startswith(p[:-1]) for a in asked) for p in pages if p.endswith("*"))


def test_every_topic_that_a_service_reads_is_fed() -> None:
    fed = {target.name.partition(" ")[0] for target in TARGETS}
    assert {t.name for t in topics.TOPICS if set(t.readers) & set(SERVICES)} <= fed


def test_a_finding_is_found_again_by_its_address() -> None:
    def world() -> Any:
        seen: list[float] = []

        async def feed(chance: Random) -> str:
            seen.append(chance.random())
            if len(seen) > 3 and seen[-1] > seen[-2]:
                raise Wrong(f"{seen[-1]}")
            return "taken"

        return feed

    target = Target("a target that breaks", world)
    with pytest.raises(Found) as first:
        block(target, SEED, 7)
    nth = int(first.value.address.rpartition("/")[2])
    with pytest.raises(Found) as again:
        block(target, SEED, 7, nth + 1)
    assert str(again.value) == str(first.value)
    with pytest.raises(ValueError, match="--list"):
        replay("1/nothing/0/0")
