"""Settings from the environment; nothing here knows a county.

`KAFKA_BOOTSTRAP_SERVERS`, `MONGO_URL` and `CLOCK` stand alone, as other tools name them; the rest
is prefixed with `GRIDCASE_`.
"""

from __future__ import annotations

import socket
from functools import cache, cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.topics import CO_PARTITIONED, KEYED_PARTITIONS, Topic, dead

PORTS = {"intake": 8001, "router": 8002, "sla": 8003, "rating": 8004}


@cache
def _numbered(partitions: int) -> dict[str, str]:
    """The topics whose names bear the number of their partitions."""
    if partitions == KEYED_PARTITIONS:
        return {}
    names = {topic.name: f"{topic.name}.{partitions}" for topic in CO_PARTITIONED}
    return names | {dead(name): dead(numbered) for name, numbered in names.items()}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GRIDCASE_", extra="ignore", populate_by_name=True)

    kafka: str = Field("localhost:9092", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    mongo: str = Field("mongodb://localhost:27017", validation_alias="MONGO_URL", repr=False)
    """Its TLS and its user are in the address: ``…HOST/?tls=true&tlsCAFile=FILE&authSource=admin``."""
    clock: Literal["wall", "stream"] = Field("wall", validation_alias="CLOCK")
    """`wall`: time is the machine's; `stream`: time is what the topic `clock` says."""

    prefix: str = Field("", pattern=r"^([A-Za-z0-9_-]*)$")
    """Put before every topic, group and database on a shared cluster: ``hanyin-`` ."""
    partitions: int = Field(KEYED_PARTITIONS, ge=1, le=1000)
    """Of the log and the commands. Where it is not what the topics table says, these topics bear
    the number in their names (``case.events.24``), so that a county can move from the ones to the
    others: `gridcase topics move`."""
    instance: str = Field(default_factory=socket.gethostname)
    """The name of this instance for Kafka's static membership; distinct within one service."""
    classifier: str = ""
    """A model file for intake, made by `gridcase classifier train`; empty: the one shipped;
    ``none``: no classifier, only the words of the rules."""
    transcriber: str = ""
    """An HTTP address that makes words of recordings, see `services.intake.transcribing`."""
    tokens: str = Field("", repr=False)
    """Who may do what by HTTP: ``role:name:hash,…``, as `gridcase token new` prints them. See
    `services.shell.access`."""
    tokens_file: str = ""
    """A file with more of them, one a line."""
    api_keys: str = Field("", repr=False)
    """Who may send reports by HTTP, as it was written before there were tokens: ``key=source,…``,
    or ``sha256:HASH=source``. Without any, and without a token of the role `reports`, `POST /reports`
    is open to whoever reaches the port, and Open311 takes no requests."""
    calls_per_minute: int = 600
    """Of one caller, over HTTP."""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)
    ] = "info"
    """Of the services' own lines; at ``debug`` each message that is written has one."""
    host: str = "127.0.0.1"
    port: int | None = None

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = Field(None, repr=False)
    kafka_ca_file: str | None = None

    fetch_max_wait_ms: int = 100
    session_timeout_ms: int = 10_000
    max_poll_records: int = 1_000
    metadata_max_age_ms: int = 2_000
    """How soon a new department's `updates.*` topic is read."""
    snapshot_seconds: float = 1.0
    cases_in_memory: int = Field(15_000, ge=0)
    """So many cases of the whole log a service keeps in memory where it can fetch the others from
    the database; an instance that owns a part of the partitions keeps that part of them. What was
    touched since the last save comes on top."""
    timer_grace_seconds: float = 5.0
    """Under the wall clock, how long after catching up timers wait, so that an outage of ours makes
    no department late."""
    stall_seconds: float = 60.0
    """A step that has made no turn for this long is reported as not alive."""

    def topic(self, name: str) -> str:
        """A topic of the table as it is called on the broker, or its dead letters."""
        return f"{self.prefix}{_numbered(self.partitions).get(name, name)}"

    def bare_topic(self, name: str) -> str:
        """A name on the broker as the table has it."""
        bare = name.removeprefix(self.prefix)
        numbered = _numbered(self.partitions).items()
        return next((ours for ours, theirs in numbered if theirs == bare), bare)

    def partitions_of(self, topic: Topic) -> int:
        return self.partitions if topic in CO_PARTITIONED else topic.partitions

    def group(self, service: str, role: str = "step") -> str:
        return f"{self.prefix}gridcase.{service}.{role}"

    @cached_property
    def database(self) -> str:
        return f"{self.prefix}gridcase"

    def kafka_client(self) -> dict[str, Any]:
        """What every Kafka client of the project is given."""
        client: dict[str, Any] = {"bootstrap_servers": self.kafka}
        if self.kafka_security_protocol != "PLAINTEXT":
            client["security_protocol"] = self.kafka_security_protocol
        if self.kafka_security_protocol.endswith("SSL"):
            from aiokafka.helpers import create_ssl_context

            client["ssl_context"] = create_ssl_context(cafile=self.kafka_ca_file)
        if self.kafka_security_protocol.startswith("SASL"):
            client |= {
                "sasl_mechanism": self.kafka_sasl_mechanism,
                "sasl_plain_username": self.kafka_username,
                "sasl_plain_password": self.kafka_password,
            }
        return client
