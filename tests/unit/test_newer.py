"""Two versions side by side: the older meets what only the newer can read."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest

from schemas import envelope, ids, topics
from schemas.events import Signed
from schemas.lifecycle import LIFECYCLE
from schemas.topics import EVENT_TYPES
from services.shell.newer import NewerThanThis, must_not_be_newer
from tests.story import CASE, START
from tests.unit.imagined_step import Owner, World
from tests.unit.router_words import opened


class SignedAnew(Signed):
    """The same deed, in a version that does not exist yet."""

    TYPE = "case.signed.v2"


NEWER = {**EVENT_TYPES, SignedAnew.TYPE: SignedAnew}


@pytest.fixture
async def world() -> World:
    """A case that was opened and assigned; then a newer router says that it is signed."""
    world = World()
    world.log.happened(opened(), name="opened")
    await (await world.owner()).turns(3)
    assigned = envelope.read(world.log.records[-1], EVENT_TYPES)
    deed = SignedAnew(
        holding=assigned.id, department=assigned.data.lead, by="clerk", update_id="u1", at=START
    )
    world.log.happened(deed, name="signed anew")
    return world


async def newer_owner(world: World, monkeypatch: pytest.MonkeyPatch) -> Owner:
    monkeypatch.setitem(cast(Any, LIFECYCLE), SignedAnew, LIFECYCLE[Signed])
    with monkeypatch.context() as version:
        version.setattr(topics, "EVENT_TYPES", NEWER)
        return await world.owner()


async def test_the_older_stops_before_it_and_says_why(world: World) -> None:
    owner = await world.owner()
    with pytest.raises(NewerThanThis, match=r"case\.events/0@2 holds case\.signed\.v2.*upgrade"):
        await owner.turns(3)
    await owner.step.save()
    assert owner.committed is None, "nothing of what it could not read is behind it"
    assert all(entry.offset < 2 for entry in world.store.documents.values())


async def test_the_newer_takes_over_where_the_older_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the older had never been: the same fold, and nothing more on the log."""
    alone = await (await newer_owner(world, monkeypatch)).turns(3)
    older = await world.owner()
    with pytest.raises(NewerThanThis):
        await older.turns(3)
    await older.step.save()
    said = len(world.log.records)
    successor = await (await newer_owner(world, monkeypatch)).turns(3)
    assert successor.step.desks[0].entries[CASE].state == alone.step.desks[0].entries[CASE].state
    assert len(world.log.records) == said


async def test_to_pass_over_it_would_be_another_fold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why it stops: an older version that goes on takes the case for one that nobody signed."""
    newer = await (await newer_owner(world, monkeypatch)).turns(3)
    monkeypatch.setattr("services.shell.reading.must_not_be_newer", lambda *_: None)
    monkeypatch.setattr("services.shell.reading.Reading.set_aside", nothing)
    older = await (await world.owner()).turns(3)
    assert older.step.desks[0].entries[CASE].state != newer.step.desks[0].entries[CASE].state


async def nothing(*_: Any) -> None: ...


def record(**changes: Any) -> bytes:
    said: dict[str, Any] = {"specversion": "1.0", "id": ids.derive("x")}
    said |= {
        "source": "/services/sla",
        "type": "case.dreamt.v1",
        "subject": CASE,
        "time": START.isoformat(),
        "data": {},
    }
    return orjson.dumps(said | changes)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"\xff",
        b"[]",
        record(source="/services/forged"),
        record(type="celebrated"),
        record(type=7),
        record(type="case.signed.v1"),
    ],
)
def test_what_nobody_will_ever_read_stops_nobody(value: bytes | None) -> None:
    must_not_be_newer(value, EVENT_TYPES, "here")


def test_what_a_service_wrote_under_a_new_name_is_newer() -> None:
    with pytest.raises(NewerThanThis):
        must_not_be_newer(record(), EVENT_TYPES, "here")
    with pytest.raises(envelope.Unreadable):
        envelope.read(record(), EVENT_TYPES)
