"""The AsyncAPI document: every topic and message of the table, in a form that tools can read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import yaml
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker

from schemas import events, publish
from schemas.topics import CASE_EVENTS, PAYLOADS, SERVICES, TOPICS
from services.shell import contract
from tests.json_refs import references, resolves


@pytest.fixture(scope="module")
def asyncapi() -> Any:
    return yaml.safe_load((publish.PUBLISHED / "asyncapi.yaml").read_text("utf-8"))


def test_the_document_has_what_asyncapi_asks_for(asyncapi: Any) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= asyncapi["info"].keys()
    names = [name for part in asyncapi["components"].values() for name in part]
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in names)
    assert all(resolves(asyncapi, ref) for ref in references(asyncapi))


def test_every_topic_is_a_channel_and_a_family_has_its_department_as_a_parameter(
    asyncapi: Any,
) -> None:
    assert list(asyncapi["channels"]) == [topic.name for topic in TOPICS]
    for topic in TOPICS:
        channel = asyncapi["channels"][topic.name]
        parameters = re.findall(r"\{(\w+)\}", channel["address"])
        assert parameters == list(channel.get("parameters", {}))
        assert parameters == (["department"] if topic.per_department else [])


def test_a_channel_carries_every_message_of_its_topic(asyncapi: Any) -> None:
    for topic in TOPICS:
        carried = asyncapi["channels"][topic.name]["messages"]
        assert carried
        assert {message.TYPE for message in topic.messages} <= carried.keys()


def test_the_payload_is_the_envelope_with_its_data(asyncapi: Any) -> None:
    for name, payload in PAYLOADS.items():
        message = asyncapi["components"]["messages"][name]
        assert message["payload"] == {"$ref": f"#/components/schemas/{name}"}
        schema = asyncapi["components"]["schemas"][name]
        assert schema["properties"]["type"]["const"] == name
        data = {"$ref": f"#/components/schemas/{payload.__name__}"}
        assert schema["properties"]["data"] == data


def test_an_operation_names_messages_of_its_own_channel(asyncapi: Any) -> None:
    for operation in asyncapi["operations"].values():
        assert operation["action"] in ("send", "receive")
        channel = operation["channel"]["$ref"]
        assert operation["messages"]
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{channel}/messages/")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sends_the_events_that_it_writes_and_no_others(
    service: str, asyncapi: Any
) -> None:
    operation = asyncapi["operations"][f"{service}-send-{CASE_EVENTS.name}"]
    sent = {message["$ref"].rpartition("/")[2] for message in operation["messages"]}
    assert sent == {event.TYPE for event in events.EVENTS if service == event.WRITER}


@pytest.fixture
async def service() -> AsyncIterator[httpx.AsyncClient]:
    """A service with the contract's pages alone."""
    app = AsgiFastStream(KafkaBroker(), asgi_routes=contract.pages())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://s") as client:
        yield client


async def test_a_service_serves_the_published_document(
    service: httpx.AsyncClient, asyncapi: Any
) -> None:
    assert (await service.get("/asyncapi.json")).json() == asyncapi
    assert yaml.safe_load((await service.get("/asyncapi.yaml")).text) == asyncapi


async def test_the_page_takes_everything_from_the_service_itself(
    service: httpx.AsyncClient,
) -> None:
    page = await service.get("/asyncapi")
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert not [address for address in asked if re.match(r"(https?:)?//", address)]
    for address in asked:
        if not address.startswith("data:"):
            assert (await service.get(f"/{address}")).status_code == 200
    assert "connect-src 'self'" in page.headers["content-security-policy"]


async def test_nothing_can_be_published_from_the_page(service: httpx.AsyncClient) -> None:
    for path in ("/asyncapi", "/asyncapi/try", "/asyncapi.json"):
        assert (await service.post(path, json={})).status_code in (404, 405)
