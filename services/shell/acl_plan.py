"""Who may read and write what: the topics table's writers and readers, spelled out as grants.

    topics table × departments ─► Grant(principal, resource, operations) ─► the broker's ACLs

The rule to remember: **what is not granted is refused**. A department writes its own `updates.*` and
reads its own `assignments.*`, and nothing else; the services, and they alone, write the log. A grant
for the beginning of names ends in a dot, which no prefix holds: so it never reaches into the names of
another county, also where one prefix is the beginning of the other (``a`` and ``ab-``).

Principals, with the county's prefix before each: ``gridcase-<service>``, ``department-<code>``, and
a name for each other party of the table (`PARTIES`). ``*`` is anybody who may connect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from schemas.topics import (
    CLOCK,
    COMMANDS_OF,
    REPORTS_SUBMITTED,
    SERVICES,
    TOPICS,
    TRIAGE_DECISIONS,
    Topic,
    dead,
)
from services.shell.settings import Settings

Operation = Literal["READ", "WRITE", "DESCRIBE", "CREATE", "ALL"]
THAT_DEPARTMENT = "that department"
PARTIES = {
    "other systems": "sources",
    "the source": "sources",
    "petition officers": "officers",
    "residents' channels": "channels",
    "gridcase reference publish": "operator",
    "the driver": "operator",
    "operators": "operator",
    "anyone": "*",
}
"""How the table's words for people outside become principals; others become words with hyphens."""
BY_HTTP = {"intake": REPORTS_SUBMITTED, "router": TRIAGE_DECISIONS}
"""What a service writes on behalf of those who use its HTTP door."""


class Grant(NamedTuple):
    """`principal` without ``User:``; `prefixed`: the name is the beginning of names."""

    principal: str
    resource: Literal["TOPIC", "GROUP"]
    name: str
    operation: Operation
    prefixed: bool = False


def grants(settings: Settings, departments: Iterable[str]) -> list[Grant]:
    """All grants of one county, each once, in an order that does not change."""
    codes = list(departments)
    found = [grant for topic in TOPICS for grant in _of_topic(topic, codes)]
    for service in SERVICES:
        found += _of_service(service, codes)
    found += [*_groups(codes), *_of_operator()]
    return sorted({_of_county(grant, settings) for grant in found})


def department(code: str) -> str:
    return f"department-{code}"


def service_name(service: str) -> str:
    return f"gridcase-{service}"


def _principals(words: str, code: str | None) -> Iterator[str]:
    if words == THAT_DEPARTMENT:
        if code is not None:
            yield department(code)
    elif words in SERVICES:
        yield service_name(words)
    else:
        yield PARTIES.get(words, words.replace(" ", "-").replace("'", ""))


def _of_topic(topic: Topic, codes: list[str]) -> Iterator[Grant]:
    names: list[tuple[str, str | None]] = (
        [(topic.of(code), code) for code in codes] if topic.per_department else [(topic.name, None)]
    )
    for name, code in names:
        for words in topic.writers:
            for who in _principals(words, code):
                yield from _may(who, name, "WRITE", "DESCRIBE")
        for words in topic.readers:
            for who in _principals(words, code):
                yield from _may(who, name, "READ", "DESCRIBE")


def _may(who: str, name: str, *operations: Operation) -> Iterator[Grant]:
    for operation in operations:
        yield Grant(who, "TOPIC", name, operation)


def _of_service(service: str, codes: list[str]) -> Iterator[Grant]:
    """What a service needs beyond the table: its dead letters, and its HTTP door."""
    who = service_name(service)
    if service in BY_HTTP:
        yield from _may(who, BY_HTTP[service].name, "WRITE", "DESCRIBE")
    for name in _read_by(service, codes):
        yield from _may(who, dead(name), "CREATE", "WRITE", "DESCRIBE")


def _read_by(service: str, codes: list[str]) -> Iterator[str]:
    for topic in TOPICS:
        if service in topic.readers:
            yield from [topic.of(code) for code in codes] if topic.per_department else [topic.name]
    if service in COMMANDS_OF:
        yield COMMANDS_OF[service].name
    yield CLOCK.name


def _groups(codes: list[str]) -> Iterator[Grant]:
    """Each party commits in groups that begin with its own name."""
    for service in SERVICES:
        yield Grant(service_name(service), "GROUP", f"gridcase.{service}.", "READ", True)
    for who in (*(department(code) for code in codes), "sources", "channels", "officers"):
        yield Grant(who, "GROUP", f"{who}.", "READ", True)


def _of_operator() -> Iterator[Grant]:
    """Whoever makes topics and publishes rules may do all to the county's topics and groups."""
    for topic in TOPICS:
        if topic.per_department:
            yield Grant("operator", "TOPIC", f"{topic.name}.", "ALL", True)
        else:
            yield from (Grant("operator", "TOPIC", n, "ALL") for n in (topic.name, topic.dead))
    for group in ("gridcase.", "operator."):
        yield Grant("operator", "GROUP", group, "ALL", True)


def _of_county(grant: Grant, settings: Settings) -> Grant:
    who = grant.principal if grant.principal == "*" else f"{settings.prefix}{grant.principal}"
    return grant._replace(principal=who, name=settings.topic(grant.name))
