"""A broker with SASL/SCRAM users and an authorizer, and what a user may do there.

inside  (no password, all rights) ◄── whoever sets it up
outside (a user and a password)   ◄── services, departments, sources: what they were granted
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka import admin

from services.shell.acl_admin import admin_client
from services.shell.embedded import can_run_kafka, start_kafka
from services.shell.embedded.child import choose_port
from services.shell.settings import Settings

REFUSED_AFTER = 15.0
"""Where the client asks again and again instead of giving up, that it got nothing for so long."""
SECURED = """
listeners=BROKER://127.0.0.1:{{port}},OUTSIDE://127.0.0.1:{outside},CONTROLLER://127.0.0.1:{{controller}}
advertised.listeners=BROKER://127.0.0.1:{{port}},OUTSIDE://127.0.0.1:{outside}
listener.security.protocol.map=BROKER:PLAINTEXT,OUTSIDE:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.outside.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# The broker talks to itself in the clear, on a listener that no outsider reaches.
super.users=User:ANONYMOUS
"""


class Brokers(NamedTuple):
    inside: str
    outside: str


@contextmanager
def secured_kafka(folder: Path, users: Iterable[str]) -> Iterator[Brokers]:
    """Its two addresses. Each user's password is its name."""
    possible, why = can_run_kafka()
    if not possible:
        pytest.skip(f"not proved for want of a real Kafka: {why}")
    outside = choose_port()
    more = SECURED.format(outside=outside)
    with start_kafka(folder, say=lambda _: None, more=more) as broker:
        _add_users(Settings(kafka=broker.url), users)
        yield Brokers(broker.url, f"127.0.0.1:{outside}")


def _add_users(settings: Settings, users: Iterable[str]) -> None:
    scram: Any = admin
    info = scram.ScramCredentialInfo(scram.ScramMechanism.SCRAM_SHA_512, 4096)
    added = [scram.UserScramCredentialUpsertion(user, info, user.encode()) for user in users]
    client = admin_client(settings)  # it ends what it was at when nobody holds it
    for future in client.alter_user_scram_credentials(added).values():
        future.result(timeout=30)


def logged_in(address: str, user: str) -> Settings:
    return Settings(
        kafka=address,
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_username=user,
        kafka_password=user,
    )


def client(address: str, user: str) -> dict[str, Any]:
    return logged_in(address, user).kafka_client()


def seen(address: str, user: str) -> set[str]:
    """The topics that the broker shows to this user."""
    asking = admin_client(logged_in(address, user))
    return set(asking.list_topics(timeout=30).topics)


async def writes(address: str, user: str, topic: str) -> bool:
    async with AIOKafkaProducer(**client(address, user)) as producer:
        try:
            await producer.send_and_wait(topic, b"{}", key=b"any")
        except TopicAuthorizationFailedError:
            return False
    return True


async def reads(address: str, user: str, topic: str) -> bool:
    async with AIOKafkaConsumer(**client(address, user)) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        try:
            async with asyncio.timeout(REFUSED_AFTER):
                await consumer.seek_to_beginning(partition)
                await consumer.getmany(timeout_ms=500)
        except (TopicAuthorizationFailedError, TimeoutError):
            return False
    return True
