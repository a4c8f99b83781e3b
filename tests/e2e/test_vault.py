"""The vault on a real mongod: one key a case, for everybody, until it is erased for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import CommandListener

from services.shell.vault import Vault

Database = AsyncDatabase[dict[str, Any]]


class Commands(CommandListener):
    """The names of the commands that went to the server."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: Any) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
async def database(mongo_url: str, commands: Commands) -> AsyncIterator[Database]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        mongo_url, event_listeners=[commands]
    )
    database = client[f"vault-{uuid4().hex[:12]}"]
    yield database
    await client.drop_database(database.name)
    await client.close()


async def test_a_key_is_made_once_and_found_again(database: Database) -> None:
    first = await Vault(database).keys(["a", "b", "a"])
    assert list(first) == ["a", "b"]
    assert {len(key or b"") for key in first.values()} == {32}
    assert first["a"] != first["b"]
    assert await Vault(database).keys(["b", "a", "c"], create=False) == {**first, "c": None}


async def test_asking_without_creating_creates_nothing(database: Database) -> None:
    assert await Vault(database).keys(["a"], create=False) == {"a": None}
    assert await database["vault"].count_documents({}) == 0


async def test_everybody_who_asks_at_once_gets_the_same_key(database: Database) -> None:
    cases = [f"case-{n}" for n in range(100)]
    answers = await asyncio.gather(*(Vault(database).keys(cases) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0].values())) == 100


async def test_five_hundred_fresh_keys_cost_one_insert_and_known_ones_two_trips_more(
    database: Database, commands: Commands
) -> None:
    cases = [f"case-{n}" for n in range(500)]
    vault = Vault(database)
    await vault.keys(["first"])
    commands.names.clear()
    first = await vault.keys(cases)
    assert commands.names == ["insert"]
    commands.names.clear()
    again = await vault.keys([*cases, "one more"])
    assert commands.names == ["insert", "insert", "find"]
    assert {case: again[case] for case in cases} == first
    assert (await vault.keys(["one more"]))["one more"] == again["one more"]


async def test_an_erased_key_is_gone_and_never_made_again(database: Database) -> None:
    vault = Vault(database)
    await vault.keys(["a", "b"])
    assert await vault.erase("a") is True
    assert await vault.erase("a") is False
    keys = await vault.keys(["a", "b"])
    assert keys["a"] is None
    assert keys["b"] is not None
    document = await database["vault"].find_one({"_id": "a"})
    assert document is not None
    assert set(document) == {"_id", "erased_at"}


async def test_erasing_twice_keeps_the_first_moment(database: Database) -> None:
    vault = Vault(database)
    await vault.erase("a")
    before = await database["vault"].find_one({"_id": "a"})
    await vault.erase("a")
    assert await database["vault"].find_one({"_id": "a"}) == before


async def test_a_case_erased_before_it_had_a_key_never_gets_one(database: Database) -> None:
    vault = Vault(database)
    assert await vault.erase("a") is False
    assert await vault.keys(["a"]) == {"a": None}


async def test_a_secret_is_made_once_and_is_no_cases_key(database: Database) -> None:
    secret = await Vault(database).secret("pseudonyms")
    assert len(secret) == 32
    assert await Vault(database).secret("pseudonyms") == secret
    assert await Vault(database).secret("others") != secret
    assert (await Vault(database).keys(["pseudonyms"]))["pseudonyms"] != secret


async def test_no_cases_are_no_question(database: Database, commands: Commands) -> None:
    assert await Vault(database).keys([]) == {}
    assert commands.names == []


async def test_who_opens_a_contact_is_written_down(database: Database) -> None:
    await Vault(database).keys(["a", "b"])
    router = Vault(database, "router")
    await router.keys(["a"], create=False)
    assert [(line["who"], line["what"]) for line in await router.log("a")] == [("router", "open")]
    assert await router.log("b") == []


async def test_nobody_has_a_key_whose_opening_could_not_be_written_down(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_said: Any) -> None:
        raise ConnectionError("the record cannot be written")

    await Vault(database).keys(["a"])
    router = Vault(database, "router")
    monkeypatch.setattr(router, "note", full)
    with pytest.raises(ConnectionError):
        await router.keys(["a"], create=False)
