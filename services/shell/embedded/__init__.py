"""The broker and the database that gridcase brings along, for a machine that has neither.

    start_kafka(data)        a real Kafka from Maven Central; wants Java 17 (and Maven, once)
    start_mock_kafka()       librdkafka's mock cluster in this process; wants nothing, keeps little
    start_mongod(data)       a mongod from PATH or from the wheel, as a replica set of one

Each returns an `Embedded`: its `url`, its `kind`, and `stop()`. The one rule to remember: they live
on 127.0.0.1 and no longer than the process that started them, while what they stored lives on under
`data`, and the next start takes it up again.
"""

from __future__ import annotations

from services.shell.embedded.child import Embedded, EmbeddedError
from services.shell.embedded.kafka import (
    can_run_kafka,
    fetch_kafka,
    java_and_maven,
    start_kafka,
)
from services.shell.embedded.mock import start_mock_kafka
from services.shell.embedded.mongo import find_mongod, start_mongod

__all__ = [
    "Embedded",
    "EmbeddedError",
    "can_run_kafka",
    "fetch_kafka",
    "find_mongod",
    "java_and_maven",
    "start_kafka",
    "start_mock_kafka",
    "start_mongod",
]
