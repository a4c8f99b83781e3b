"""Applies grants to a broker: makes those that are missing, takes back ours that are none any more.

    wanted grants, standing ACLs ─► made, taken back

The rule to remember: only principals of this county are touched; what others were granted, and what
anybody was denied by hand, stays.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from confluent_kafka import KafkaException, admin
from confluent_kafka.admin import AdminClient

from services.shell.acl_plan import Grant
from services.shell.settings import Settings
from services.shell.topic_admin import TopicError

acls: Any = admin
"""The library's own types name fewer things than it has."""
SECONDS = 30
ANYWHERE = "*"
OURS = ("gridcase-", "department-", "sources", "channels", "officers", "operator")


class Applied(NamedTuple):
    made: list[Grant]
    taken_back: list[Grant]


def admin_client(settings: Settings) -> AdminClient:
    """confluent-kafka's, with the settings' security."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka,
        "security.protocol": settings.kafka_security_protocol,
        "log_level": 0,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        config |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_username,
            "sasl.password": settings.kafka_password,
        }
    if settings.kafka_ca_file:
        config["ssl.ca.location"] = settings.kafka_ca_file
    return AdminClient(config)


def apply(settings: Settings, wanted: Iterable[Grant]) -> Applied:
    """Raises `TopicError` where the broker refuses, as one without an authorizer does."""
    client, grants = admin_client(settings), set(wanted)
    try:
        standing = granted(client)
        made = sorted(grants - standing)
        ours = {grant for grant in standing if _is_ours(grant, settings.prefix)}
        gone = sorted(ours - grants)
        _wait(client.create_acls([_binding(grant) for grant in made]) if made else {})
        _wait(client.delete_acls([_filter(grant) for grant in gone]) if gone else {})
        _until_visible(client, grants, set(gone))
    except KafkaException as error:
        raise TopicError(
            f"the broker refused: {error.args[0]}. It needs an authorizer "
            "(authorizer.class.name), and this principal the right to alter the cluster"
        ) from error
    return Applied(made, gone)


def _until_visible(client: AdminClient, grants: set[Grant], gone: set[Grant]) -> None:
    """The broker that is asked learns of a change a moment after the one that took it."""
    deadline = time.monotonic() + SECONDS
    while (grants - (standing := granted(client))) or standing & gone:
        if time.monotonic() > deadline:
            raise TopicError("the broker took the grants and does not show them: look at its log")
        time.sleep(0.1)


def _wait(futures: dict[Any, Any]) -> None:
    for future in futures.values():
        future.result(timeout=SECONDS)


def authorizer(client: AdminClient) -> str:
    """The class that guards the broker; empty where nobody does. The broker has to be asked for its
    setting, since one without an authorizer answers as one that granted nothing. Raises
    `KafkaException`."""
    broker = str(next(iter(client.list_topics(timeout=SECONDS).brokers)))
    resource = acls.ConfigResource(acls.ConfigResource.Type.BROKER, broker)
    settings = client.describe_configs([resource])[resource].result(timeout=SECONDS)
    return settings["authorizer.class.name"].value or ""


def granted(client: AdminClient) -> set[Grant]:
    """What the broker allows on topics and groups. Raises `KafkaException`."""
    everything = acls.AclBindingFilter(
        acls.ResourceType.ANY, None, acls.ResourcePatternType.ANY, None, None,
        acls.AclOperation.ANY, acls.AclPermissionType.ALLOW,
    )  # fmt: skip
    found = client.describe_acls(everything).result(timeout=SECONDS)
    return {
        Grant(
            binding.principal.removeprefix("User:"),
            "GROUP" if binding.restype is acls.ResourceType.GROUP else "TOPIC",
            binding.name,
            binding.operation.name,
            binding.resource_pattern_type is acls.ResourcePatternType.PREFIXED,
        )
        for binding in found
        if binding.restype in (acls.ResourceType.TOPIC, acls.ResourceType.GROUP)
    }


def _is_ours(grant: Grant, prefix: str) -> bool:
    if not grant.principal.startswith(prefix):
        return False
    return grant.principal.removeprefix(prefix).startswith(OURS)


def _binding(grant: Grant) -> Any:
    return acls.AclBinding(*_fields(grant))


def _filter(grant: Grant) -> Any:
    return acls.AclBindingFilter(*_fields(grant))


def _fields(grant: Grant) -> tuple[Any, ...]:
    pattern = (
        acls.ResourcePatternType.PREFIXED if grant.prefixed else acls.ResourcePatternType.LITERAL
    )
    return (
        acls.ResourceType[grant.resource], grant.name, pattern, f"User:{grant.principal}", ANYWHERE,
        acls.AclOperation[grant.operation], acls.AclPermissionType.ALLOW,
    )  # fmt: skip
